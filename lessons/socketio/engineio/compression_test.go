package engineio

import (
	"compress/gzip"
	"compress/zlib"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHTTPCompressionOfPolls(t *testing.T) {
	l := newLab(t, Config{})
	readers := map[string]func(io.Reader) io.Reader{
		"": func(r io.Reader) io.Reader { return r },
		"gzip": func(r io.Reader) io.Reader {
			z, err := gzip.NewReader(r)
			require.NoError(t, err)
			return z
		},
		"deflate": func(r io.Reader) io.Reader {
			z, err := zlib.NewReader(r)
			require.NoError(t, err)
			return z
		},
	}
	for _, c := range []struct {
		size         int
		accept, want string
	}{
		{1024, "gzip, deflate", "gzip"},
		{1024, "deflate, gzip", "deflate"},
		{1023, "gzip, deflate", ""},
		{1024, "br", ""},
		{1024, "identity", ""},
	} {
		sid := l.open()
		text := "4" + strings.Repeat("x", c.size-1)
		l.post(sid, text)
		res, body := l.ask("GET", overPolling+"&sid="+sid, "", "Accept-Encoding", c.accept)
		assert.Equal(t, c.want, res.Header.Get("Content-Encoding"), "%d %s", c.size, c.accept)
		assert.Equal(t, "text/plain; charset=UTF-8", res.Header.Get("Content-Type"))
		got, err := io.ReadAll(readers[c.want](strings.NewReader(body)))
		require.NoError(t, err)
		assert.Equal(t, text, string(got))
	}
}

func TestHTTPCompressionOptions(t *testing.T) {
	for name, c := range map[string]struct {
		config HTTPCompression
		want   string
	}{
		"off":       {HTTPCompression{Off: true, Threshold: 1}, ""},
		"threshold": {HTTPCompression{Threshold: 10}, "gzip"},
	} {
		l := newLab(t, Config{HTTPCompression: c.config})
		res, _ := l.ask("GET", overPolling, "", "Accept-Encoding", "gzip")
		assert.Equal(t, c.want, res.Header.Get("Content-Encoding"), name)
	}
}

func TestUncompressedMessagesAreNot(t *testing.T) {
	l := newLab(t, Config{PerMessageDeflate: &PerMessageDeflate{}})
	sid := l.open()
	session := l.server.session(sid)
	long := TextMessage([]byte(strings.Repeat("x", 2000)))
	poll := func() string {
		res, _ := l.ask("GET", overPolling+"&sid="+sid, "", "Accept-Encoding", "gzip")
		return res.Header.Get("Content-Encoding")
	}
	require.NoError(t, session.Send(long.Uncompressed()))
	assert.Empty(t, poll())
	require.NoError(t, session.Send(long.Uncompressed(), long))
	assert.Equal(t, "gzip", poll(), "one that may be is enough")
}

// counted counts what is read from a connection.
type counted struct {
	net.Conn
	n *int
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	*c.n += n
	return n, err
}

func (l *lab) dialDeflate() (conn *websocket.Conn, extensions string, received *int) {
	received = new(int)
	dialer := websocket.Dialer{EnableCompression: true,
		NetDial: func(network, addr string) (net.Conn, error) {
			conn, err := net.Dial(network, addr)
			return counted{conn, received}, err
		}}
	conn, res, err := dialer.Dial("ws"+strings.TrimPrefix(l.http.URL, "http")+"/?"+
		overWebSocket, nil)
	require.NoError(l, err)
	l.Cleanup(func() { conn.Close() })
	l.read(conn)
	return conn, res.Header.Get("Sec-WebSocket-Extensions"), received
}

func TestPerMessageDeflate(t *testing.T) {
	l := newLab(t, Config{PerMessageDeflate: &PerMessageDeflate{}})
	conn, extensions, received := l.dialDeflate()
	assert.Equal(t, "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
		extensions)
	for _, c := range []struct {
		text       string
		compressed bool
	}{
		{"4" + strings.Repeat("你好", 10_000), true},
		{"4" + strings.Repeat("x", 1022), false},
		{"4" + strings.Repeat("x", 1023), true},
		{"4short", false},
	} {
		before := *received
		l.write(conn, c.text)
		assert.Equal(t, c.text, l.read(conn))
		assert.Equal(t, c.compressed, *received-before < len(c.text), "%d bytes came as %d",
			len(c.text), *received-before)
	}
	noise := make([]byte, 5000)
	rand.NewChaCha8([32]byte{}).Read(noise)
	require.NoError(t, conn.WriteMessage(websocket.BinaryMessage, noise))
	assert.Equal(t, string(noise), l.read(conn))

	plain := l.dial(overWebSocket)
	l.read(plain)
	l.write(plain, "4"+strings.Repeat("x", 2000))
	assert.Equal(t, "4"+strings.Repeat("x", 2000), l.read(plain), "a client without the extension")
}

func TestPerMessageDeflateIsOffByDefault(t *testing.T) {
	l := newLab(t, Config{})
	_, extensions, _ := l.dialDeflate()
	assert.Empty(t, extensions)
}

func TestPerMessageDeflateBoundsWhatItInflates(t *testing.T) {
	l := newLab(t, Config{PerMessageDeflate: &PerMessageDeflate{}, MaxPayload: 100_000})
	conn, _, _ := l.dialDeflate()
	text := "4" + strings.Repeat("x", 99_999)
	l.write(conn, text)
	assert.Equal(t, text, l.read(conn))
	l.write(conn, text+"x")
	_, _, err := conn.ReadMessage()
	assert.True(t, websocket.IsCloseError(err, websocket.CloseMessageTooBig), "%v", err)
	l.endsWith(TransportError)
}

// gorilla/websocket compresses with a window of 32 KiB, so a client that wants a smaller one is
// declined.
func TestPerMessageDeflateIsDeclinedWithASmallerWindow(t *testing.T) {
	l := newLab(t, Config{PerMessageDeflate: &PerMessageDeflate{}})
	for offer, want := range map[string]string{
		"permessage-deflate; server_max_window_bits=11": "",
		"permessage-deflate; client_max_window_bits": "permessage-deflate; " +
			"server_no_context_takeover; client_no_context_takeover",
		"x-webkit-deflate-frame, permessage-deflate": "permessage-deflate; " +
			"server_no_context_takeover; client_no_context_takeover",
		"x-permessage-deflate": "",
	} {
		c := l.rude()
		c.ask("transport=websocket", upgradeHeaders, "Sec-WebSocket-Extensions: "+offer+"\r\n")
		res, err := http.ReadResponse(c.read, nil)
		require.NoError(t, err)
		c.conn.Close()
		assert.Equal(t, 101, res.StatusCode)
		assert.Equal(t, want, res.Header.Get("Sec-WebSocket-Extensions"), offer)
	}
}
