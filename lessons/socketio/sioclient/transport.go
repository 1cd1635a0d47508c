package sioclient

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/gorilla/websocket"

	"realtimelab/lessons/socketio/eiopacket"
)

// transport carries packets for an engine. One goroutine receives, one at a
// time sends.
type transport interface {
	name() string

	// receive waits for the next packets, at most until the deadline.
	receive(deadline time.Time) ([]eiopacket.Packet, error)

	// send returns when the packets are on their way.
	send(packets []eiopacket.Packet) error

	// close ends a receive and a send that are under way.
	close()
}

// endpoint makes the requests of one connection.
type endpoint struct {
	config Config
	base   url.URL    // http or https, without query
	query  url.Values // of every request
	http   *http.Client
}

// bufferSize of each direction of a connection, in bytes: an idle client keeps
// them, and a larger message only takes more system calls.
const bufferSize = 1024

func newEndpoint(base *url.URL, c Config) *endpoint {
	e := &endpoint{config: c, base: *base, query: base.Query()}
	if len(e.query) == 0 {
		e.query = c.Query
	}
	e.base.Path, e.base.RawQuery, e.base.Fragment = c.Path, "", ""
	switch base.Scheme {
	case "ws":
		e.base.Scheme = "http"
	case "wss":
		e.base.Scheme = "https"
	}
	e.http = &http.Client{Jar: c.Jar, Transport: &http.Transport{
		DialContext: c.NetDialContext, TLSClientConfig: c.TLS, MaxIdleConns: 2,
		ReadBufferSize: bufferSize, WriteBufferSize: bufferSize,
	}}
	return e
}

