package sio_test

import (
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/andybalholm/brotli"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
)

func TestClientFile(t *testing.T) {
	text := strings.Repeat("export const io = () => {};\n", 100)
	server := sio.NewServer(sio.Config{
		Engine: engineio.Config{CORS: &engineio.CORS{Origins: []string{"http://page.example"}, Credentials: true}},
		Client: fstest.MapFS{"socket.io.js": {Data: []byte(text)}, "socket.io.js.map": {Data: []byte("{}")}},
	})
	defer server.Close(t.Context())
	get := func(method, name string, headers ...string) *http.Response {
		r := httptest.NewRequest(method, "/socket.io/"+name, nil)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		return w.Result()
	}
	plain := get("GET", "socket.io.js")
	body, _ := io.ReadAll(plain.Body)
	assert.Equal(t, text, string(body))
	assert.Equal(t, "application/javascript; charset=utf-8", plain.Header.Get("Content-Type"))
	assert.Equal(t, "http://page.example", plain.Header.Get("Access-Control-Allow-Origin"))
	assert.Equal(t, "true", plain.Header.Get("Access-Control-Allow-Credentials"))
	assert.Contains(t, plain.Header.Values("Vary"), "Accept-Encoding")
	assert.Equal(t, "application/json; charset=utf-8", get("GET", "socket.io.js.map").Header.Get("Content-Type"))

	etag := plain.Header.Get("ETag")
	assert.Regexp(t, `^"[^"]+"$`, etag)
	for _, known := range []string{etag, "W/" + etag, `"other", ` + etag} {
		assert.Equal(t, http.StatusNotModified, get("GET", "socket.io.js", "If-None-Match", known).StatusCode, known)
	}
	assert.Equal(t, http.StatusOK, get("GET", "socket.io.js", "If-None-Match", `"other"`).StatusCode)

	for coding, decode := range map[string]func(io.Reader) (io.Reader, error){
		"br":      func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
		"gzip":    func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"deflate": func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) },
	} {
		res := get("GET", "socket.io.js", "Accept-Encoding", coding)
		require.Equal(t, coding, res.Header.Get("Content-Encoding"))
		assert.NotEqual(t, etag, res.Header.Get("ETag"))
		known := get("GET", "socket.io.js", "Accept-Encoding", coding, "If-None-Match", res.Header.Get("ETag"))
		assert.Equal(t, http.StatusNotModified, known.StatusCode)
		r, err := decode(res.Body)
		require.NoError(t, err)
		body, err := io.ReadAll(r)
		require.NoError(t, err)
		assert.Equal(t, text, string(body), coding)
	}
	assert.Equal(t, http.StatusNoContent, get("OPTIONS", "socket.io.js", "Access-Control-Request-Method", "GET").StatusCode)
	assert.Equal(t, http.StatusBadRequest, get("GET", "nothing.js").StatusCode)

	without := sio.NewServer(sio.Config{})
	defer without.Close(t.Context())
	w := httptest.NewRecorder()
	without.ServeHTTP(w, httptest.NewRequest("GET", "/socket.io/socket.io.js", nil))
	assert.Equal(t, http.StatusBadRequest, w.Code)
}

func TestCompressFalseLeavesAMessageAsItIs(t *testing.T) {
	text := strings.Repeat("x", 5000)
	server, url := serve(t, sio.Config{Engine: engineio.Config{PerMessageDeflate: &engineio.PerMessageDeflate{}}})
	var wire countingConn
	a := dialThrough(t, url, &wire)
	a.write("40")
	a.read()
	server.Emit("x", text)
	assert.Equal(t, `42["x","`+text+`"]`, a.read())
	assert.Less(t, wire.read.Swap(0), int64(1000))
	server.Compress(false).Emit("x", text)
	assert.Equal(t, `42["x","`+text+`"]`, a.read())
	assert.Greater(t, wire.read.Load(), int64(5000))
}
