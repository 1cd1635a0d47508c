package httpserver

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var discard = slog.New(slog.DiscardHandler)

// serve serves the handler on loopback until the test ends.
func serve(t *testing.T, handler http.Handler, names ...string) (s *Server, addr string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s = New(Config{Handler: handler, Hosts: NewHosts(l.Addr(), names...), Log: discard})
	served := make(chan error, 1)
	go func() { served <- s.Serve(s.Track(l)) }()
	t.Cleanup(func() {
		assert.NoError(t, s.Close(context.Background()))
		assert.NoError(t, <-served)
	})
	return s, l.Addr().String()
}

// ask sends a request as it stands, with "\n" for the line ends and HOST for the address.
func ask(t *testing.T, addr, request string) (*http.Response, string) {
	conn := dial(t, addr, request)
	method, _, _ := strings.Cut(request, " ")
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(body)
}

func dial(t *testing.T, addr, request string) *net.TCPConn {
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	_, err = io.WriteString(conn, strings.ReplaceAll(strings.ReplaceAll(request, "HOST", addr),
		"\n", "\r\n"))
	require.NoError(t, err)
	return conn.(*net.TCPConn)
}

var hello = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	io.WriteString(w, "hello")
})

func TestHosts(t *testing.T) {
	at := func(addr string) net.Addr {
		a, err := net.ResolveTCPAddr("tcp", addr)
		require.NoError(t, err)
		return a
	}
	var ours string // an address of this machine's that is not loopback
	addrs, err := net.InterfaceAddrs()
	require.NoError(t, err)
	for _, a := range addrs {
		if ip := a.(*net.IPNet).IP; ours == "" && !ip.IsLoopback() && ip.To4() != nil {
			ours = ip.String()
		}
	}
	loopback, lan, all := NewHosts(at("127.0.0.1:3000")), NewHosts(at("192.0.2.7:3000")),
		NewHosts(at("0.0.0.0:3000"))
	for _, h := range []Hosts{loopback, lan, all, NewHosts(at("[::]:3000")),
		NewHosts(at("[::1]:3000"))} {
		for _, host := range []string{"127.0.0.1:3000", "127.0.0.1", "localhost:3000", "LocalHost",
			"localhost.:3000", "[::1]:3000", "[::1]", "127.0.0.1:9"} {
			assert.True(t, h.Allow(host), "%v: %s", h, host)
		}
		for _, host := range []string{
			"", "evil.example", "evil.example:3000", "localhost.evil.example",
			"127.0.0.1.evil.example", "evil.example.", "198.51.100.9:3000", "[2001:db8::1]:3000",
			"localhost:3000;x", "localhost:x", "localhost@evil.example", "0x7f.1", "127.1",
			"local host",
		} {
			assert.False(t, h.Allow(host), "%v: %s", h, host)
		}
	}
	assert.True(t, lan.Allow("192.0.2.7:3000"))
	assert.False(t, loopback.Allow("192.0.2.7:3000"))
	if ours != "" {
		assert.True(t, all.Allow(ours+":3000"),
			"the classroom's address of a server that listens on all")
		assert.False(t, loopback.Allow(ours+":3000"))
	}
	named := NewHosts(at("127.0.0.1:3000"), "Lab.Test.", "192.0.2.80", "[2001:db8::80]")
	for _, host := range []string{"lab.test", "LAB.test:80", "lab.test.:3000", "192.0.2.80:3000",
		"[2001:db8::80]:3000"} {
		assert.True(t, named.Allow(host), host)
	}
	assert.False(t, named.Allow("other.lab.test"))
}

