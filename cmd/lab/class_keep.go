package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"realtimelab/internal/exercise/class"
)

const (
	saveEvery = time.Second     // between two saves of a class that changes
	saveAgain = 5 * time.Second // after a failed save
)

// keepRoom saves the room after each change until the end.
func keepRoom(ctx context.Context, k *keeper, served <-chan error) {
	k.changed = k.room.Changed()
	for wait := saveEvery; ; {
		select {
		case <-ctx.Done():
			return
		case err := <-served:
			if err != nil {
				fmt.Fprintln(k.log, "lab:", err)
			}
			return
		case <-time.After(wait):
			k.save()
			wait = saveEvery
			if k.failing {
				wait = saveAgain
			}
		}
	}
}

// keeper writes a changed room to its file. It retries a failed save until it succeeds.
type keeper struct {
	room    *class.Room
	path    string // empty: do not save
	log     io.Writer
	changed <-chan struct{}
	failing bool
}

func (k *keeper) save() {
	if k.path == "" {
		return
	}
	select {
	case <-k.changed:
	default:
		if !k.failing {
			return
		}
	}
	k.changed = k.room.Changed()
	err := k.room.Save(k.path)
	switch {
	case err != nil && !k.failing:
		fmt.Fprintf(k.log, "lab: cannot keep the class (trying again every %s): %v\n",
			saveAgain, err)
	case err == nil && k.failing:
		fmt.Fprintln(k.log, "lab: the class is kept again, in", k.path)
	}
	k.failing = err != nil
}

// saveAtLast saves the room when the command ends. If the file cannot be written, it saves the room
// among the temporary files and says where.
func saveAtLast(room *class.Room, path string, log io.Writer) error {
	err := room.Save(path)
	if err == nil {
		return nil
	}
	rescued := filepath.Join(os.TempDir(), fmt.Sprintf("lab-class-%d.json", os.Getpid()))
	if other := room.Save(rescued); other != nil {
		return errors.Join(err, other)
	}
	fmt.Fprintf(log, "lab: cannot keep the class in %s; it is saved in %s\n", path, rescued)
	return err
}
