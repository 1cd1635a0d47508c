package sio

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
)

// clientFiles serves the browser client under its official file names.
type clientFiles struct {
	files map[string]*clientFile
}

type clientFile struct {
	data        []byte
	etag        string
	contentType string

	mu         sync.Mutex
	compressed map[string][]byte // by content coding, made when first asked for
}

// codings are the content codings of the client's files, the best first.
var codings = []string{"br", "gzip", "deflate"}

var compressors = map[string]func(io.Writer) io.WriteCloser{
	"br":      func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, 9) },
	"gzip":    func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
	"deflate": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }, // RFC 9110, section 8.4.1.2
}

func newClientFiles(dir fs.FS) *clientFiles {
	c := &clientFiles{files: map[string]*clientFile{}}
	names, _ := fs.Glob(dir, "*")
	for _, name := range names {
		data, err := fs.ReadFile(dir, name)
		if err != nil {
			continue // a directory
		}
		sum := sha256.Sum256(data)
		file := &clientFile{
			data:        data,
			etag:        base64.RawURLEncoding.EncodeToString(sum[:12]),
			contentType: "application/javascript; charset=utf-8",
			compressed:  map[string][]byte{},
		}
		if strings.HasSuffix(name, ".map") {
			file.contentType = "application/json; charset=utf-8"
		}
		c.files[name] = file
	}
	return c
}

func (c *clientFiles) has(name string) bool {
	_, ok := c.files[name]
	return ok
}

// serve answers with an ETag of the content, or 304 to a client that has it. It
// compresses as the client prefers. Each coding has an ETag of its own, a strong one
// like the official server's; If-None-Match takes its weak form too (RFC 9110,
// section 13.1.2).
func (c *clientFiles) serve(w http.ResponseWriter, r *http.Request, name string) {
	file := c.files[name]
	h := w.Header()
	h.Set("Content-Type", file.contentType)
	h.Set("Cache-Control", "public, max-age=0")
	h.Add("Vary", "Accept-Encoding")
	data, etag := file.data, file.etag
	if coding := preferred(r.Header.Values("Accept-Encoding"), codings); coding != "" {
		h.Set("Content-Encoding", coding)
		data, etag = file.in(coding), etag+"-"+coding
	}
	h.Set("ETag", `"`+etag+`"`)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
}

// in returns the content in a coding.
func (f *clientFile) in(coding string) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.compressed[coding] == nil {
		var b bytes.Buffer
		w := compressors[coding](&b)
		w.Write(f.data) // neither can fail: a Buffer takes all
		w.Close()
		f.compressed[coding] = b.Bytes()
	}
	return f.compressed[coding]
}