// TestGuard: a foreign host gets 421, a foreign origin 403, whatever the method, and everyone else
// an answer.
func TestGuard(t *testing.T) {
	_, addr := serve(t, hello, "lab.test")
	_, port, _ := net.SplitHostPort(addr)
	for _, c := range []struct {
		name, head string
		status     int
	}{
		{"a program", "Host: HOST", 200},
		{"by name", "Host: localhost:" + port, 200},
		{"a forwarded port", "Host: localhost:8080", 200},
		{"a name that was given", "Host: lab.test", 200},
		{"DNS rebinding", "Host: evil.example:" + port, 421},
		{"DNS rebinding, its own origin",
			"Host: evil.example\nOrigin: http://evil.example\nSec-Fetch-Site: same-origin", 421},
		{"an empty host", "Host:", 200},
		{"its own page", "Host: HOST\nOrigin: http://HOST\nSec-Fetch-Site: same-origin", 200},
		{"its own page, letter case", "Host: localhost:" + port + "\nOrigin: http://LocalHost:" +
			port, 200},
		{"an address typed in", "Host: HOST\nSec-Fetch-Site: none\nSec-Fetch-Mode: navigate", 200},
		{"another origin", "Host: HOST\nOrigin: http://evil.example", 403},
		{"another port", "Host: HOST\nOrigin: http://127.0.0.1:1", 403},
		{"a sandboxed page", "Host: HOST\nOrigin: null", 403},
		{"no origin at all", "Host: HOST\nOrigin: %zz", 403},
		{"a script, an image", "Host: HOST\nSec-Fetch-Site: cross-site\nSec-Fetch-Mode: no-cors",
			403},
		{"a page on another port", "Host: HOST\nSec-Fetch-Site: same-site\nSec-Fetch-Mode: cors",
			403},
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS", "DELETE"} {
			res, body := ask(t, addr, method+" / HTTP/1.1\n"+c.head+"\nContent-Length: 0\n\n")
			assert.Equal(t, c.status, res.StatusCode, "%s: %s", method, c.name)
			if c.status != 200 && method != "HEAD" {
				assert.Equal(t, "text/plain; charset=utf-8", res.Header.Get("Content-Type"))
				assert.True(t, strings.HasSuffix(body, "\n") &&
					len(strings.TrimSpace(body)) > 40, body)
			}
			assert.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"), c.name)
			assert.Equal(t, "same-origin", res.Header.Get("Cross-Origin-Resource-Policy"), c.name)
			assert.Contains(t, res.Header.Get("Content-Security-Policy"),
				"form-action 'none'", c.name)
			assert.Contains(t, res.Header.Get("Content-Security-Policy"),
				"frame-ancestors 'none'", c.name)
		}
	}
	link := "Host: HOST\nSec-Fetch-Site: cross-site\nSec-Fetch-Mode: navigate\n"
	res, _ := ask(t, addr, "GET / HTTP/1.1\n"+link+"\n")
	assert.Equal(t, 200, res.StatusCode, "a link on another page")
	res, _ = ask(t, addr, "POST / HTTP/1.1\n"+link+"Content-Length: 0\n\n")
	assert.Equal(t, 403, res.StatusCode, "a form on another page")
	res, _ = ask(t, addr, "GET / HTTP/1.0\n\n")
	assert.Equal(t, 200, res.StatusCode, "HTTP/1.0, typed by hand")
	res, _ = ask(t, addr, "GET http://evil.example/ HTTP/1.1\nHost: HOST\n\n")
	assert.Equal(t, 421, res.StatusCode, "the target's host counts, RFC 9112, section 3.2.2")
	_, body := ask(t, addr, "GET / HTTP/1.1\nHost: evil.example\n\n")
	assert.Contains(t, body, `"evil.example"`)
	assert.Contains(t, body, "--allow-host")
}

func TestPolicy(t *testing.T) {
	policy := Policy{Frames: []int{3001, 3002}, FramedBy: []int{3000}}
	_, addr := serve(t, policy.Page(hello))
	res, _ := ask(t, addr, "GET / HTTP/1.1\nHost: localhost:3000\n\n")
	assert.Equal(t,
		"default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "+
			"connect-src 'self' ws://localhost:3000; "+
			"frame-src 'self' http://localhost:3001 http://localhost:3002; "+
			"frame-ancestors http://localhost:3000", res.Header.Get("Content-Security-Policy"))
	assert.Equal(t, "no-cache", res.Header.Get("Cache-Control"))
	assert.Contains(t, policy.header("http", "[::1]:3000"),
		"connect-src 'self'; frame-src 'self' http://*:3001 http://*:3002;")
	assert.True(t, strings.HasSuffix(Policy{}.header("http", "localhost"),
		"frame-ancestors 'none'"))
	assert.True(t, strings.HasSuffix(Policy{FramesItself: true}.header("http", "localhost"),
		"frame-ancestors 'self'"))
	policy.FramesItself = true
	assert.True(t, strings.HasSuffix(policy.header("http", "localhost"),
		"frame-ancestors 'self' http://localhost:3000"))
}

