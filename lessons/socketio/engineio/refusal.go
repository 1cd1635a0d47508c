package engineio

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
)

// refusal is an answer to a request that no session takes.
type refusal struct {
	code    int
	message string
	status  int
	detail  string         // stands in the answer in place of message, if not empty
	context map[string]any // for OnConnectionError
}

var (
	unknownTransport   = refusal{code: 0, message: "Transport unknown", status: http.StatusBadRequest}
	unknownSID         = refusal{code: 1, message: "Session ID unknown", status: http.StatusBadRequest}
	badHandshakeMethod = refusal{code: 2, message: "Bad handshake method", status: http.StatusBadRequest}
	badRequest         = refusal{code: 3, message: "Bad request", status: http.StatusBadRequest}
	forbidden          = refusal{code: 4, message: "Forbidden", status: http.StatusForbidden}
	unsupportedVersion = refusal{code: 5, message: "Unsupported protocol version", status: http.StatusBadRequest}
)

// with is the refusal with a context of pairs: a key, its value, and so on.
func (e refusal) with(pairs ...any) *refusal {
	e.context = make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		e.context[pairs[i].(string)] = pairs[i+1]
	}
	return &e
}

// ConnectionError is a request that was refused.
type ConnectionError struct {
	Request *http.Request
	// Code and Message are those of the protocol: 0 Transport unknown, 1
	// Session ID unknown, 2 Bad handshake method, 3 Bad request, 4 Forbidden,
	// 5 Unsupported protocol version.
	Code    int
	Message string
	// Context says more, under the official server's names: "transport", "sid",
	// "method", "protocol", "message", or a "name" such as
	// "TRANSPORT_MISMATCH" with what belongs to it.
	Context map[string]any
}

// refuse answers the request, and tells OnConnectionError.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, e *refusal) {
	s.tellRefusal(r, e)
	if isWebSocketUpgrade(r) {
		e.overWebSocket(w)
		return
	}
	e.overHTTP(w)
}

func (s *Server) tellRefusal(r *http.Request, e *refusal) {
	if s.config.OnConnectionError != nil {
		s.config.OnConnectionError(ConnectionError{Request: r, Code: e.code, Message: e.message, Context: e.context})
	}
}

func (e *refusal) text() string {
	if e.detail != "" {
		return e.detail
	}
	return e.message
}

// overHTTP answers {"code":…,"message":…}.
func (e *refusal) overHTTP(w http.ResponseWriter) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	answer := struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}{e.code, e.text()}
	if err := encoder.Encode(answer); err != nil {
		panic(err) // a number and a string always encode
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.status)
	w.Write(bytes.TrimSuffix(body.Bytes(), []byte("\n")))
}

// overWebSocket answers a handshake with the bare message, and closes. The
// status is 400 whatever the code.
func (e *refusal) overWebSocket(w http.ResponseWriter) {
	text := e.text()
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Connection", "close")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(http.StatusBadRequest)
	w.Write([]byte(text))
}
