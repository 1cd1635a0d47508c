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
	"realtimelab/internal/lang"
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
				fmt.Fprintln(k.log, "lab:", lang.Message(err, k.lang))
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
	lang    lang.Lang // of the notes
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
		fmt.Fprintf(k.log, k.lang.Say("lab: cannot keep the class (trying again every %s): %v\n",
			"lab: 无法保存课堂（每 %s 重试一次）：%v\n"), saveAgain, lang.Message(err, k.lang))
	case err == nil && k.failing:
		fmt.Fprintf(k.log, k.lang.Say("lab: the class is kept again, in %s\n",
			"lab: 又能保存课堂了，文件是 %s\n"), k.path)
	}
	k.failing = err != nil
}

// saveAtLast saves the room when the command ends. If the file cannot be written, it saves the room
// among the temporary files and says where.
func saveAtLast(room *class.Room, path string, log io.Writer, l lang.Lang) error {
	err := room.Save(path)
	if err == nil {
		return nil
	}
	rescued := filepath.Join(os.TempDir(), fmt.Sprintf("lab-class-%d.json", os.Getpid()))
	if other := room.Save(rescued); other != nil {
		return errors.Join(err, other)
	}
	fmt.Fprintf(log, l.Say("lab: cannot keep the class in %s; it is saved in %s\n",
		"lab: 无法把课堂保存到 %s；已改存到 %s\n"), path, rescued)
	return err
}
