package sio_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"

	"realtimelab/lessons/socketio/cors"
	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
)

// The client's files stand under Config.Path, and CORS holds for them too.
func TestClientFiles(t *testing.T) {
	get := func(server *sio.Server, method, name string) *http.Response {
		r := httptest.NewRequest(method, "/socket.io/"+name, nil)
		r.Header.Set("Access-Control-Request-Method", "GET")
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		return w.Result()
	}
	with := sio.NewServer(sio.Config{
		Engine: engineio.Config{CORS: &cors.Policy{Origins: []string{"http://page.example"},
			Credentials: true}},
		Client: fstest.MapFS{"socket.io.js": {Data: []byte("io")}},
	})
	defer with.Close(t.Context())
	file := get(with, "GET", "socket.io.js")
	assert.Equal(t, http.StatusOK, file.StatusCode)
	assert.Equal(t, "http://page.example", file.Header.Get("Access-Control-Allow-Origin"))
	assert.Equal(t, "true", file.Header.Get("Access-Control-Allow-Credentials"))
	assert.Equal(t, http.StatusNoContent, get(with, "OPTIONS", "socket.io.js").StatusCode)
	assert.Equal(t, http.StatusBadRequest, get(with, "GET", "nothing.js").StatusCode)

	ours := sio.NewServer(sio.Config{})
	defer ours.Close(t.Context())
	for _, name := range []string{"socket.io.js", "socket.io.min.js", "socket.io.min.js.map",
		"socket.io.esm.min.js", "socket.io.msgpack.min.js"} {
		assert.Equal(t, http.StatusOK, get(ours, "GET", name).StatusCode, name)
	}
}

// A script that is not there is refused as by the official server, and the answer says why.
func TestClientFileThatIsNotServed(t *testing.T) {
	var told []engineio.ConnectionError
	config := sio.Config{Engine: engineio.Config{
		OnConnectionError: func(e engineio.ConnectionError) {
			told = append(told, e)
		}}}
	with := sio.NewServer(config)
	defer with.Close(t.Context())
	config.DisableClient = true
	without := sio.NewServer(config)
	defer without.Close(t.Context())
	for target, c := range map[string]struct {
		server *sio.Server
		hint   string
	}{
		"socket.io.js":     {without, `Config.DisableClient`},
		"socket.io.js.map": {with, `socket.io.js, `},
		"nothing.js": {with,
			`only socket.io.esm.min.js, socket.io.esm.min.js.map, socket.io.js`},
		"nothing.js?transport=x":     {with, ``}, // a client's, which asks for something else
		"package.json":               {with, ``},
		"?EIO=4&transport=websocket": {without, ``},
	} {
		told = nil
		w := httptest.NewRecorder()
		c.server.ServeHTTP(w, httptest.NewRequest("GET", "/socket.io/"+target, nil))
		var answer struct {
			Code          int
			Message, Hint string
		}
		assert.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer), target)
		assert.Equal(t, http.StatusBadRequest, w.Code, target)
		assert.Contains(t, answer.Hint, c.hint, target)
		assert.Equal(t, c.hint != "", answer.Hint != "", target)
		if assert.Len(t, told, 1, target) {
			assert.Equal(t, []any{told[0].Code, told[0].Message},
				[]any{answer.Code, answer.Message}, target)
		}
	}
}