func (e *endpoint) url(scheme, transport, sid string) string {
	u := e.base
	if scheme != "" {
		u.Scheme = scheme + u.Scheme[len("http"):]
	}
	query := url.Values{}
	for key, values := range e.query {
		query[key] = values
	}
	query.Set("EIO", "4")
	query.Set("transport", transport)
	if sid != "" {
		query.Set("sid", sid)
	}
	if transport == Polling {
		query.Set("t", strconv.FormatUint(rand.Uint64(), 36))
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// serverError is a refusal of the server's, such as "Session ID unknown".
type serverError struct {
	status  string
	Message string `json:"message"`
}

func (e *serverError) Error() string {
	if e.Message != "" {
		return "sioclient: the server refused: " + e.Message
	}
	return "sioclient: the server answered " + e.status
}

var errTooLarge = errors.New("sioclient: the server sent more than MaxMessage")

// polling is the transport of requests: one that waits, one that posts.
type polling struct {
	*endpoint
	sid        string
	maxPayload int // of a POST, in bytes; 0 is no bound
	ctx        context.Context
	cancel     context.CancelFunc
}

func newPolling(e *endpoint) *polling {
	ctx, cancel := context.WithCancel(context.Background())
	return &polling{endpoint: e, ctx: ctx, cancel: cancel}
}

func (p *polling) name() string { return Polling }

func (p *polling) receive(deadline time.Time) ([]eiopacket.Packet, error) {
	ctx, cancel := context.WithDeadline(p.ctx, deadline)
	defer cancel()
	body, err := p.request(ctx, http.MethodGet, nil)
	if err != nil {
		return nil, err
	}
	return eiopacket.ParsePayload(body)
}

// send posts as many packets at once as the server takes.
func (p *polling) send(packets []eiopacket.Packet) error {
	for len(packets) > 0 {
		n, size := 1, packets[0].TextLen()
		for n < len(packets) {
			size += 1 + packets[n].TextLen()
			if p.maxPayload > 0 && size > p.maxPayload {
				break
			}
			n++
		}
		if _, err := p.request(p.ctx, http.MethodPost, eiopacket.AppendPayload(nil, packets[:n]...)); err != nil {
			return err
		}
		packets = packets[n:]
	}
	return nil
}

func (p *polling) request(ctx context.Context, method string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, p.url("", Polling, p.sid), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header = p.config.Header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	res, err := p.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	decoded, err := decode(res)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(io.LimitReader(decoded, int64(p.config.MaxMessage)+1))
	switch {
	case err != nil:
		return nil, err
	case len(answer) > p.config.MaxMessage:
		return nil, errTooLarge
	case res.StatusCode != http.StatusOK:
		return nil, refusalOf(res.Status, answer)
	}
	return answer, nil
}

// decode undoes the coding of an answer. net/http does so only where Config.Header
// has no Accept-Encoding of its own.
func decode(res *http.Response) (io.Reader, error) {
	switch coding := strings.ToLower(res.Header.Get("Content-Encoding")); coding {
	case "", "identity":
		return res.Body, nil
	case "gzip":
		return gzip.NewReader(res.Body)
	case "deflate":
		return zlib.NewReader(res.Body)
	default:
		return nil, fmt.Errorf("sioclient: the answer is in the coding %q, which Accept-Encoding must not offer", coding)
	}
}

func refusalOf(status string, body []byte) error {
	refused := &serverError{status: status}
	if json.Unmarshal(body, refused) != nil {
		refused.Message = ""
	}
	if text := strings.TrimSpace(string(body)); refused.Message == "" && isLine(text) {
		refused.Message = text // as the refusal of a WebSocket is
	}
	return refused
}

// isLine reports whether a body is a message rather than a page.
func isLine(text string) bool {
	return len(text) < 200 && !strings.ContainsFunc(text, func(r rune) bool { return r == '<' || r == '{' || !unicode.IsPrint(r) })
}

func (p *polling) close() { p.cancel() }

// socket is the transport of one WebSocket.
type socket struct {
	conn *websocket.Conn
}

func dialWebSocket(ctx context.Context, e *endpoint, sid string) (*socket, error) {
	forget := func() bool { return true }
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := e.config.NetDialContext(ctx, network, addr)
		if err == nil { // gorilla heeds the end of ctx only while it dials, and its deadline
			forget = context.AfterFunc(ctx, func() { conn.Close() })
		}
		return conn, err
	}
	dialer := websocket.Dialer{NetDialContext: dial, TLSClientConfig: e.config.TLS, Jar: e.config.Jar, ReadBufferSize: bufferSize, WriteBufferSize: bufferSize}
	header := e.config.Header.Clone()
	for _, own := range []string{"Upgrade", "Connection", "Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Extensions"} {
		header.Del(own)
	}
	conn, res, err := dialer.DialContext(ctx, e.url("ws", WebSocket, sid), header)
	if !forget() {
		return nil, ctx.Err()
	}
	if err != nil {
		if res != nil {
			body, _ := io.ReadAll(io.LimitReader(res.Body, 4096))
			return nil, refusalOf(res.Status, body)
		}
		return nil, err
	}
	conn.SetReadLimit(int64(e.config.MaxMessage))
	return &socket{conn}, nil
}

func (s *socket) name() string { return WebSocket }

func (s *socket) receive(deadline time.Time) ([]eiopacket.Packet, error) {
	s.conn.SetReadDeadline(deadline)
	kind, data, err := s.conn.ReadMessage()
	if err != nil {
		return nil, err
	}
	if kind == websocket.BinaryMessage {
		return []eiopacket.Packet{eiopacket.ParseBinary(data)}, nil
	}
	p, err := eiopacket.ParseText(data)
	return []eiopacket.Packet{p}, err
}

// writeTimeout bounds one message, so that a server that stops reading does not
// hold up the close.
const writeTimeout = 30 * time.Second

func (s *socket) send(packets []eiopacket.Packet) error {
	s.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	for _, p := range packets {
		kind, data := websocket.TextMessage, p.Data
		if p.Binary {
			kind = websocket.BinaryMessage
		} else {
			data = p.AppendText(make([]byte, 0, p.TextLen()))
		}
		if err := s.conn.WriteMessage(kind, data); err != nil {
			return fmt.Errorf("sioclient: %w", err)
		}
	}
	return nil
}

func (s *socket) close() { s.conn.Close() }

// goodbye sends the close frame.
func (s *socket) goodbye() {
	s.conn.WriteControl(websocket.CloseMessage, nil, time.Now().Add(time.Second))
}
