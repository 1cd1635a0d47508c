// Package body handles HTTP bodies that a slow client can hold up: unread request bodies, and large
// answers.
package body

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"realtimelab/lessons/socketio/internal/accept"
)

// grace is how long a client may take to send the rest of a body after the answer. A connection
// that is closed with unread bytes is reset, and a reset can destroy the answer on its way.
const grace = 2 * time.Second

// Skip is for a handler that answers without reading the request's body. Call it before the answer
// is written. The answer then leaves at once, instead of after the body, with "Connection: close",
// and the connection is closed when the body has arrived, or after 2 s. A request without a body
// keeps its connection, and so does one of HTTP/2, which waits for no body.
func Skip(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 || r.ProtoMajor != 1 {
		return
	}
	w.Header().Set("Connection", "close")
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(grace))
}

// serverBuffer is how much net/http's server keeps of an answer, in bytes. A smaller answer leaves
// when the handler has returned.
const serverBuffer = 4096

// Write writes payload as the whole answer, with status 200, and sets its Content-Length. With
// compress it is compressed, in gzip or deflate, if the client accepts that. A client that has not
// read all of it within that time loses its connection. Write returns when the kernel has taken a
// large answer.
func Write(w http.ResponseWriter, r *http.Request, payload []byte, compress bool,
	within time.Duration) {
	coding := ""
	if compress {
		coding = accept.Encoding(r.Header["Accept-Encoding"], []string{"gzip", "deflate"})
	}
	if coding != "" {
		w.Header().Set("Content-Encoding", coding)
	} else {
		w.Header().Set("Content-Length", strconv.Itoa(len(payload)))
	}
	if len(payload) > serverBuffer {
		control := http.NewResponseController(w)
		control.SetWriteDeadline(time.Now().Add(within))
		defer func() {
			control.Flush()
			control.SetWriteDeadline(time.Time{}) // the connection's next answers have their own
		}()
	}
	accept.Write(w, coding, payload)
}

// JSONString writes a string as JSON, as the official server does: without escapes for HTML.
func JSONString(s string) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		panic(err) // a string always encodes
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
