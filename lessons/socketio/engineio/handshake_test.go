package engineio

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWebSocketHandshakeAnswer(t *testing.T) {
	l := newLab(t, Config{Headers: func(h http.Header, _ *http.Request) {
		h.Set("X-Injected", "a\r\nX-Evil: b")
		h.Set("Connection", "close")
		h.Set("Sec-WebSocket-Protocol", "chosen")
	}})
	c := l.rude()
	defer c.conn.Close()
	c.ask("transport=websocket", upgradeHeaders)
	res, err := http.ReadResponse(c.read, nil)
	require.NoError(t, err)
	assert.Equal(t, 101, res.StatusCode)
	assert.Equal(t, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", res.Header.Get("Sec-WebSocket-Accept"),
		"the example of RFC 6455 section 1.3")
	assert.Equal(t, []string{"Upgrade"}, res.Header.Values("Connection"))
	assert.Equal(t, "chosen", res.Header.Get("Sec-WebSocket-Protocol"))
	assert.Empty(t, res.Header.Get("X-Evil"))
	assert.Equal(t, "a  X-Evil: b", res.Header.Get("X-Injected"))
}

func TestWebSocketSubprotocolIsTheFirstThatIsOffered(t *testing.T) {
	l := newLab(t, Config{})
	for _, query := range []string{"transport=websocket", "transport=websocket&sid=" + l.open()} {
		for offered, want := range map[string]string{"one": "one", "one, two": "one"} {
			c := l.rude()
			c.ask(query, upgradeHeaders, "Sec-WebSocket-Protocol: "+offered+"\r\n")
			res, err := http.ReadResponse(c.read, nil)
			require.NoError(t, err)
			assert.Equal(t, 101, res.StatusCode)
			assert.Equal(t, []string{want}, res.Header.Values("Sec-WebSocket-Protocol"), offered)
			c.conn.Close()
		}
	}
}

func TestWebSocketHandshakesThatAreRefused(t *testing.T) {
	var last ConnectionError
	l := newLab(t, Config{OnConnectionError: func(e ConnectionError) { last = e }})
	for name, headers := range map[string]string{
		"version": strings.Replace(upgradeHeaders, "13", "8", 1),
		"no key":  strings.Replace(upgradeHeaders, "Sec-WebSocket-Key", "X-Key", 1),
		"bad key": strings.Replace(upgradeHeaders, "dGhl", "****", 1),
		"short":   strings.Replace(upgradeHeaders, "dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=", 1),
	} {
		c := l.rude()
		c.ask("transport=websocket", headers)
		res, err := http.ReadResponse(c.read, nil)
		require.NoError(t, err, name)
		body, _ := io.ReadAll(res.Body)
		assert.Equal(t, 400, res.StatusCode, name)
		assert.Equal(t, "Bad request", string(body), name)
		assert.Equal(t, "13", res.Header.Get("Sec-WebSocket-Version"), name)
		assert.Equal(t, "TRANSPORT_HANDSHAKE_ERROR", last.Context["name"], name)
		c.conn.Close()
	}
	assert.Zero(t, l.server.Len())
}

func TestWebSocketClientThatDoesNotWaitForTheAnswer(t *testing.T) {
	l := newLab(t, Config{})
	c := l.rude()
	defer c.conn.Close()
	fmt.Fprintf(c.conn, "GET /?EIO=4&transport=websocket HTTP/1.1\r\nHost: lab\r\n%s\r\n%s",
		upgradeHeaders, clientFrame(0x81, "4early"))
	c.conn.SetReadDeadline(time.Now().Add(time.Minute))
	all := bufio.NewReader(c.read)
	text := ""
	for !strings.HasSuffix(text, "4early") {
		b, err := all.ReadByte()
		require.NoError(t, err, text)
		text += string(rune(b))
	}
}

// wrapped hides what a ResponseWriter can do, as middlewares do.
type wrapped struct{ http.ResponseWriter }

func (w wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestWebSocketUnderAMiddleware(t *testing.T) {
	l := newLab(t, Config{})
	inner := l.http.Config.Handler
	l.http.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(wrapped{w}, r)
	})
	assert.Regexp(t, `^0\{`, l.read(l.dial(overWebSocket)))
}

// hiding is a middleware's ResponseWriter without Unwrap.
type hiding struct{ http.ResponseWriter }

// A connection that cannot be taken over is reported with the middleware's type and what to do.
func TestWebSocketUnderAMiddlewareWithoutUnwrap(t *testing.T) {
	var log bytes.Buffer
	l := newLab(t, Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	inner := l.http.Config.Handler
	l.http.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(wrapped{hiding{w}}, r)
	})
	res, body := l.shake(overWebSocket)
	assert.Equal(t, 500, res.StatusCode)
	assert.Empty(t, body)
	assert.Contains(t, log.String(), "a engineio.hiding cannot be taken over for a WebSocket: "+
		"a middleware's ResponseWriter needs the method Unwrap() "+
		"http.ResponseWriter, and the request HTTP/1.1")
}

func TestWebSocketOverTLS(t *testing.T) {
	l := newLabTLS(t, Config{})
	conn := l.dial(overWebSocket)
	assert.Regexp(t, `^0\{`, l.read(conn))
	for _, text := range []string{"4a", "4" + strings.Repeat("x", 100_000)} {
		l.write(conn, text)
		assert.Equal(t, text, l.read(conn))
	}
}