// TestHeadIsBounded: a request's head is at most 16 KB, in one header, in many, or in the URL.
func TestHeadIsBounded(t *testing.T) {
	_, addr := serve(t, hello)
	const before, after = "GET /", " HTTP/1.1\r\nHost: localhost\r\n\r\n"
	url := func(size int) string {
		return before + strings.Repeat("a", size-len(before+after)) + after
	}
	header := func(size int) string {
		const before, after = "GET / HTTP/1.1\r\nHost: localhost\r\nX: ", "\r\n\r\n"
		return before + strings.Repeat("a", size-len(before+after)) + after
	}
	many := func(size int) string { return strings.Replace(header(size), "aaaa", "\r\na:", size/8) }
	for name, head := range map[string]func(int) string{
		"URL": url, "header": header, "headers": many,
	} {
		for size, status := range map[int]int{1000: 200, MaxHead: 200, MaxHead + 1: 431,
			1 << 20: 431} {
			request := head(size)
			require.Len(t, request, size)
			conn, err := net.Dial("tcp", addr)
			require.NoError(t, err)
			go io.WriteString(conn, request) // the server may stop reading
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			assert.Equal(t, status, res.StatusCode, "%s of %d bytes", name, size)
			conn.Close()
		}
	}
}

// pipes is a listener whose connections come from dial, for tests with a fake clock.
type pipes struct {
	made   chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.made:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p pipes) Close() error   { close(p.closed); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 3000} }

// inTime serves the handler on pipes, in a synctest bubble with a fake clock.
func inTime(t *testing.T, handler http.Handler, test func(dial func() net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		l := pipes{make(chan net.Conn), make(chan struct{})}
		s := New(Config{Handler: handler, Hosts: NewHosts(l.Addr()), Log: discard})
		served := make(chan error)
		go func() { served <- s.http.Serve(l) }()
		test(func() net.Conn {
			client, server := net.Pipe()
			l.made <- server
			return client
		})
		assert.NoError(t, s.Close(t.Context()))
		assert.ErrorIs(t, <-served, http.ErrServerClosed)
	})
}

// TestBodiesThatNoHandlerReads: the server soon closes a client that announces a body and sends a
// byte a second, or nothing.
func TestBodiesThatNoHandlerReads(t *testing.T) {
	reads := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	for name, c := range map[string]struct {
		handler http.Handler
		host    string
	}{"ignored": {hello, "localhost"}, "read": {reads, "localhost"},
		"refused": {hello, "evil.example"}} {
		handler := c.handler
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "OPTIONS"} {
			for _, drip := range []bool{true, false} {
				for _, length := range []string{"Content-Length: 100000",
					"Transfer-Encoding: chunked"} {
					t.Run(fmt.Sprint(name, method, drip, length), func(t *testing.T) {
						inTime(t, handler, func(dial func() net.Conn) {
							conn := dial()
							began := time.Now()
							stop := make(chan struct{})
							dripping := make(chan struct{})
							go func() {
								defer close(dripping)
								fmt.Fprintf(conn, "%s / HTTP/1.1\r\nHost: %s\r\n%s\r\n\r\n", method,
									c.host, length)
								for drip {
									select {
									case <-time.After(time.Second):
										if _, err := io.WriteString(conn, map[bool]string{true: "1",
											false: "1\r\na\r\n"}[strings.HasPrefix(length,
											"C")]); err != nil {
											return
										}
									case <-stop:
										return
									}
								}
							}()
							io.Copy(io.Discard, conn) // until the server closes
							assert.Less(t, time.Since(began), bodyTime+5*time.Second)
							close(stop)
							conn.Close()
							<-dripping
						})
					})
				}
			}
		}
	}
}

// TestBodiesThatCome: a large body at a decent pace arrives, although it takes longer than a small
// one may.
func TestBodiesThatCome(t *testing.T) {
	var got int64
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, _ = io.Copy(io.Discard, r.Body)
	})
	inTime(t, handler, func(dial func() net.Conn) {
		c := dial()
		defer c.Close()
		fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n",
			60*10_000)
		for range 60 {
			time.Sleep(time.Second)
			_, err := c.Write(make([]byte, 10_000))
			require.NoError(t, err)
		}
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		require.NoError(t, err)
		assert.Equal(t, 200, res.StatusCode)
		assert.EqualValues(t, 600_000, got)
	})
}

