// Package draft writes files atomically: the old file stays in place until the last byte is on
// disk. Every file that the lab writes goes through it.
package draft

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/moby/sys/atomicwriter"
)

// File collects the contents of a file that is not in place yet. New fails at once if the path
// cannot be written.
type File struct {
	bytes.Buffer
	temporary io.WriteCloser
}

// New begins a file for path with these permissions. Call Discard at the end, whether or not Keep
// was called.
func New(path string, perm fs.FileMode) (*File, error) {
	temporary, err := atomicwriter.New(target(path), perm)
	if err != nil {
		return nil, err
	}
	return &File{temporary: temporary}, nil
}

// target follows a symbolic link, so that the link stays and its target is replaced.
func target(path string) string {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		return resolved
	}
	return path
}

// Keep writes the file and puts it in place.
func (f *File) Keep() error {
	_, err := f.temporary.Write(f.Bytes())
	return errors.Join(err, f.temporary.Close())
}

// Discard removes a file that was not kept.
// nothing was written to it, so closing removes it
func (f *File) Discard() { _ = f.temporary.Close() }

// Write writes data to the file at path.
func Write(path string, data []byte, perm fs.FileMode) error {
	return atomicwriter.WriteFile(target(path), data, perm)
}

// Stream begins a file that is too large to collect first. Close puts it in place, unless a write
// failed or nothing was written. A program that ends earlier leaves the old file, and a temporary
// file beside it.
func Stream(path string, perm fs.FileMode) (io.WriteCloser, error) {
	return atomicwriter.New(target(path), perm)
}
