package connectproxy_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/certificate"
	"realtimelab/internal/connectproxy"
	"realtimelab/internal/httpserver"
	"realtimelab/internal/labtest/locked"
	"realtimelab/internal/labtest/need"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var discard = slog.New(slog.DiscardHandler)

func authority(t *testing.T) *certificate.Authority {
	a, err := certificate.NewAuthority()
	require.NoError(t, err)
	return a
}

func listen(t *testing.T) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l
}

// serve serves an echo over WebSocket at /ws, and an answer that names the protocol elsewhere. With
// an authority it speaks TLS.
func serve(t *testing.T, a *certificate.Authority) (addr string) {
	upgrader := websocket.Upgrader{}
	var open sync.WaitGroup
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/ws" {
			fmt.Fprint(w, "hello over ", r.Proto)
			return
		}
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		open.Go(func() {
			defer ws.Close()
			for {
				kind, data, err := ws.ReadMessage()
				if err != nil {
					return
				}
				_ = ws.WriteMessage(kind, data)
			}
		})
	})
	c := httpserver.Config{Handler: handler, Log: discard}
	if a != nil {
		leaf, err := a.Issue()
		require.NoError(t, err)
		c.TLS = &tls.Config{Certificates: []tls.Certificate{leaf}}
	}
	s, l := httpserver.New(c), listen(t)
	served := make(chan error, 1)
	go func() { served <- s.Serve(s.Track(l)) }()
	t.Cleanup(func() {
		require.NoError(t, s.Close(context.Background()))
		require.NoError(t, <-served)
		open.Wait()
	})
	return l.Addr().String()
}

// start runs a proxy until the test ends.
func start(t *testing.T, c connectproxy.Config) (at *url.URL) {
	c.Listener = listen(t)
	if c.Log == nil {
		c.Log = discard
	}
	p := connectproxy.Start(c)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, p.Close(ctx))
	})
	return &url.URL{Scheme: "http", Host: c.Listener.Addr().String()}
}

