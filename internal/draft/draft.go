// Package draft writes files that are there whole or not at all.
package draft

import (
	"errors"
	"os"
	"path/filepath"
)

// File is a file that is not in its place yet. It lies beside it, readable by its
// owner only, so that what is wrong with the place is known before the work.
type File struct {
	*os.File
	path string
}

// New begins a file whose place is path. Discard has to be called in the end.
func New(path string) (*File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, err
	}
	return &File{f, path}, nil
}

// Keep closes the file and puts it in its place, over what is there.
func (f *File) Keep() error {
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), f.path)
}

// Discard takes away what was not kept.
func (f *File) Discard() {
	_ = f.Close()
	_ = os.Remove(f.Name())
}

// Write writes a file of these bytes.
func Write(path string, data []byte) error {
	f, err := New(path)
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Keep()
}
