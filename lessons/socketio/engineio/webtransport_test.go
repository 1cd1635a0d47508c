package engineio

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stream is a client's side of a stream of WebTransport, here over TCP.
type wtStream struct {
	*testing.T
	conn net.Conn
	in   *bufio.Reader
}

// stream opens one, and sends the bytes.
func (l *lab) stream(first string) wtStream {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(l, err)
	defer listener.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(l, err)
	l.Cleanup(func() { conn.Close() })
	serving, err := listener.Accept()
	require.NoError(l, err)
	go l.server.ServeWebTransport(serving,
		httptest.NewRequest("CONNECT", "/engine.io/?EIO=4&transport=webtransport", nil))
	s := wtStream{l.T, conn, bufio.NewReader(conn)}
	s.write(first)
	return s
}

func (s wtStream) write(bytes string) {
	_, err := io.WriteString(s.conn, bytes)
	require.NoError(s, err)
}

// read returns the next bytes on the wire.
func (s wtStream) read(n int) string {
	s.conn.SetReadDeadline(time.Now().Add(time.Minute))
	bytes := make([]byte, n)
	_, err := io.ReadFull(s.in, bytes)
	require.NoError(s, err)
	return string(bytes)
}

func (s wtStream) readPacket() string { return s.read(int(s.read(1)[0])) }

// closes asserts that nothing more comes.
func (s wtStream) closes() {
	s.Helper()
	s.conn.SetReadDeadline(time.Now().Add(time.Minute))
	rest, err := io.ReadAll(s.in)
	assert.NoError(s, err)
	assert.Empty(s, string(rest))
}

var withWebTransport = Config{Transports: []string{Polling, WebSocket, WebTransport}}

func TestWebTransportSession(t *testing.T) {
	l := newLab(t, withWebTransport)
	s := l.stream("\x010")
	assert.Regexp(t, `^0\{"sid":"[\w-]{22}","upgrades":\[\],"pingInterval":25000,`, s.readPacket())

	s.write("\x064hello")
	assert.Equal(t, "\x064hello", s.read(7))
	s.write("\x834\x00\xff")
	assert.Equal(t, "\x834\x00\xff", s.read(4), "binary is the bytes alone")
	s.write("\x01b")
	assert.Equal(t, "\x01b", s.read(2), "no bytes, as a packet that has a length")
	s.write("\x044\xff\xffa")
	assert.Equal(t, "4\ufffda", s.readPacket(), "text is made UTF-8")

	for _, size := range []int{126, 0xffff, 0x10000} {
		text := "4" + strings.Repeat("x", size-1)
		header := append([]byte{126}, binary.BigEndian.AppendUint16(nil, uint16(size))...)
		if size > 0xffff {
			header = append([]byte{127}, binary.BigEndian.AppendUint64(nil, uint64(size))...)
		}
		s.write(string(header) + text)
		assert.Equal(t, string(header)+text, s.read(len(header)+size))
	}
	s.conn.Close()
	l.endsWith(TransportClose)
}

func TestWebTransportUpgrade(t *testing.T) {
	l := newLab(t, withWebTransport)
	upgraded := make(chan string, 1)
	status, body := l.do("GET", overPolling, "")
	require.Equal(t, 200, status)
	assert.Contains(t, body, `"upgrades":["websocket","webtransport"]`)
	sid := l.open()
	l.server.session(sid).OnUpgrade(func(transport string) { upgraded <- transport })

	open := `0{"sid":"` + sid + `"}`
	s := l.stream(string(rune(len(open))) + open + "\x062probe")
	assert.Equal(t, "3probe", s.readPacket())
	second := l.stream(string(rune(len(open))) + open)
	second.closes()
	s.write("\x015\x024a")
	assert.Equal(t, "4a", s.readPacket())
	assert.Equal(t, WebTransport, <-upgraded)
	assert.Equal(t, WebTransport, l.server.session(sid).Transport())
	status, _ = l.get(sid)
	assert.Equal(t, 400, status)
	l.server.session(sid).Close()
	s.closes()
	l.endsWith(ForcedClose)
}

func TestWebTransportEnds(t *testing.T) {
	for name, test := range map[string]struct {
		end    func(l *lab, s wtStream)
		reason Reason
	}{
		"an empty packet": {func(_ *lab, s wtStream) { s.write("\x00") }, ParseError},
		"a packet too large": {func(_ *lab, s wtStream) {
			s.write("\x7f\x7f\xff\xff\xff\xff\xff\xff\xff")
		}, ParseError},
		"an unknown packet": {func(_ *lab, s wtStream) { s.write("\x01x") }, ParseError},
		"the server closes": {func(l *lab, _ wtStream) {
			go l.server.Close(t.Context())
		}, ServerClose},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, withWebTransport)
			s := l.stream("\x010")
			s.readPacket()
			test.end(l, s)
			s.closes()
			l.endsWith(test.reason)
		})
	}
}