// client returns an HTTP client that uses a proxy and trusts authorities.
func client(t *testing.T, proxy *url.URL, roots *x509.CertPool) *http.Client {
	transport := &http.Transport{Proxy: http.ProxyURL(proxy),
		TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	// net/http ignores the environment's proxy for loopback addresses, but not this one
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

func get(t *testing.T, c *http.Client, url string) (status int, body string) {
	resp, err := c.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(data)
}

// dial opens the WebSocket through a proxy.
func dial(t *testing.T, proxy *url.URL, address string, roots *x509.CertPool) (*websocket.Conn,
	int, error) {
	dialer := websocket.Dialer{Proxy: http.ProxyURL(proxy),
		TLSClientConfig: &tls.Config{RootCAs: roots}, HandshakeTimeout: time.Minute}
	ws, resp, err := dialer.Dial(address, nil)
	status := 0
	if resp != nil {
		status = resp.StatusCode
	}
	if ws != nil {
		t.Cleanup(func() { ws.Close() })
	}
	return ws, status, err
}

func echoes(t *testing.T, ws *websocket.Conn) {
	t.Helper()
	require.NoError(t, ws.WriteMessage(websocket.TextMessage, []byte("hello")))
	require.NoError(t, ws.SetReadDeadline(time.Now().Add(time.Minute)))
	_, data, err := ws.ReadMessage()
	require.NoError(t, err)
	assert.Equal(t, "hello", string(data))
}

func pool(all ...*certificate.Authority) *x509.CertPool {
	p := x509.NewCertPool()
	for _, a := range all {
		p.AddCert(a.Certificate)
	}
	return p
}

// TestTunnel: TLS and HTTP/2 go from end to end, and so do wss and ws.
func TestTunnel(t *testing.T) {
	world := authority(t)
	secure, plain := serve(t, world), serve(t, nil)
	proxy := start(t, connectproxy.Config{})
	status, body := get(t, client(t, proxy, pool(world)), "https://"+secure+"/")
	assert.Equal(t, 200, status)
	assert.Equal(t, "hello over HTTP/2.0", body)
	for _, address := range []string{"wss://" + secure + "/ws", "ws://" + plain + "/ws"} {
		ws, status, err := dial(t, proxy, address, pool(world))
		require.NoError(t, err, address)
		assert.Equal(t, http.StatusSwitchingProtocols, status)
		echoes(t, ws)
	}
	status, body = get(t, client(t, proxy, nil), "http://"+plain+"/")
	assert.Equal(t, 200, status)
	assert.Equal(t, "hello over HTTP/1.1", body, "an http URL needs no tunnel: the proxy reads it")
}

// TestInspect: the proxy can read the contents of TLS only if the client trusts it.
func TestInspect(t *testing.T) {
	world, company := authority(t), authority(t)
	secure, plain := serve(t, world), serve(t, nil)
	var log locked.Buffer
	proxy := start(t, connectproxy.Config{Authority: company, Roots: pool(world),
		Log: slog.New(slog.NewTextHandler(&log, nil))})

	_, err := client(t, proxy, pool(world)).Get("https://" + secure + "/")
	assert.True(t, isUnknownAuthority(err),
		"a client that does not trust the proxy's CA refuses: %v", err)
	_, _, err = dial(t, proxy, "wss://"+secure+"/ws", pool(world))
	assert.True(t, isUnknownAuthority(err), "%v", err)
	assert.NotContains(t, log.String(), "/ws")

	trusting := pool(world, company)
	status, body := get(t, client(t, proxy, trusting), "https://"+secure+"/secret?q=1")
	assert.Equal(t, 200, status)
	assert.Equal(t, "hello over HTTP/1.1", body, "HTTP/2 does not survive")
	for _, address := range []string{"wss://" + secure + "/ws",
		"wss://" + strings.Replace(secure, "127.0.0.1", "localhost", 1) + "/ws",
		"ws://" + plain + "/ws"} {
		ws, _, err := dial(t, proxy, address, trusting)
		require.NoError(t, err, address)
		echoes(t, ws)
	}
	assert.Contains(t, log.String(), "https://"+secure+"/secret?q=1")
	assert.Contains(t, log.String(), "http://"+plain+"/ws")
}

func TestInspectWithoutUpgrade(t *testing.T) {
	world, company := authority(t), authority(t)
	secure := serve(t, world)
	proxy := start(t, connectproxy.Config{Authority: company, Roots: pool(world), NoUpgrade: true})
	_, status, err := dial(t, proxy, "wss://"+secure+"/ws", pool(world, company))
	assert.ErrorIs(t, err, websocket.ErrBadHandshake)
	assert.Equal(t, http.StatusBadRequest, status, "the server got an ordinary GET")
	status, _ = get(t, client(t, proxy, pool(world, company)), "https://"+secure+"/")
	assert.Equal(t, 200, status)
}

func isUnknownAuthority(err error) bool {
	var unknown x509.UnknownAuthorityError
	return errors.As(err, &unknown)
}

// TestRefusals: the proxy connects only to this machine, and says what is wrong.
func TestRefusals(t *testing.T) {
	company := authority(t)
	closed := listen(t)
	nobody := closed.Addr().String()
	closed.Close()
	for name, c := range map[string]connectproxy.Config{"tunnel": {},
		"inspect": {Authority: company}} {
		proxy := start(t, c)
		for _, ask := range []struct {
			request string
			status  int
			says    string
		}{
			{"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n",
				http.StatusMisdirectedRequest, "example.org"},
			{"CONNECT 10.0.0.1:443 HTTP/1.1\r\nHost: 10.0.0.1:443\r\n\r\n",
				http.StatusMisdirectedRequest, "10.0.0.1"},
			{"CONNECT localhost HTTP/1.1\r\nHost: localhost\r\n\r\n", http.StatusBadRequest,
				"HOST:PORT"},
			{"GET / HTTP/1.1\r\nHost: " + proxy.Host + "\r\n\r\n", http.StatusBadRequest,
				"forward proxy"},
			{"GET http://" + nobody + "/ HTTP/1.1\r\nHost: " + nobody + "\r\n\r\n",
				http.StatusBadGateway, "cannot reach " + nobody},
		} {
			conn, err := net.Dial("tcp", proxy.Host)
			require.NoError(t, err)
			_, err = io.WriteString(conn, ask.request)
			require.NoError(t, err)
			resp, err := http.ReadResponse(bufio.NewReader(conn),
				&http.Request{Method: http.MethodGet})
			require.NoError(t, err, ask.request)
			body, _ := io.ReadAll(resp.Body)
			conn.Close()
			assert.Equal(t, ask.status, resp.StatusCode, "%s: %s", name, ask.request)
			assert.Contains(t, string(body), ask.says, "%s: %s", name, ask.request)
		}
	}
	proxy := start(t, connectproxy.Config{})
	_, err := client(t, proxy, nil).Get("https://" + nobody + "/")
	assert.ErrorContains(t, err, "Bad Gateway")
}

// TestCloseEndsEverything: with open tunnels, half-open ones and WebSockets, Close leaves nothing
// behind.
func TestCloseEndsEverything(t *testing.T) {
	world, company := authority(t), authority(t)
	secure := serve(t, world)
	for name, c := range map[string]connectproxy.Config{"tunnel": {},
		"inspect": {Authority: company, Roots: pool(world)}} {
		c.Listener, c.Log = listen(t), discard
		p := connectproxy.Start(c)
		proxy := &url.URL{Scheme: "http", Host: c.Listener.Addr().String()}
		ws, _, err := dial(t, proxy, "wss://"+secure+"/ws", pool(world, company))
		require.NoError(t, err, name)
		echoes(t, ws)
		silent, err := net.Dial("tcp", proxy.Host) // asks for a tunnel and says nothing in it
		require.NoError(t, err)
		_, err = fmt.Fprintf(silent, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", secure, secure)
		require.NoError(t, err)
		_, err = http.ReadResponse(bufio.NewReader(silent),
			&http.Request{Method: http.MethodConnect})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		require.NoError(t, p.Close(ctx), name)
		cancel()
		_, _, err = ws.ReadMessage()
		assert.Error(t, err, name)
		silent.Close()
	}
}

// TestCurl: curl uses both proxies like a company's.
func TestCurl(t *testing.T) {
	curl := need.Tool(t, "curl")
	world, company := authority(t), authority(t)
	secure := serve(t, world)
	dir := t.TempDir()
	require.NoError(t, world.Save(filepath.Join(dir, "world")))
	both := filepath.Join(dir, "both.pem")
	require.NoError(t, os.WriteFile(both, append(world.PEM(), company.PEM()...), 0o600))
	for _, c := range []struct {
		config connectproxy.Config
		trust  string
		says   string
		fails  bool
	}{
		{connectproxy.Config{}, filepath.Join(dir, "world", certificate.AuthorityFile),
			"hello over HTTP/2.0", false},
		{connectproxy.Config{Authority: company, Roots: pool(world)},
			filepath.Join(dir, "world", certificate.AuthorityFile), "certificate", true},
		{connectproxy.Config{Authority: company, Roots: pool(world)}, both,
			"hello over HTTP/1.1", false},
	} {
		out, err := exec.Command(curl, "-sS", "--max-time", "60", "--proxy",
			start(t, c.config).String(), "--noproxy", "", "--cacert", c.trust,
			"https://"+secure+"/").CombinedOutput()
		assert.Equal(t, c.fails, err != nil, "%s", out)
		assert.Contains(t, string(out), c.says)
	}
}
