package connect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/connect/command"
	"realtimelab/internal/lang"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

// answer serves one answer to every request.
func answer(t *testing.T, status int, contentType, body string) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// closing serves an Engine.IO session, and closes connections whose path begins with one.
func closing(t *testing.T, path string) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, path) {
			panic(http.ErrAbortHandler)
		}
		io.WriteString(w, `0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":5000}`)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// A failure to connect says what the server answers, and what to do.
func TestFailuresAreExplained(t *testing.T) {
	page := answer(t, 200, "text/html", "<html>")
	gone := answer(t, 404, "text/plain", "404 page not found")
	untyped := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
	}))
	t.Cleanup(untyped.Close)
	for _, c := range []struct {
		name string
		c    Config
		err  string
		hint string
	}{
		{"no path", Config{URL: gone, As: command.SocketIO}, `no Socket.IO at`, "check --path"},
		{"a page", Config{URL: page, As: command.SocketIO}, `it answered 200 OK text/html`,
			"check --path"},
		{"no event stream", Config{URL: page, As: command.SSE},
			`the Content-Type of the answer is "text/html": want text/event-stream`,
			"no event stream at this path"},
		{"no type", Config{URL: untyped.URL, As: command.SSE},
			"the answer has no Content-Type: want text/event-stream",
			"no event stream at this path"},
		{"closed WebSocket", Config{URL: closing(t, "/"), As: command.WebSocket},
			"closed the connection without an answer", "check the path of the URL"},
		{"closed stream", Config{URL: closing(t, "/"), As: command.SSE},
			"closed the connection without an answer", "check the path of the URL"},
		{"closed Socket.IO", Config{URL: closing(t, "/"), As: command.SocketIO},
			"closed the connection without an answer", "--path"},
		{"closed at its path", Config{URL: closing(t, "/x") + "/x", As: command.WebSocket},
			"closed the connection without an answer", "--as socketio"},
		{"no WebSocket", Config{URL: gone, As: command.WebSocket}, "with 404 Not Found",
			"check the path"},
		{"nothing", Config{URL: page},
			"speaks none of socketio, websocket and sse: GET /socket.io/ answered 200 OK " +
				"text/html; GET / answered 200 text/html; a WebSocket at / was answered with 200",
			"--as skips the guessing"},
		{"nothing at a path", Config{URL: gone + "/x"},
			"GET /x answered 404 text/plain; a WebSocket at /x was answered " +
				"with 404; GET /socket.io/ answered 404", ""},
		{"gateway", Config{URL: answer(t, 502, "text/html", "<html>"), As: command.SocketIO},
			"it answered 502 Bad Gateway", "a proxy answers, and the server behind it does not"},
		{"forbidden", Config{URL: answer(t, 403, "text/plain", "who?"), As: command.WebSocket},
			"403 Forbidden", "Origin"},
		{"login", Config{URL: answer(t, 401, "text/plain", ""), As: command.SSE},
			"401 Unauthorized", "Authorization"},
		{"upgrade required", Config{URL: answer(t, 426, "text/plain", "Upgrade Required"),
			As: command.WebSocket}, "426", "removes the Upgrade header"},
		{"engine 3", Config{URL: answer(t, 200, "text/plain",
			`96:0{"sid":"x","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":5000}2:40`),
			As: command.SocketIO}, "speaks Engine.IO 3", "--eio 3"},
		{"engine 5", Config{URL: answer(t, 400, "application/json",
			`{"code":5,"message":"Unsupported protocol version"}`), As: command.SocketIO},
			"refuses this revision of Engine.IO: Unsupported protocol version", "allowEIO3"},
		{"WebSocket only", Config{URL: answer(t, 400, "application/json",
			`{"code":0,"message":"Transport unknown"}`), As: command.SocketIO}, "Transport unknown",
			"--transports websocket"},
		{"refused", Config{URL: answer(t, 403, "application/json",
			`{"code":4,"message":"not you"}`), As: command.SocketIO},
			"refuses the session: 403 not you", "Authorization"},
		{"python", Config{URL: answer(t, 400, "text/plain", `"Invalid transport"`),
			As: command.SocketIO}, "Invalid transport", "--transports websocket"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := failsToOpen(t, c.c)
			assert.Equal(t, Unreachable, f.Code)
			assert.Contains(t, f.Err.Error(), c.err)
			assert.Contains(t, f.Hint.EN, c.hint)
			assert.Equal(t, f.Hint.EN == "", f.Hint.ZH == "")
			assert.Regexp(t, `\p{Han}`, lang.Message(f.Err, lang.Chinese))
		})
	}
}

