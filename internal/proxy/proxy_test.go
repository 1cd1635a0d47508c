package proxy_test

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/proxy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start puts a proxy in front of target, and returns its address.
func start(t *testing.T, target string, config *tls.Config) string {
	u, err := proxy.ParseTarget(target)
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := proxy.Start(proxy.Config{Listener: l, Target: u, TLS: config, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	return l.Addr().String()
}

// echoServer answers with what it got, once its client has ended its half.
func echoServer(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				all, _ := io.ReadAll(c)
				c.Write(all)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

func TestBytesPassUnchangedAndHalvesCloseAlone(t *testing.T) {
	conn, err := net.Dial("tcp", start(t, echoServer(t), nil))
	require.NoError(t, err)
	defer conn.Close()
	sent := make([]byte, 3<<20)
	rand.Read(sent)
	_, err = conn.Write(sent)
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	got, err := io.ReadAll(conn)
	require.NoError(t, err)
	assert.Equal(t, sent, got)
}

// TestClientThatNeverEnds: a server ends a silent client's connection, as its deadlines say, and the
// client keeps its half open.
func TestClientThatNeverEnds(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer server.Close()
	go func() {
		if c, err := server.Accept(); err == nil {
			io.WriteString(c, "408")
			c.Close()
		}
	}()
	u, err := proxy.ParseTarget("http://" + server.Addr().String())
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan struct{})
	p := proxy.Start(proxy.Config{Listener: closeListener{l, ended}, Target: u, Linger: 100 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	defer p.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	assert.Equal(t, "408", string(answer))
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("the proxy keeps the connection")
	}
}

// closeListener tells when its first connection is closed.
type closeListener struct {
	net.Listener
	closed chan struct{}
}

func (l closeListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &closeConn{c.(*net.TCPConn), sync.OnceFunc(func() { close(l.closed) })}, nil
}

type closeConn struct {
	*net.TCPConn
	tell func()
}

func (c *closeConn) Close() error {
	c.tell()
	return c.TCPConn.Close()
}

func TestTLSUpstream(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Proto+" "+r.Host)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of the refused certificate below
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	at := start(t, server.URL, &tls.Config{RootCAs: roots})
	assert.Equal(t, "HTTP/1.1 "+at, get(t, at, http.StatusOK))

	unknown := start(t, server.URL, nil) // whose certificate nobody vouches for
	assert.Contains(t, get(t, unknown, http.StatusBadGateway), "certificate")
}

func get(t *testing.T, at string, status int) string {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	res, err := client.Get("http://" + at)
	require.NoError(t, err)
	defer res.Body.Close()
	assert.Equal(t, status, res.StatusCode)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(body)
}

func TestNoServer(t *testing.T) {
	assert.Contains(t, get(t, start(t, "http://127.0.0.1:1", nil), http.StatusBadGateway), "cannot reach http://127.0.0.1:1")
}

// TestManyClientsWithoutAServer: a client that tries again and again gets its answers, and the log one line.
func TestManyClientsWithoutAServer(t *testing.T) {
	u, err := proxy.ParseTarget("http://127.0.0.1:1")
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var log bytes.Buffer
	p := proxy.Start(proxy.Config{Listener: l, Target: u, Log: slog.New(slog.NewTextHandler(&log, nil))})
	for range 20 {
		get(t, l.Addr().String(), http.StatusBadGateway)
	}
	require.NoError(t, p.Close())
	assert.Equal(t, 1, strings.Count(log.String(), "cannot reach the server"), log.String())
}

func TestCloseEndsWhatIsOpen(t *testing.T) {
	u, err := proxy.ParseTarget(echoServer(t))
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := proxy.Start(proxy.Config{Listener: l, Target: u, Log: slog.New(slog.DiscardHandler)})
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	io.WriteString(conn, "never ended")
	require.NoError(t, p.Close())
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	_, err = conn.Read(make([]byte, 1))
	assert.Error(t, err)
}

func TestParseTarget(t *testing.T) {
	for _, good := range []string{"http://a", "ws://a:1", "https://a/x", "wss://[::1]:8"} {
		_, err := proxy.ParseTarget(good)
		assert.NoError(t, err, good)
	}
	for _, bad := range []string{"", "a", "a:80", "ftp://a", "http://", "http://%zz", "http:a"} {
		_, err := proxy.ParseTarget(bad)
		assert.Error(t, err, bad)
		assert.NotContains(t, err.Error(), "\n")
	}
	u, err := url.Parse("http://user:secret@a")
	require.NoError(t, err)
	assert.False(t, strings.Contains(u.Redacted(), "secret"))
}
