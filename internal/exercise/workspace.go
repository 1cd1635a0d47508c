package exercise

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"realtimelab/internal/exercise/check"
)

// DefaultFolder is where a student works unless told otherwise.
const DefaultFolder = "lab-exercises"

// Workspace is the folder where a student works: a Go module of its own, complete without a network. It is never the lab's
// own source tree, so the starters stay as they were and a clone stays clean.
//
// A Workspace is used by one goroutine at a time.
type Workspace struct {
	Dir       string
	Catalogue []Exercise

	// Notes are what Open has to tell the student, such as a progress file that had to be made anew.
	Notes []Note

	progress progress
	broken   bool
}

// goMod makes the folder a module. Its name is the lab's own, so the checks compile in either place.
const goMod = "module realtimelab\n\ngo 1.26.0\n"

// Open prepares the folder: it writes what is missing, renews the checks and the texts, and touches nothing that the student
// wrote.
func Open(dir string, catalogue []Exercise) (*Workspace, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	w := &Workspace{Dir: dir, Catalogue: catalogue}
	if err := w.refuseSource(); err != nil {
		return nil, err
	}
	if err := w.writeModule(); err != nil {
		return nil, err
	}
	for _, e := range catalogue {
		if err := w.write(e); err != nil {
			return nil, err
		}
	}
	return w, w.loadProgress()
}

// refuseSource keeps the folder out of a module that is not the lab's exercises.
func (w *Workspace) refuseSource() error {
	data, err := os.ReadFile(filepath.Join(w.Dir, "go.mod"))
	if err == nil && string(data) != goMod {
		return fmt.Errorf("%s is a Go module of its own: choose another folder with --dir", w.Dir)
	}
	return nil
}

func (w *Workspace) writeModule() error {
	support := filepath.Join(w.Dir, "internal", "exercise", "check")
	if err := os.MkdirAll(support, 0o755); err != nil {
		return err
	}
	if err := renew(filepath.Join(w.Dir, "go.mod"), []byte(goMod)); err != nil {
		return err
	}
	entries, err := fs.ReadDir(check.Source, ".")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		data, err := fs.ReadFile(check.Source, entry.Name())
		if err != nil {
			return err
		}
		if err := renew(filepath.Join(support, entry.Name()), data); err != nil {
			return err
		}
	}
	return nil
}

// Folder is where the files of the exercise are.
func (w *Workspace) Folder(e Exercise) string { return filepath.Join(w.Dir, e.Lesson, e.Name) }

func (w *Workspace) write(e Exercise) error {
	starter, err := e.Starter()
	if err != nil {
		return err
	}
	given, err := e.given()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(w.Folder(e), 0o755); err != nil {
		return err
	}
	for name, data := range given {
		if err := renew(filepath.Join(w.Folder(e), name), data); err != nil {
			return err
		}
	}
	for name, data := range starter {
		if err := create(filepath.Join(w.Folder(e), name), data); err != nil {
			return err
		}
	}
	return nil
}

// renew writes the file unless it is already so.
func renew(path string, data []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
		return nil
	}
	return os.WriteFile(path, data, 0o644)
}

// create writes the file unless there is one.
func create(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// Mine returns the student's files, by name. A file that is gone is left out.
func (w *Workspace) Mine(e Exercise) (map[string][]byte, error) {
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

// edited tells that a file of the student's differs from the starter.
func (w *Workspace) edited(e Exercise) bool {
	starter, err := e.Starter()
	if err != nil {
		return false
	}
	mine, err := w.Mine(e)
	if err != nil {
		return false
	}
	for name, data := range mine {
		if !bytes.Equal(data, starter[name]) {
			return true
		}
	}
	return false
}

// backupFolder keeps what Reset took away.
const backupFolder = "backup"

// Reset puts the starter back, and returns the folder that keeps what the student had.
func (w *Workspace) Reset(e Exercise) (backup string, err error) {
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
		// Not .go: what is kept must not be compiled with the exercises.
		if err := os.WriteFile(filepath.Join(backup, name+".txt"), data, 0o644); err != nil {
			return "", err
		}
	}
	for name, data := range starter {
		if err := os.WriteFile(filepath.Join(w.Folder(e), name), data, 0o644); err != nil {
			return "", err
		}
	}
	return backup, w.change(func(p *progress) {
		delete(p.Done, e.Name)
		delete(p.Hints, e.Name)
	})
}
