package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/muesli/cancelreader"

	"realtimelab/internal/exercise"
)

// readKeys sends each line that is typed, until ctx ends or the input does.
func readKeys(ctx context.Context, in io.Reader) (<-chan string, error) {
	reader, err := cancelreader.NewReader(in)
	if err != nil { // the input cannot be waited for, as /dev/null
		closed := make(chan string)
		close(closed)
		return closed, nil
	}
	keys := make(chan string)
	stop := context.AfterFunc(ctx, func() { reader.Cancel() })
	go func() {
		defer close(keys)
		defer reader.Close()
		defer stop()
		for lines := bufio.NewScanner(reader); lines.Scan(); {
			select {
			case keys <- strings.ToLower(strings.TrimSpace(lines.Text())):
			case <-ctx.Done():
				return
			}
		}
	}()
	return keys, nil
}

// press does what a key asks for, on the current exercise.
func (w *watcher) press(key string) error {
	at := slices.IndexFunc(w.Catalogue, func(e exercise.Exercise) bool {
		return e.Name == w.current
	})
	switch {
	case key == "":
	case key == "l":
		w.list()
	case key == "n":
		return w.following()
	case at < 0:
	case key == "h":
		return w.hint(w.Catalogue[at])
	case key == "r":
		return w.reset(w.Catalogue[at])
	default:
		fmt.Fprintln(w.out, w.say("h hint, n next, l list, r reset, q quit",
			"h 提示，n 下一个，l 列表，r 重置，q 退出"))
	}
	return nil
}

// following begins the next unsolved exercise after the current one, from the start again after the
// last.
func (w *watcher) following() error {
	all := w.filter.Select(w.Catalogue)
	at := slices.IndexFunc(all, func(e exercise.Exercise) bool { return e.Name == w.current })
	for i := range all {
		e := all[(at+1+i)%len(all)]
		if w.State(e) == exercise.Done {
			continue
		}
		if err := w.Choose(e); err != nil {
			return err
		}
		w.begin(e)
		return nil
	}
	w.next()
	return nil
}
