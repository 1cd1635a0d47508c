package engineio

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/gorilla/websocket"

	"realtimelab/lessons/socketio/eiopacket"
	"realtimelab/lessons/socketio/internal/body"
)

// A request is an HTTP request and the Engine.IO parameters of its query.
type request struct {
	*http.Request
	transport string
	sid       string // for a handshake, set by admitHandshake
	codec     eiopacket.Codec
}

func newRequest(r *http.Request) request {
	query := r.URL.Query()
	return request{r, eiopacket.Param(query, "transport"), eiopacket.Param(query, "sid"),
		eiopacket.CodecOf(query)}
}

// admit returns the request's session, nil for a handshake, or the reason to refuse the request.
// transports lists the transports that the request may use.
func (s *Server) admit(q *request, transports ...string) (*Session, *ConnectionError) {
	upgrade := isUpgrade(q.Request)
	switch {
	case !slices.Contains(transports, q.transport), !s.config.offers(q.transport):
		return nil, refusal(unknownTransport, "transport", q.transport)
	case q.codec.JSONP != "" && !s.config.AllowJSONP && !s.config.AllowEIO3:
		return nil, refusal(badRequest, "name", "JSONP_DISABLED")
	case upgrade && q.transport == Polling:
		return nil, refusal(badRequest, "name", "TRANSPORT_MISMATCH", "transport", q.transport)
	case q.sid == "":
		return nil, s.admitHandshake(q)
	}
	session := s.session(q.sid)
	if session == nil {
		return nil, refusal(unknownSID, "sid", q.sid)
	}
	if previous := session.Transport(); !upgrade && q.transport != WebTransport &&
		previous != q.transport {
		return nil, refusal(badRequest, "name", "TRANSPORT_MISMATCH", "transport", q.transport,
			"previousTransport", previous)
	}
	if protocol := session.Protocol(); q.codec.Revision() != protocol {
		return nil, refusal(badRequest, "name", "PROTOCOL_MISMATCH", "protocol", q.codec.Revision(),
			"previousProtocol", protocol)
	}
	return session, nil
}

// admitHandshake returns the reason to refuse a handshake, or sets the new session's sid and
// returns nil. Like the official server, it calls AllowRequest before it checks the version.
func (s *Server) admitHandshake(q *request) *ConnectionError {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	size := len(q.RequestURI) + len(q.Host)
	for name, values := range q.Header {
		for _, value := range values {
			size += len(name) + len(value) + len(": \r\n")
		}
	}
	switch {
	case closed:
		return serverClosed()
	case q.Method != http.MethodGet && q.transport != WebTransport:
		return refusal(badHandshakeMethod, "method", q.Method)
	case q.transport == WebSocket && !isUpgrade(q.Request):
		return refusal(badRequest, "name", "TRANSPORT_HANDSHAKE_ERROR")
	case size > s.config.MaxHandshake:
		e := refusal(badRequest, "name", "HANDSHAKE_TOO_LARGE")
		e.status = http.StatusRequestHeaderFieldsTooLarge
		return e
	}
	if s.config.AllowRequest != nil {
		if err := s.config.AllowRequest(q.Request); err != nil {
			e := refusal(forbidden, "message", err.Error())
			e.answer = cmp.Or(err.Error(), e.answer)
			return e
		}
	}
	if q.codec.V3 && !s.config.AllowEIO3 {
		return refusal(unsupportedVersion, "protocol", q.codec.Revision())
	}
	if s.config.GenerateID == nil {
		var bits [16]byte
		rand.Read(bits[:]) // never fails
		q.sid = base64.RawURLEncoding.EncodeToString(bits[:])
		return nil
	}
	sid, err := s.config.GenerateID(q.Request)
	if err == nil && (sid == "" || s.session(sid) != nil) {
		err = errID
	}
	if err != nil {
		return refusal(badRequest, "name", "ID_GENERATION_ERROR", "error", err)
	}
	q.sid = sid
	return nil
}

func (s *Server) session(sid string) *Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[sid]
}

