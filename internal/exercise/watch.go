package exercise

import (
	"context"
	"crypto/sha256"
	"maps"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long a file must be at rest before it is read: editors save in several steps.
const settle = 100 * time.Millisecond

// Watch sends each exercise whose content the student has changed, until ctx ends; then it closes the channel. With poll above
// 0 it looks that often, for places where file events do not work (a network folder, some containers); with 0 it waits for
// events. The error is that of a system that has no more events to give: poll then.
func (w *Workspace) Watch(ctx context.Context, poll time.Duration) (<-chan Exercise, error) {
	events, closeEvents, err := w.events(poll)
	if err != nil {
		return nil, err
	}
	saved := make(chan Exercise)
	seen := map[string][sha256.Size]byte{}
	for _, e := range w.Catalogue {
		seen[e.Name] = w.sum(e)
	}
	go func() {
		defer close(saved)
		defer closeEvents()
		for rest(ctx, events, poll) {
			for _, e := range w.Catalogue {
				sum := w.sum(e)
				if sum == seen[e.Name] || sum == gone {
					continue
				}
				seen[e.Name] = sum
				select {
				case saved <- e:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return saved, nil
}

// rest waits until something may have changed and is at rest again. It returns false when ctx ends.
func rest(ctx context.Context, events <-chan fsnotify.Event, poll time.Duration) bool {
	wait := time.NewTimer(poll)
	defer wait.Stop()
	if poll == 0 { // the first event starts the timer
		wait.Stop()
	}
	for {
		select {
		case <-ctx.Done():
			return false
		case <-wait.C:
			return true
		case <-events:
			wait.Reset(settle)
		}
	}
}

// events watches the folders of all exercises, not the files: editors replace files.
func (w *Workspace) events(poll time.Duration) (events <-chan fsnotify.Event, end func(), err error) {
	if poll > 0 {
		return nil, func() {}, nil
	}
	watcher, err := fsnotify.NewBufferedWatcher(100)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range w.Catalogue {
		if err := watcher.Add(w.Folder(e)); err != nil {
			_ = watcher.Close() // the error that matters is the first
			return nil, nil, err
		}
	}
	go func() {
		for range watcher.Errors { // an overflow: the next event finds what was missed, for all files are read then
		}
	}()
	return watcher.Events, func() { _ = watcher.Close() }, nil
}

// gone is the sum of an exercise whose file is not there at the moment.
var gone [sha256.Size]byte

// sum tells one content of the student's files from another.
func (w *Workspace) sum(e Exercise) [sha256.Size]byte {
	files, err := w.Mine(e)
	if err != nil || len(files) == 0 {
		return gone
	}
	var all []byte
	for _, name := range slices.Sorted(maps.Keys(files)) {
		all = append(append(append(all, name...), 0), files[name]...)
	}
	return sha256.Sum256(all)
}
