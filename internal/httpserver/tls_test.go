package httpserver

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/certificate"
)

// serveTLS is serve with TLS and a wrapper around the connections, as of a wire tap. The client's
// configuration trusts the server.
func serveTLS(t *testing.T, handler http.Handler) (s *Server, addr string, client *tls.Config) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	made, err := certificate.Make()
	require.NoError(t, err)
	s = New(Config{
		Handler: handler, Hosts: NewHosts(l.Addr()), Log: discard,
		TLS: &tls.Config{Certificates: []tls.Certificate{made}},
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, wrappedKey{}, c)
		},
	})
	served := make(chan error, 1)
	go func() { served <- s.Serve(wrapping{s.Track(l)}) }()
	t.Cleanup(func() {
		assert.NoError(t, s.Close(context.Background()))
		assert.NoError(t, <-served)
	})
	roots := x509.NewCertPool()
	trusted, err := x509.ParseCertificate(made.Certificate[0])
	require.NoError(t, err)
	roots.AddCert(trusted)
	return s, l.Addr().String(), &tls.Config{RootCAs: roots}
}

type wrappedKey struct{}

type wrapping struct{ net.Listener }

func (w wrapping) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return wrapped{c}, nil
}

type wrapped struct{ net.Conn }

func (w wrapped) NetConn() net.Conn { return w.Conn }

// client returns a client of one version of HTTP.
func client(t *testing.T, config *tls.Config, two bool) *http.Client {
	transport := &http.Transport{TLSClientConfig: config.Clone(), Protocols: &http.Protocols{}}
	transport.Protocols.SetHTTP1(!two)
	transport.Protocols.SetHTTP2(two)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

func TestBothVersionsOverTLS(t *testing.T) {
	seen := make(chan *http.Request, 1)
	_, addr, config := serveTLS(t,
		Policy{Frames: []int{3001}}.Page(http.HandlerFunc(func(w http.ResponseWriter,
			r *http.Request) {
			io.Copy(w, r.Body)
			seen <- r
		})))
	for proto, two := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		c := client(t, config, two)
		for range 2 {
			res, err := c.Post("https://"+addr+"/x", "text/plain", strings.NewReader("hello"))
			require.NoError(t, err)
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			res.Body.Close()
			assert.Equal(t, proto, res.Proto)
			assert.Equal(t, "hello", string(body))
			assert.Contains(t, res.Header.Get("Content-Security-Policy"),
				"connect-src 'self' wss://"+addr+"; frame-src 'self' https://127.0.0.1:3001;")
			r := <-seen
			require.NotNil(t, r.TLS)
			assert.Equal(t, "https", Scheme(r))
			assert.IsType(t, wrapped{}, r.Context().Value(wrappedKey{}),
				"the connection that a wrapper has labelled")
		}
		for _, origin := range []string{"https://" + addr, "https://evil.example"} {
			req, err := http.NewRequest("POST", "https://"+addr+"/", nil)
			require.NoError(t, err)
			req.Header.Set("Origin", origin)
			res, err := c.Do(req)
			require.NoError(t, err)
			res.Body.Close()
			if strings.Contains(origin, "evil") {
				assert.Equal(t, 403, res.StatusCode)
			} else {
				assert.Equal(t, 200, res.StatusCode)
				<-seen
			}
		}
		req, err := http.NewRequest("GET", "https://"+addr+"/", nil)
		require.NoError(t, err)
		req.Host = "evil.example"
		res, err := c.Do(req)
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, 421, res.StatusCode)
	}
}

func TestPlainHTTPIsRedirected(t *testing.T) {
	_, addr, _ := serveTLS(t, hello)
	res, _ := ask(t, addr, "GET /a?b=c HTTP/1.1\nHost: HOST\n\n")
	assert.Equal(t, 307, res.StatusCode)
	to, err := url.Parse(res.Header.Get("Location"))
	require.NoError(t, err)
	assert.Equal(t, "https://"+addr+"/a?b=c", to.String())
	res, _ = ask(t, addr, "GET / HTTP/1.1\nHost: evil.example\n\n")
	assert.Equal(t, 421, res.StatusCode)
	assert.Empty(t, res.Header.Get("Location"))

	for _, nonsense := range []string{"\x16\x03\x01\x00\x05hello", "\n\n\n\n\n\n",
		"\x00\x00\x00\x00\x00\x00", "GET"} {
		conn := dial(t, addr, nonsense)
		require.NoError(t, conn.CloseWrite())
		_, err := io.Copy(io.Discard, conn)
		_ = err // the server may reset the connection
	}
	res, _ = ask(t, addr, "GET / HTTP/1.1\nHost: HOST\n\n")
	assert.Equal(t, 307, res.StatusCode, "it still serves")
}

// TestCloseOverTLS: Close ends held requests of both versions, idle connections, taken-over ones
// and unfinished handshakes.
func TestCloseOverTLS(t *testing.T) {
	held := make(chan struct{}, 2)
	ended := make(chan struct{}, 2)
	s, addr, config := serveTLS(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/take" {
			conn, _, err := http.NewResponseController(w).Hijack()
			if assert.NoError(t, err) {
				io.WriteString(conn, "taken")
				held <- struct{}{}
				io.Copy(io.Discard, conn)
				conn.Close()
				ended <- struct{}{}
			}
			return
		}
		io.WriteString(w, "x")
		http.NewResponseController(w).Flush()
		held <- struct{}{}
		<-r.Context().Done()
		ended <- struct{}{}
	}))
	silent := dial(t, addr, "")
	for _, two := range []bool{false, true} {
		res, err := client(t, config, two).Get("https://" + addr + "/")
		require.NoError(t, err)
		defer res.Body.Close()
		<-held
	}
	taken, err := tls.Dial("tcp", addr, config)
	require.NoError(t, err)
	defer taken.Close()
	_, err = io.WriteString(taken, "GET /take HTTP/1.1\r\nHost: "+addr+"\r\n\r\n")
	require.NoError(t, err)
	word := make([]byte, 5)
	_, err = io.ReadFull(taken, word)
	require.NoError(t, err)
	<-held

	require.NoError(t, s.Close(t.Context()))
	for range 3 {
		<-ended
	}
	require.NoError(t, silent.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err = silent.Read(word)
	assert.Error(t, err)
	assert.NotErrorIs(t, err, context.DeadlineExceeded)
}

// TestResetOverTLS: a connection with a linger time of 0 ends without a close_notify.
func TestResetOverTLS(t *testing.T) {
	for _, reset := range []bool{false, true} {
		_, addr, config := serveTLS(t,
			http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := http.NewResponseController(w).Hijack()
				if !assert.NoError(t, err) {
					return
				}
				io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\nhalf")
				one := make([]byte, 1)
				conn.Read(one) // until the client has read it
				if reset {
					below := conn.(*aheadConn).Conn.(wrapped).NetConn()
					assert.NoError(t, below.(interface{ SetLinger(int) error }).SetLinger(0))
				}
				conn.Close()
			}))
		conn, err := tls.Dial("tcp", addr, config)
		require.NoError(t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: "+addr+"\r\n\r\n")
		require.NoError(t, err)
		reader := bufio.NewReader(conn)
		_, err = reader.Peek(len("HTTP/1.1 200 OK\r\n\r\nhalf"))
		require.NoError(t, err)
		_, err = io.WriteString(conn, "!")
		require.NoError(t, err)
		_, err = io.ReadAll(reader)
		assert.Equal(t, reset, err != nil, "%v", err)
	}
}