// A ConnectionError describes a refused request, for example with an unknown sid or an unsupported
// version. Config.OnConnectionError receives it.
type ConnectionError struct {
	Request *http.Request // the refused request; its body must not be read

	// Code and Message are the protocol's: 0 Transport unknown, 1 Session ID unknown, 2 Bad
	// handshake method, 3 Bad request, 4 Forbidden, 5 Unsupported protocol version.
	Code    int
	Message string

	// Context has details, under the official server's keys: "transport", "sid", "method",
	// "protocol", "message", or a "name" such as "TRANSPORT_MISMATCH" with its own keys.
	Context map[string]any

	status int
	answer string // the message that the client gets
}

// Error returns the code, the message and the context as text.
func (e ConnectionError) Error() string {
	return fmt.Sprintf("engineio: request refused: %s (code %d) %v", e.Message, e.Code, e.Context)
}

// The codes of ConnectionError.
const (
	unknownTransport = iota
	unknownSID
	badHandshakeMethod
	badRequest
	forbidden
	unsupportedVersion
)

var codeMessages = [...]string{
	"Transport unknown", "Session ID unknown", "Bad handshake method", "Bad request", "Forbidden",
	"Unsupported protocol version",
}

// refusal returns a ConnectionError with a context of pairs: a key, its value, and so on.
func refusal(code int, pairs ...any) *ConnectionError {
	e := &ConnectionError{
		Code: code, Message: codeMessages[code], Context: map[string]any{},
		status: http.StatusBadRequest, answer: codeMessages[code],
	}
	if code == forbidden {
		e.status = http.StatusForbidden
	}
	for i := 0; i < len(pairs); i += 2 {
		e.Context[pairs[i].(string)] = pairs[i+1]
	}
	return e
}

// serverClosed returns the refusal after Close: code 3, but status 503.
func serverClosed() *ConnectionError {
	e := refusal(badRequest, "name", "SERVER_CLOSED")
	e.status, e.answer = http.StatusServiceUnavailable, "Server closed"
	return e
}

// errID is the error in the refusal ID_GENERATION_ERROR.
var errID = errors.New("engineio: Config.GenerateID returned an id that is empty or in use")

// report calls OnConnectionError.
func (s *Server) report(r *http.Request, e *ConnectionError) {
	e.Request = r
	if s.config.OnConnectionError != nil {
		s.config.OnConnectionError(*e)
	}
}

// refuse reports the refusal and answers the request with {"code":…,"message":…}. For a WebSocket,
// it answers with only the message and status 400, unless the server is closed.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, e *ConnectionError) {
	s.report(r, e)
	body.Skip(w, r)
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	if e.status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "1")
	}
	h.Set("Content-Type", "application/json")
	status, text := e.status, fmt.Sprintf(`{"code":%d,"message":%s}`, e.Code,
		body.JSONString(e.answer))
	if isUpgrade(r) {
		h.Set("Content-Type", "text/html")
		h.Set("Connection", "close")
		if text = e.answer; status != http.StatusServiceUnavailable {
			status = http.StatusBadRequest
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	io.WriteString(w, text)
}

// addHeaders sets the program's headers in an answer. opens says that it is the first answer of the
// session with this sid.
func (s *Server) addHeaders(h http.Header, r *http.Request, sid string, opens bool) {
	if opens && s.config.Cookie != nil {
		cookie := *s.config.Cookie
		cookie.Name, cookie.Value = cmp.Or(cookie.Name, "io"), sid
		h.Add("Set-Cookie", cookie.String())
	}
	if opens && s.config.InitialHeaders != nil {
		s.config.InitialHeaders(h, r)
	}
	if s.config.Headers != nil {
		s.config.Headers(h, r)
	}
}

// isUpgrade reports whether a request asks for a WebSocket. HTTP/1.0, which some proxies use, has
// no upgrade (RFC 9110 §7.8).
func isUpgrade(r *http.Request) bool {
	return r.ProtoAtLeast(1, 1) && websocket.IsWebSocketUpgrade(r)
}
