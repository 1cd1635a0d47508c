package sio

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"net/http"
	"strings"
	"time"
)

// clientFiles serves the browser client under its official file names.
type clientFiles struct {
	files map[string]clientFile
}

type clientFile struct {
	data []byte
	etag string
}

func newClientFiles(dir fs.FS) *clientFiles {
	c := &clientFiles{files: map[string]clientFile{}}
	names, _ := fs.Glob(dir, "*")
	for _, name := range names {
		data, err := fs.ReadFile(dir, name)
		if err != nil {
			continue // a directory
		}
		sum := sha256.Sum256(data)
		c.files[name] = clientFile{data, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
	}
	return c
}

func (c *clientFiles) has(name string) bool {
	_, ok := c.files[name]
	return ok
}

// serve answers with an ETag of the content, or 304 to a client that has it.
func (c *clientFiles) serve(w http.ResponseWriter, r *http.Request, name string) {
	file := c.files[name]
	contentType := "application/javascript; charset=utf-8"
	if strings.HasSuffix(name, ".map") {
		contentType = "application/json; charset=utf-8"
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "public, max-age=0")
	w.Header().Set("ETag", file.etag)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(file.data))
}
