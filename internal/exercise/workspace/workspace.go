// Package workspace is the folder where a student works on the exercises: its files, its checks and
// its progress.
package workspace

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"realtimelab/internal/draft"
	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/gocheck"
)

// DefaultFolder is the name of the folder where a student works by default.
const DefaultFolder = "lab-exercises"

// Workspace is the folder where a student works: a Go module of its own, complete without a
// network. It is never the lab's own source tree, so the starters remain unchanged and a clone
// stays clean.
//
// A Workspace is used by one goroutine at a time.
type Workspace struct {
	Dir       string
	Catalogue []exercise.Exercise

	// Created reports whether Open created the workspace.
	Created bool

	// Notes are messages of Open or Look for the student, such as a progress file that cannot be
	// read.
	Notes []Note

	progress progress
	broken   bool
	limit    time.Duration // of a check's run; 0 for the default
}

// Locate returns the workspace that is dir or contains it. Outside a workspace it returns the
// absolute path of dir, and false.
func Locate(dir string) (folder string, exists bool, err error) {
	folder, err = filepath.Abs(dir)
	if err != nil {
		return "", false, err
	}
	places := []string{folder}
	if resolved, err := filepath.EvalSymlinks(folder); err == nil {
		places = append(places, resolved) // a link to a folder inside a workspace
	}
	for _, place := range places {
		for {
			if isWorkspace(place) {
				return place, true, nil
			}
			parent := filepath.Dir(place)
			if parent == place {
				break
			}
			place = parent
		}
	}
	return folder, false, nil
}

func isWorkspace(dir string) bool {
	data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	// older versions wrote no marker
	return err == nil && (strings.Contains(text, gocheck.Marker+"\n") || text == gocheck.GoMod)
}

// Look returns the workspace as it is and writes nothing. Without a workspace at dir every exercise
// is New.
func Look(dir string, catalogue []exercise.Exercise) (*Workspace, error) {
	dir, _, err := Locate(dir)
	if err != nil {
		return nil, err
	}
	w := &Workspace{Dir: dir, Catalogue: catalogue}
	return w, w.readProgress()
}

// Open returns the workspace ready to work in: it writes missing files, renews the checks and the
// texts, and keeps everything that the student wrote.
func Open(dir string, catalogue []exercise.Exercise) (*Workspace, error) {
	dir, exists, err := Locate(dir)
	if err != nil {
		return nil, err
	}
	w := &Workspace{Dir: dir, Catalogue: catalogue, Created: !exists}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil && !exists {
		return nil, fmt.Errorf("%s is a Go module of its own: choose another folder with --dir",
			dir)
	}
	if err := w.prepare(catalogue); err != nil {
		return nil, err
	}
	return w, w.loadProgress()
}

// Folder returns the folder of the exercise's files.
func (w *Workspace) Folder(e exercise.Exercise) string {
	return filepath.Join(w.Dir, e.Lesson, e.Name)
}

// writers bounds how many files prepare writes at once. Each waits for the disk, so several
// together are faster.
const writers = 16

// prepare writes the module and the files of these exercises, except the student's own.
func (w *Workspace) prepare(exercises []exercise.Exercise) error {
	files, err := gocheck.Module(w.Dir)
	if err != nil {
		return err
	}
	for _, e := range exercises {
		starter, err := e.Starter()
		if err != nil {
			return err
		}
		given, err := e.Given()
		if err != nil {
			return err
		}
		for name, data := range given {
			files[filepath.Join(w.Folder(e), name)] = data
		}
		for name, data := range starter {
			path := filepath.Join(w.Folder(e), name)
			if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
				files[path] = data
			}
		}
	}
	var group errgroup.Group
	group.SetLimit(writers)
	for path, data := range files {
		group.Go(func() error { return renew(path, data) })
	}
	return group.Wait()
}

// renew writes the file unless it has these contents already.
func renew(path string, data []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return draft.Write(path, data, 0o644)
}

// Mine returns the student's files, by name. It leaves out missing files.
func (w *Workspace) Mine(e exercise.Exercise) (map[string][]byte, error) {
	starter, err := e.Starter()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for name := range starter {
		data, err := os.ReadFile(filepath.Join(w.Folder(e), name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		files[name] = data
	}
	return files, nil
}

// edited reports whether one of the student's files differs from the starter.
func (w *Workspace) edited(e exercise.Exercise) bool { return w.editedIn(e, "") }

// editedIn is like edited for the files with that ending; "" means all files.
func (w *Workspace) editedIn(e exercise.Exercise, ending string) bool {
	starter, err := e.Starter()
	if err != nil {
		return false
	}
	mine, err := w.Mine(e)
	if err != nil {
		return false
	}
	for name, data := range mine {
		if strings.HasSuffix(name, ending) && !bytes.Equal(newlines(data), starter[name]) {
			return true
		}
	}
	return false
}

// newlines returns the text with the line ends of the starter: an editor on Windows may write \r\n.
func newlines(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }

// backupFolder keeps the files that Reset replaces.
const backupFolder = "backup"

// Reset restores the starter, forgets the exercise's progress and target, and returns the folder
// that keeps the student's files.
func (w *Workspace) Reset(e exercise.Exercise) (backup string, err error) {
	mine, err := w.Mine(e)
	if err != nil {
		return "", err
	}
	starter, err := e.Starter()
	if err != nil {
		return "", err
	}
	parent := filepath.Join(w.Dir, backupFolder)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", err
	}
	backup, err = os.MkdirTemp(parent, e.Name+time.Now().Format("-20060102-150405-*"))
	if err != nil {
		return "", err
	}
	for name, data := range mine {
		// Without the ending .go the backup is not compiled with the exercises.
		if err := draft.Write(filepath.Join(backup, name+".txt"), data, 0o644); err != nil {
			return "", err
		}
	}
	for name, data := range starter {
		if err := renew(filepath.Join(w.Folder(e), name), data); err != nil {
			return "", err
		}
	}
	return backup, w.change(func(p *progress) {
		delete(p.Done, e.Name)
		delete(p.Begun, e.Name)
		delete(p.Hints, e.Name)
		delete(p.Target, e.Name)
		maps.DeleteFunc(p.Tries, func(slot string, _ tries) bool {
			return strings.HasPrefix(slot, e.Name+" ")
		})
	})
}