// TestWrongProtocol: a server of Socket.IO says so to the other clients.
func TestWrongProtocol(t *testing.T) {
	server := serveSocketIO(t, sio.Config{})
	for _, as := range []command.Protocol{command.WebSocket, command.SSE} {
		f := failsToOpen(t, Config{URL: server.URL + "/x", As: as})
		assert.Contains(t, f.Hint.EN, "the server speaks Socket.IO: --as socketio")
	}
	f := failsToOpen(t, Config{URL: server.URL + "/nowhere", As: command.SocketIO})
	assert.Equal(t, Refused, f.Code)
	f = failsToOpen(t, Config{URL: server.URL + "/admin", As: command.SocketIO})
	assert.Equal(t, Refused, f.Code)
	assert.Contains(t, f.Error(),
		`the server refuses /admin: not authorized, with the data {"code":7}`)
}

// proxyTo forwards requests. It logs no request that the client gives up.
func proxyTo(t *testing.T, to string) *httputil.ReverseProxy {
	target, err := url.Parse(to)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	return proxy
}

// stripping forwards requests as a proxy does that knows nothing of WebSocket.
func stripping(t *testing.T, to string) string {
	proxy := proxyTo(t, to)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Upgrade")
		r.Header.Del("Connection")
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestProxyThatStripsUpgrade(t *testing.T) {
	at := stripping(t, serveSocketIO(t, sio.Config{}).URL)
	f := failsToOpen(t, Config{URL: at, As: command.SocketIO, Transports: []string{"websocket"}})
	assert.Contains(t, f.Err.Error(), "polling works, and WebSocket does not")
	assert.Equal(t, stripsUpgrade, f.Hint)

	s := dial(t, Config{URL: at})
	run(t, s, "wait upgrade_error \"websocket\"\nack whoami\ntransport")
	var told bool
	for _, e := range all(s) {
		told = told || e.Name == "upgrade_error" && e.Hint == stripsUpgrade
	}
	assert.True(t, told)

	f = failsToOpen(t, Config{URL: stripping(t, serveWebSocket(t).URL) + "/ws",
		As: command.WebSocket})
	assert.Equal(t, stripsUpgrade, f.Hint)
}

// TestWhoRefusesTheUpgrade: the answer to the WebSocket tells a proxy from the server.
func TestWhoRefusesTheUpgrade(t *testing.T) {
	origin := serveSocketIO(t, sio.Config{})
	for body, want := range map[string]lang.Text{
		"":                                   proxyRefusal,
		"Bad Request":                        proxyRefusal,
		"<h1>400 Bad request</h1>":           proxyRefusal,
		`{"code":3,"message":"Bad request"}`: stripsUpgrade,
		`"Invalid transport"`:                stripsUpgrade,
		`{"code":1,"message":"Session ID unknown"}`: otherServer,
		"Session ID unknown":                        otherServer,
		`"Invalid session abc"`:                     otherServer,
		"Transport unknown":                         serverRefusal,
		`{"code":4,"message":"not from there"}`:     serverRefusal,
	} {
		proxy := proxyTo(t, origin.URL)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("transport") == "websocket" {
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprint(w, body)
				return
			}
			proxy.ServeHTTP(w, r)
		}))
		s := dial(t, Config{URL: server.URL, As: command.SocketIO})
		run(t, s, `expect upgrade_error "websocket"`)
		for _, e := range all(s) {
			if e.Name == "upgrade_error" {
				assert.Equal(t, want, e.Hint, body)
			}
		}
		s.Close()
		f := failsToOpen(t, Config{URL: server.URL, As: command.SocketIO,
			Transports: []string{"websocket"}})
		assert.Equal(t, want, f.Hint, body)
		server.Close()
	}
	for status, want := range map[int]lang.Text{
		200: stripsUpgrade, 426: stripsUpgrade, 404: proxyRefusal,
		403: statusHint(403, lang.Text{}), 502: statusHint(502, lang.Text{}),
	} {
		assert.Equal(t, want, upgradeHint(&sioclient.HandshakeError{StatusCode: status}), status)
	}
}

func TestNetworkFailures(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	plain := answer(t, 404, "text/plain", "")
	for _, as := range []command.Protocol{"", command.SocketIO, command.WebSocket, command.SSE} {
		for _, c := range []struct{ url, err, hint string }{
			{"http://" + closed.Addr().String(), "connection refused", "no program listens there"},
			{"http://" + silent.Addr().String(), "did not answer within 200ms",
				"--timeout waits longer"},
			{secure.URL, "is not trusted", "--insecure"},
			{strings.Replace(plain, "http:", "https:", 1), "does not speak TLS", "http://"},
		} {
			timeout := waitTime
			if strings.Contains(c.err, "200ms") {
				timeout = 200 * time.Millisecond
			}
			f := failsToOpen(t, Config{URL: c.url, As: as, Timeout: timeout})
			assert.Equal(t, Unreachable, f.Code)
			assert.Contains(t, f.Err.Error(), c.err, "%s %s", as, c.url)
			assert.Contains(t, f.Hint.EN, c.hint, "%s %s", as, c.url)
		}
	}
}