// TestHeldAndStreamed: no limit of the server cuts an answer that is held for a minute, or a stream
// of an hour that sets its own write deadlines, with a body in the request or without.
func TestHeldAndStreamed(t *testing.T) {
	held := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(time.Minute):
			io.WriteString(w, "at last")
		case <-r.Context().Done():
		}
	})
	streamed := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		for range 60 {
			control.SetWriteDeadline(time.Now().Add(10 * time.Second))
			io.WriteString(w, "at last")
			control.Flush()
			control.SetWriteDeadline(time.Time{})
			select {
			case <-time.After(time.Minute):
			case <-r.Context().Done():
				return
			}
		}
	})
	for name, handler := range map[string]http.Handler{"held": held, "streamed": streamed} {
		for body, request := range map[string]string{
			"none":    "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
			"arrived": "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody",
		} {
			t.Run(name+" "+body, func(t *testing.T) {
				inTime(t, handler, func(dial func() net.Conn) {
					c := dial()
					defer c.Close()
					io.WriteString(c, request)
					res, err := http.ReadResponse(bufio.NewReader(c), nil)
					require.NoError(t, err)
					all, err := io.ReadAll(res.Body)
					require.NoError(t, err)
					assert.Equal(t, map[string]int{"held": 1, "streamed": 60}[name],
						strings.Count(string(all), "at last"))
				})
			})
		}
	}
}

// TestDownload: a client that stops reading is closed after 10 s, one that reads slowly after two
// minutes.
func TestDownload(t *testing.T) {
	for name, pause := range map[string]time.Duration{"stalled": time.Hour, "slow": time.Second} {
		var took time.Duration
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			began := time.Now()
			for out := Download(w); ; {
				if _, err := out.Write(make([]byte, 1<<10)); err != nil {
					break
				}
			}
			took = time.Since(began)
		})
		inTime(t, handler, func(dial func() net.Conn) {
			c := dial()
			defer c.Close()
			io.WriteString(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
			for {
				if _, err := c.Read(make([]byte, 4<<10)); err != nil {
					break
				}
				time.Sleep(pause)
			}
		})
		assert.Equal(t, map[string]time.Duration{"stalled": stallTime, "slow": downloadTime}[name],
			took, name)
	}
}

// TestClose: for any behavior of the clients, Close takes about a second and returns no error.
func TestClose(t *testing.T) {
	hijack := func(r *http.Request, w http.ResponseWriter) net.Conn {
		c, _, err := http.NewResponseController(w).Hijack()
		require.NoError(t, err)
		return c
	}
	var ended chan struct{}
	handlers := http.NewServeMux()
	handlers.HandleFunc("/hijacked", func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		io.Copy(io.Discard, hijack(r, w)) // until the connection is closed
	})
	handlers.HandleFunc("/stuck", func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		for {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	})
	handlers.HandleFunc("/none", func(w http.ResponseWriter, r *http.Request) { close(ended) })
	for name, request := range map[string]string{
		"a hijacked connection":           "GET /hijacked HTTP/1.1\nHost: HOST\n\n",
		"a client that does not read":     "GET /stuck HTTP/1.1\nHost: HOST\n\n",
		"a client that sends half a head": "GET /none HTTP/1.1\nHo",
		"an idle connection":              "GET /none HTTP/1.1\nHost: HOST\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			ended = make(chan struct{})
			s, addr := serve(t, handlers)
			dial(t, addr, request)
			if strings.HasSuffix(request, "Ho") {
				close(ended)
			}
			require.Eventually(t, func() bool {
				s.conns.mu.Lock()
				defer s.conns.mu.Unlock()
				return len(s.conns.open) == 1
			}, 10*time.Second, time.Millisecond)
			began := time.Now()
			told := func(ctx context.Context) error {
				select {
				case <-ended:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			require.NoError(t, s.Close(context.Background(), told, told))
			assert.Less(t, time.Since(began), Grace+2*time.Second)
			<-ended
		})
	}
}
