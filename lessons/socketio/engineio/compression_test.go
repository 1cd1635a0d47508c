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
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHTTPCompressionOfPolls(t *testing.T) {
	l := newLab(t, Config{})
	readers := map[string]func(io.Reader) io.Reader{
		"":        func(r io.Reader) io.Reader { return r },
		"gzip":    func(r io.Reader) io.Reader { z, err := gzip.NewReader(r); require.NoError(t, err); return z },
		"deflate": func(r io.Reader) io.Reader { z, err := zlib.NewReader(r); require.NoError(t, err); return z },
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
		res, body := l.ask("GET", polling+"&sid="+sid, "", "Accept-Encoding", c.accept)
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
		res, _ := l.ask("GET", polling, "", "Accept-Encoding", "gzip")
		assert.Equal(t, c.want, res.Header.Get("Content-Encoding"), name)
	}
}

func TestUncompressedMessagesAreNot(t *testing.T) {
	l := newLab(t, Config{PerMessageDeflate: &PerMessageDeflate{}})
	sid := l.open()
	session := l.server.session(sid)
	long := TextMessage([]byte(strings.Repeat("x", 2000)))
	poll := func() string {
		res, _ := l.ask("GET", polling+"&sid="+sid, "", "Accept-Encoding", "gzip")
		return res.Header.Get("Content-Encoding")
	}
	require.NoError(t, session.Send(long.Uncompressed()))
	assert.Empty(t, poll())
	require.NoError(t, session.Send(long.Uncompressed(), long))
	assert.Equal(t, "gzip", poll(), "one that may be is enough")
	ws := &wsConn{deflateFrom: 1024, dialect: current}
	assert.Len(t, ws.frame(long.Uncompressed()), 2005)
	assert.Less(t, len(ws.frame(long)), 100)
}

func TestPreferredEncoding(t *testing.T) {
	for accept, want := range map[string]string{
		"":                              "",
		"gzip":                          "gzip",
		"GZip":                          "gzip",
		"deflate":                       "deflate",
		"gzip, deflate, br, zstd":       "gzip",
		"deflate, gzip":                 "deflate",
		"gzip;q=0.5, deflate;q=0.8":     "deflate",
		"gzip;q=0.5, deflate;level=9":   "deflate",
		"gzip;q=0, deflate":             "deflate",
		"gzip;q=0, deflate;q=0":         "",
		"*":                             "gzip",
		"*, deflate":                    "deflate",
		"*;q=0.9, deflate;q=0.1":        "gzip",
		"*;q=0":                         "",
		"gzip;q=nonsense":               "",
		"br;q=1.0, gzip;q=0.8, *;q=0.1": "gzip",
		"identity, *;q=0.5":             "gzip",
	} {
		assert.Equal(t, want, preferredEncoding(accept), "%q", accept)
	}
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
	dialer := websocket.Dialer{EnableCompression: true, NetDial: func(network, addr string) (net.Conn, error) {
		conn, err := net.Dial(network, addr)
		return counted{conn, received}, err
	}}
	conn, res, err := dialer.Dial("ws"+strings.TrimPrefix(l.http.URL, "http")+"/?"+overWebSocket, nil)
	require.NoError(l, err)
	l.Cleanup(func() { conn.Close() })
	l.read(conn)
	return conn, res.Header.Get("Sec-WebSocket-Extensions"), received
}

func TestPerMessageDeflate(t *testing.T) {
	l := newLab(t, Config{PerMessageDeflate: &PerMessageDeflate{}})
	conn, extensions, received := l.dialDeflate()
	assert.Equal(t, "permessage-deflate; server_no_context_takeover; client_no_context_takeover", extensions)
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
		assert.Equal(t, c.compressed, *received-before < len(c.text), "%d bytes came as %d", len(c.text), *received-before)
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

func TestPerMessageDeflateOffers(t *testing.T) {
	const accepted = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
	for offer, want := range map[string]string{
		"":                   "",
		"permessage-deflate": accepted,
		"permessage-deflate; client_max_window_bits":                                    accepted,
		"permessage-deflate; client_max_window_bits=\"12\"; server_no_context_takeover": accepted,
		"permessage-deflate; server_max_window_bits=10; client_max_window_bits=8":       accepted + "; server_max_window_bits=10",
		"permessage-deflate; server_max_window_bits=15":                                 accepted + "; server_max_window_bits=15",
		"permessage-deflate; server_max_window_bits=16, permessage-deflate":             accepted,
		"permessage-deflate; server_max_window_bits":                                    "",
		"permessage-deflate; client_max_window_bits=7":                                  "",
		"permessage-deflate; client_no_context_takeover=1":                              "",
		"permessage-deflate; client_max_window_bits; client_max_window_bits=9":          "",
		"permessage-deflate; unknown":                                                   "",
		"permessage-deflate;":                                                           "",
		"x-webkit-deflate-frame, permessage-deflate":                                    accepted,
		"permessage-deflate, x-other":                                                   accepted,
		"permessage-deflate nonsense":                                                   "",
		"x-permessage-deflate":                                                          "",
	} {
		r := &http.Request{Header: http.Header{"Sec-Websocket-Extensions": {"x-before", offer}}}
		answer, _ := acceptDeflate(r)
		assert.Equal(t, want, answer, "%q", offer)
	}
}

func TestPerMessageDeflateKeepsToTheClientsWindow(t *testing.T) {
	l := newLab(t, Config{PerMessageDeflate: &PerMessageDeflate{}})
	c := l.rude()
	defer c.conn.Close()
	c.ask("transport=websocket", upgradeHeaders, "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=11\r\n")
	res, err := http.ReadResponse(c.read, nil)
	require.NoError(t, err)
	require.Equal(t, 101, res.StatusCode)
	c.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	next := func() (first byte) {
		var head [4]byte
		_, err := io.ReadFull(c.read, head[:2])
		require.NoError(t, err)
		size := int(head[1])
		if size == 126 {
			_, err = io.ReadFull(c.read, head[2:])
			require.NoError(t, err)
			size = int(head[2])<<8 | int(head[3])
		}
		_, err = c.read.Discard(size)
		require.NoError(t, err)
		return head[0]
	}
	assert.Equal(t, byte(0x81), next(), "the open packet")
	for _, size := range []int{2048, 2049} {
		io.WriteString(c.conn, clientFrame(0x81, "4"+strings.Repeat("x", size-1)))
		assert.Equal(t, map[int]byte{2048: 0xc1, 2049: 0x81}[size], next(), size)
	}
}

func TestABroadcastIsCompressedOnce(t *testing.T) {
	m := TextMessage([]byte(strings.Repeat("x", 2000)))
	m.deflated()
	assert.Zero(t, testing.AllocsPerRun(100, func() { m.deflated() }))
}
