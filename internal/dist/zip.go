package dist

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"path"
	"time"
)

// packedAt is the time of every file in a zip, so that the same files give the same bytes. It is
// the earliest that a zip can hold.
var packedAt = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// Zip returns a zip of all files, in one folder.
func Zip(files fs.FS, folder string) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		header := &zip.FileHeader{Name: path.Join(folder, name), Method: zip.Deflate,
			Modified: packedAt}
		header.SetMode(0o644)
		entry, err := w.CreateHeader(header)
		if err != nil {
			return err
		}
		_, err = entry.Write(data)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