func TestWebTransportIsRefused(t *testing.T) {
	refused := make(chan ConnectionError, 10)
	config := withWebTransport
	config.OnConnectionError = func(e ConnectionError) { refused <- e }
	config.AllowRequest = func(r *http.Request) error {
		if r.Method == http.MethodConnect {
			return errors.New("not you")
		}
		return nil
	}
	l := newLab(t, config)
	l.stream("\x010").closes()
	assert.Equal(t, "Forbidden", (<-refused).Message)
	l.stream("\x0d0{\"sid\":\"no\"}").closes()
	assert.Equal(t, map[string]any{"sid": "no"}, (<-refused).Context)
	for name, first := range map[string]string{
		"a message":      "\x0240",
		"binary":         "\x810",
		"bad JSON":       "\x030{x",
		"more than fits": "\x7f\x00\x00\x00\x00\x7f\xff\xff\xff",
	} {
		t.Run(name, func(t *testing.T) { l.stream(first).closes() })
	}
	config.UpgradeTimeout = 50 * time.Millisecond
	impatient := newLab(t, config)
	for name, first := range map[string]string{"nothing": "", "half a packet": "\x020"} {
		t.Run(name, func(t *testing.T) { impatient.stream(first).closes() })
	}

	off := newLab(t, Config{OnConnectionError: config.OnConnectionError})
	off.stream("\x010").closes()
	assert.Zero(t, off.server.Len())
	status, _ := l.do("GET", "EIO=4&transport=webtransport", "")
	assert.Equal(t, 400, status)
}

func TestAPanicOfAHookClosesTheStream(t *testing.T) {
	fail := func() { panic("on purpose") }
	forbid := errors.New("not you")
	for name, test := range map[string]struct {
		config Config
		first  string
	}{
		"the question": {Config{AllowRequest: func(*http.Request) error {
			fail()
			return nil
		}}, "\x010"},
		"a refusal": {Config{AllowRequest: func(*http.Request) error {
			return forbid
		}, OnConnectionError: func(ConnectionError) { fail() }}, "\x010"},
		"an unknown session's": {Config{OnConnectionError: func(ConnectionError) {
			fail()
		}}, "\x0d0{\"sid\":\"no\"}"},
	} {
		t.Run(name, func(t *testing.T) {
			test.config.Transports, test.config.OnSession = withWebTransport.Transports,
				func(*Session) {}
			server := NewServer(test.config)
			client, serving := net.Pipe()
			panicked := make(chan any, 1)
			go func() {
				defer func() { panicked <- recover() }() // as an HTTP server does
				server.ServeWebTransport(serving, httptest.NewRequest("CONNECT",
					"/engine.io/?EIO=4&transport=webtransport", nil))
			}()
			s := wtStream{t, client, bufio.NewReader(client)}
			s.write(test.first)
			s.closes()
			assert.Equal(t, "on purpose", <-panicked)
		})
	}
}

// WebTransport is of revision 4, so a session of revision 3 does not move to it.
func TestWebTransportRefusesAnotherRevision(t *testing.T) {
	refused := make(chan ConnectionError, 1)
	l := newLab(t, Config{AllowEIO3: true, Transports: withWebTransport.Transports,
		OnConnectionError: func(e ConnectionError) {
			refused <- e
		}})
	query := l.openV3("")
	open := `0{"sid":"` + query[strings.LastIndex(query, "=")+1:] + `"}`
	s := l.stream(string(rune(len(open))) + open)
	s.closes()
	assert.Equal(t, "PROTOCOL_MISMATCH", (<-refused).Context["name"])

	status, body := l.do("GET", "EIO=4&transport=webtransport", "")
	assert.Equal(t, `400 {"code":0,"message":"Transport unknown"}`, fmt.Sprint(status, " ", body),
		"HTTP requests cannot name this transport")
}

// The queue of a client that is too slow is freed at once, as over WebSocket.
func TestASlowWebTransportIsClosedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := NewServer(Config{MaxQueue: 1000, Transports: []string{WebTransport},
			OnSession: func(s *Session) {
				s.OnMessage(func([]byte, bool) {
					s.Send(TextMessage(make([]byte, 2000)))
					assert.ErrorIs(t, s.Send(TextMessage(make([]byte, 2000))), ErrSlowClient)
				})
			}})
		ours, client := net.Pipe()
		go io.WriteString(client, "\x010\x014") // and reads nothing
		start := time.Now()
		server.ServeWebTransport(ours, httptest.NewRequest("CONNECT", "/", nil))
		server.tasks.Wait(t.Context())
		assert.Zero(t, time.Since(start))
		client.Close()
		assert.NoError(t, server.Close(t.Context()))
	})
}
