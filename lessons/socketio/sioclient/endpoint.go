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

// bufferSize of each direction of a connection, in bytes: an idle client keeps them, and a larger
// message only takes more system calls.
const bufferSize = 1024

func newEndpoint(base *url.URL, c Config) *endpoint {
	e := &endpoint{config: c, base: *base, query: base.Query()}
	if len(e.query) == 0 {
		e.query = c.Query
	}
	e.base.Path, e.base.RawQuery, e.base.Fragment = c.Path, "", ""
	e.base.Scheme = map[string]string{"ws": "http", "wss": "https", "http": "http", "https": "https"}[base.Scheme]
	return e
}

// url of a request over a transport, for a new session if sid is empty.
func (e *endpoint) url(transport, sid string) string {
	u := e.base
	query := url.Values{}
	for key, values := range e.query {
		query[key] = values
	}
	query.Set("EIO", "4")
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
		query.Set("t", strconv.FormatUint(rand.Uint64(), 36)) // so that no cache answers
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// A HandshakeError is an HTTP answer with which the server, or a proxy before it, refuses a request
// of Engine.IO: a status other than 200, or other than 101 for a WebSocket.
type HandshakeError struct {
	StatusCode int    // of the answer
	Message    string // as the server gives it, such as "Session ID unknown"; may be empty
}

// Error gives the server's message, or the status if it has sent none.
func (e *HandshakeError) Error() string {
	if e.Message != "" {
		return "the server refused: " + e.Message
	}
	return fmt.Sprintf("the server answered %d %s", e.StatusCode, http.StatusText(e.StatusCode))
}

// handshakeError reads a refusal: an object with a message, as Engine.IO servers answer a poll, or a
// line of text, as they answer a WebSocket. A page of HTML is neither.
func handshakeError(status int, body []byte) error {
	var refused struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &refused) == nil && refused.Message != "" {
		return &HandshakeError{status, refused.Message}
	}
	text := strings.TrimSpace(string(body))
	if len(text) >= 200 || strings.ContainsFunc(text, func(r rune) bool { return r == '<' || r == '{' || !unicode.IsPrint(r) }) {
		text = ""
	}
	return &HandshakeError{status, text}
}

var errTooLarge = errors.New("the server sent more than MaxMessage")
