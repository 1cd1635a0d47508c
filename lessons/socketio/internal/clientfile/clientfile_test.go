package clientfile

import (
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/andybalholm/brotli"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// get asks a file with the headers, a name and a value each.
func get(file *File, headers ...string) *http.Response {
	r := httptest.NewRequest("GET", "/", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	file.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r io.Reader) string {
	body, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(body)
}

func TestAFileAsItIs(t *testing.T) {
	files := Read(fstest.MapFS{"a.js": {Data: []byte("let a;")}, "a.js.map": {Data: []byte("{}")},
		"dir/b.js": {}})
	require.Len(t, files, 2, "no directories")
	plain := get(files["a.js"])
	assert.Equal(t, "let a;", text(t, plain.Body))
	assert.Equal(t, "application/javascript; charset=utf-8", plain.Header.Get("Content-Type"))
	assert.Equal(t, "public, max-age=0", plain.Header.Get("Cache-Control"))
	assert.Equal(t, []string{"Accept-Encoding"}, plain.Header.Values("Vary"))
	assert.Equal(t, "application/json; charset=utf-8",
		get(files["a.js.map"]).Header.Get("Content-Type"))
	assert.Equal(t, "bytes 0-2/6",
		get(files["a.js"], "Range", "bytes=0-2").Header.Get("Content-Range"))
}

func TestETags(t *testing.T) {
	file := Read(fstest.MapFS{"a.js": {Data: []byte("let a;")}})["a.js"]
	etag := get(file).Header.Get("ETag")
	assert.Regexp(t, `^"[^"]+"$`, etag)
	for _, known := range []string{etag, "W/" + etag, `"other", ` + etag} {
		assert.Equal(t, http.StatusNotModified, get(file, "If-None-Match", known).StatusCode, known)
	}
	assert.Equal(t, http.StatusOK, get(file, "If-None-Match", `"other"`).StatusCode)
	other := Read(fstest.MapFS{"a.js": {Data: []byte("let b;")}})["a.js"]
	assert.NotEqual(t, etag, get(other).Header.Get("ETag"), "it is the content's")
}

func TestContentCodings(t *testing.T) {
	content := strings.Repeat("export const io = () => {};\n", 100)
	file := Read(fstest.MapFS{"a.js": {Data: []byte(content)}})["a.js"]
	for coding, decode := range map[string]func(io.Reader) (io.Reader, error){
		"br":      func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
		"gzip":    func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"deflate": func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) },
	} {
		res := get(file, "Accept-Encoding", coding)
		require.Equal(t, coding, res.Header.Get("Content-Encoding"))
		assert.NotEqual(t, get(file).Header.Get("ETag"), res.Header.Get("ETag"),
			"each coding has its own")
		known := get(file, "Accept-Encoding", coding, "If-None-Match", res.Header.Get("ETag"))
		assert.Equal(t, http.StatusNotModified, known.StatusCode)
		r, err := decode(res.Body)
		require.NoError(t, err)
		assert.Equal(t, content, text(t, r), coding)
	}
	assert.Equal(t, "gzip", get(file, "Accept-Encoding", "gzip, br").Header.Get("Content-Encoding"),
		"the client's order")
	assert.Empty(t, get(file, "Accept-Encoding", "zstd").Header.Get("Content-Encoding"))
}

func TestManyReadersAtOnce(t *testing.T) {
	file := Read(fstest.MapFS{"a.js": {Data: []byte("let a;")}})["a.js"]
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			r, err := gzip.NewReader(get(file, "Accept-Encoding", "gzip").Body)
			if assert.NoError(t, err) {
				assert.Equal(t, "let a;", text(t, r))
			}
		})
	}
	readers.Wait()
}