func TestTLS(t *testing.T) {
	io := sio.NewServer(sio.Config{})
	server := httptest.NewUnstartedServer(io)
	// of the refused certificate below
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	server.StartTLS()
	t.Cleanup(func() {
		io.Close(context.Background())
		server.Close()
	})
	io.OnConnection(func(s *sio.Socket) {
		s.On("secure", func(ack sio.Ack) { ack(s.Handshake().Secure) })
	})
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	for _, transports := range [][]string{{"polling"}, {"websocket"}} {
		for _, config := range []*tls.Config{{RootCAs: roots}, {InsecureSkipVerify: true}} {
			s := dial(t, Config{URL: server.URL, Transports: transports, TLS: config})
			rows := s.Xray().Watch()
			defer rows.Close()
			run(t, s, "expect connect\nack secure => true\ncut\nwait connect")
			require.NoError(t, s.Xray().Sync(t.Context()))
			n := 0
			for _, row := range must(s.Xray().Rows(t.Context())) {
				if strings.Contains(row.Summary.EN, `emits "secure"`) {
					n++
				}
			}
			assert.NotZero(t, n, "the x-ray reads above TLS")
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestServerThatLeavesRequestsUnanswered: Node's http.Server without a handler answers only
// Socket.IO's path.
func TestServerThatLeavesRequestsUnanswered(t *testing.T) {
	io := sio.NewServer(sio.Config{})
	io.Of("/chat").OnConnection(func(s *sio.Socket) { s.Emit("welcome") })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/socket.io/") {
			io.ServeHTTP(w, r)
			return
		}
		<-r.Context().Done()
	}))
	t.Cleanup(func() {
		io.Close(context.Background())
		server.Close()
	})
	s := dial(t, Config{URL: server.URL + "/chat"})
	run(t, s, "expect welcome")
}

func TestConfigIsChecked(t *testing.T) {
	for want, c := range map[string]Config{
		"want http://, https://, ws:// or wss:// and a host": {URL: "redis://x"},
		"is not a URL":                                    {URL: "http://a b"},
		"want socketio, websocket or sse":                 {URL: "x", As: "mqtt"},
		"must be a JSON object":                           {URL: "x", Auth: []byte("7")},
		`no transport "tcp"; the transports are: polling`: {URL: "x", Transports: []string{"tcp"}},
	} {
		_, err := Open(t.Context(), c)
		var f *Failure
		require.ErrorAs(t, err, &f)
		assert.Equal(t, Wrong, f.Code)
		assert.Contains(t, err.Error(), want)
	}
	c := Config{URL: "localhost:3000", Path: "io"}
	u, err := c.check()
	require.NoError(t, err)
	assert.Equal(t, "http://localhost:3000", u.String())
	assert.Equal(t, "/io/", c.Path)
	assert.Equal(t, fmt.Sprintf("http://localhost:3000/io/?EIO=%d&transport=polling", 4),
		c.engineURL(u, "polling"))
}

// TestNoNeedlessQuestions: a server that speaks the first protocol of the order is asked for no
// other, and the line says what asking took.
func TestNoNeedlessQuestions(t *testing.T) {
	io := serveSocketIO(t, sio.Config{})
	var others atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/socket.io/") {
			others.Add(1)
		}
		io.Config.Handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s := dial(t, Config{URL: server.URL, headStart: waitTime})
	assert.Zero(t, others.Load())
	assert.Contains(t, all(s)[0].What(lang.English),
		"GET /socket.io/ answered with a session of Engine.IO "+
			"(connections used to find out: 1; --as socketio skips this)")
	assert.Contains(t, all(s)[0].What(lang.Chinese), "使用 socketio："+
		"GET /socket.io/ 的响应是一个 Engine.IO 会话（为此用了 1 个连接；加 --as socketio 可跳过）")

	s = dial(t, Config{URL: server.URL, headStart: 1})
	run(t, s, "ack whoami")
	s = dial(t, Config{URL: server.URL + "/chat", headStart: waitTime})
	run(t, s, `expect welcome "/chat"`)
	assert.NotZero(t, others.Load(), "an event stream and a WebSocket come first at a path")
}
