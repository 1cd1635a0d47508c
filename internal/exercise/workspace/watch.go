package workspace

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"

	"realtimelab/internal/exercise"
)

// settle is the time without changes after which a file is read, because editors save in several
// steps.
const settle = 100 * time.Millisecond

// lookEvery is the interval at which Watch looks without an event, because a folder that was
// removed and created again has no watch.
const lookEvery = time.Second

// Watch sends each exercise whose content the student has changed, until ctx ends; then it closes
// the channel. With poll above 0 it looks that often, for places where file events do not work (a
// network folder, some containers); with 0 it waits for events, and looks every second for changes
// that had none. An error means that the system has no more file watches: use poll then.
func (w *Workspace) Watch(ctx context.Context, poll time.Duration) (<-chan exercise.Exercise,
	error) {
	watcher, err := w.watchFolders(poll)
	if err != nil {
		return nil, err
	}
	saved := make(chan exercise.Exercise)
	seen := map[string][sha256.Size]byte{}
	for _, e := range w.Catalogue {
		seen[e.Name] = w.sum(e)
	}
	go func() {
		defer close(saved)
		defer watcher.close()
		for watcher.rest(ctx) {
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
			_ = watcher.add() // the next look finds what has no event
		}
	}()
	return saved, nil
}

// folderWatcher waits for changes below the folders of all exercises. It watches folders, not
// files, because editors replace files.
type folderWatcher struct {
	folders []string
	every   time.Duration
	events  *fsnotify.Watcher // nil to poll only
}

func (w *Workspace) watchFolders(poll time.Duration) (*folderWatcher, error) {
	f := &folderWatcher{every: lookEvery}
	if poll > 0 {
		f.every = poll
		return f, nil
	}
	for _, e := range w.Catalogue {
		f.folders = append(f.folders, w.Folder(e))
	}
	var err error
	if f.events, err = fsnotify.NewBufferedWatcher(100); err != nil {
		return nil, err
	}
	if err := f.add(); err != nil {
		_ = f.events.Close() // the error that matters is the first
		return nil, err
	}
	go func() {
		for range f.events.Errors {
			// an overflow: the next look finds what was missed, because it reads all files
		}
	}()
	return f, nil
}

// add watches the folders that are there. A path whose folder was replaced is watched again.
func (f *folderWatcher) add() error {
	if f.events == nil {
		return nil
	}
	var failed error
	for _, folder := range f.folders {
		if err := f.events.Add(folder); err != nil && failed == nil &&
			!errors.Is(err, fs.ErrNotExist) {
			failed = err
		}
	}
	return failed
}

func (f *folderWatcher) close() {
	if f.events != nil {
		_ = f.events.Close() // nothing is written through it
	}
}

// rest waits until something may have changed and is at rest again. It returns false when ctx ends.
func (f *folderWatcher) rest(ctx context.Context) bool {
	var events <-chan fsnotify.Event
	if f.events != nil {
		events = f.events.Events
	}
	wait := time.NewTimer(f.every)
	defer wait.Stop()
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

// gone is the sum of an exercise whose file is missing at the moment.
var gone [sha256.Size]byte

// sum returns a hash of the student's files.
func (w *Workspace) sum(e exercise.Exercise) [sha256.Size]byte {
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
