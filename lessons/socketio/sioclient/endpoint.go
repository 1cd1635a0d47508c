package sioclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// An endpoint makes the requests of one connection.
type endpoint struct {
	config Config
	base   url.URL    // http or https, without query
	query  url.Values // of every request
}

// bufferSize is the buffer size of each direction of a connection, in bytes. An idle client keeps
// both buffers; a larger message only takes more system calls.
const bufferSize = 1024

func newEndpoint(base *url.URL, c Config) *endpoint {
	e := &endpoint{config: c, base: *base, query: base.Query()}
	if len(e.query) == 0 {
		e.query = c.Query
	}
	e.base.Path, e.base.RawQuery, e.base.Fragment = c.Path, "", ""
	e.base.Scheme = map[string]string{"ws": "http", "wss": "https", "http": "http",
		"https": "https"}[base.Scheme]
	return e
}

// url returns the URL of a request over a transport, for a new session if sid is empty.
func (e *endpoint) url(transport, sid string) string {
	u := e.base
	query := url.Values{}
	for key, values := range e.query {
		query[key] = values
	}
	query.Set("EIO", strconv.Itoa(e.config.EIO))
	query.Set("transport", transport)
	if sid != "" {
		query.Set("sid", sid)
	}
	switch transport {
	case WebSocket:
		u.Scheme = "ws" + u.Scheme[len("http"):]
	case WebTransport:
		u.Scheme = "https"
	default:
		if e.config.isV3() {
			query.Set("b64", "1") // payloads as text
		}
		query.Set("t", strconv.FormatUint(rand.Uint64(), 36)) // prevents an answer from a cache
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// A HandshakeError is an HTTP answer by which the server, or a proxy, refuses an Engine.IO request:
// the status is not 200, or not 101 for a WebSocket.
type HandshakeError struct {
	StatusCode int    // of the answer
	Message    string // from the server, such as "Session ID unknown"; may be empty

	// EngineIO reports whether the body is the JSON of an Engine.IO server. A Node server refuses
	// only polling requests with JSON. It refuses an upgrade with a line of text, which a proxy may
	// also send.
	EngineIO bool
}

// Error returns the server's message, or the status if the message is empty.
func (e *HandshakeError) Error() string {
	if e.Message != "" {
		return "the server refused: " + e.Message
	}
	return fmt.Sprintf("the server answered %d %s", e.StatusCode, http.StatusText(e.StatusCode))
}

// handshakeError parses a refusal. Engine.IO servers answer a poll with an object that has a
// message, servers in Python with a JSON string, and a WebSocket is refused with a line of text.
// For an HTML page, only the status is used.
func handshakeError(status int, body []byte) error {
	var refused struct {
		Code    *int   `json:"code"`
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &refused) == nil && refused.Message != "" {
		return &HandshakeError{StatusCode: status, Message: refused.Message,
			EngineIO: refused.Code != nil}
	}
	var quoted string
	if json.Unmarshal(body, &quoted) == nil && quoted != "" {
		return &HandshakeError{StatusCode: status, Message: quoted, EngineIO: true}
	}
	text := strings.TrimSpace(string(body))
	if len(text) >= 200 || strings.ContainsFunc(text, func(r rune) bool {
		return r == '<' || r == '{' || !unicode.IsPrint(r)
	}) {
		text = ""
	}
	return &HandshakeError{StatusCode: status, Message: text}
}

var errTooLarge = errors.New("the server sent more than MaxMessage")
