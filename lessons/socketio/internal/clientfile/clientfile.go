// Package clientfile serves the files of a browser client: with ETags, and in the content coding
// that the browser prefers.
package clientfile

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/andybalholm/brotli"

	"realtimelab/lessons/socketio/internal/accept"
)

// A File is one file of the client. It is an http.Handler.
type File struct {
	name        string
	data        []byte
	etag        string
	contentType string

	mu         sync.Mutex
	compressed map[string][]byte // by content coding, made when first asked for
}

// codings are the content codings of the files, the best first, for clients that take any.
var codings = []string{"br", "gzip", "deflate"}

// Read returns the files at the top of dir, by name. They are read once: later changes are not
// seen.
func Read(dir fs.FS) map[string]*File {
	files := map[string]*File{}
	names, _ := fs.Glob(dir, "*")
	for _, name := range names {
		data, err := fs.ReadFile(dir, name)
		if err != nil {
			continue // a directory
		}
		sum := sha256.Sum256(data)
		file := &File{
			name: name, data: data,
			etag:        base64.RawURLEncoding.EncodeToString(sum[:12]),
			contentType: "application/javascript; charset=utf-8",
			compressed:  map[string][]byte{},
		}
		if strings.HasSuffix(name, ".map") {
			file.contentType = "application/json; charset=utf-8"
		}
		files[name] = file
	}
	return files
}

// ServeHTTP answers with the file, or with 304 to a client that has it. Each content coding has its
// own ETag, a strong one like the official server's; If-None-Match may hold its weak form (RFC
// 9110, section 13.1.2).
func (f *File) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", "public, max-age=0")
	h.Add("Vary", "Accept-Encoding")
	data, etag := f.data, f.etag
	if coding := accept.Encoding(r.Header["Accept-Encoding"], codings); coding != "" {
		h.Set("Content-Encoding", coding)
		data, etag = f.in(coding), etag+"-"+coding
	}
	h.Set("ETag", `"`+etag+`"`)
	http.ServeContent(w, r, f.name, time.Time{}, bytes.NewReader(data))
}

// in returns the content in a coding.
func (f *File) in(coding string) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.compressed[coding] == nil {
		var b bytes.Buffer
		var w io.WriteCloser
		switch coding {
		case "br":
			w = brotli.NewWriterLevel(&b, 9)
		case "gzip":
			w = gzip.NewWriter(&b)
		case "deflate":
			w = zlib.NewWriter(&b) // RFC 9110, section 8.4.1.2
		}
		w.Write(f.data) // neither can fail: a Buffer takes all
		w.Close()
		f.compressed[coding] = b.Bytes()
	}
	return f.compressed[coding]
}
