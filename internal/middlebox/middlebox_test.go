package middlebox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/httpserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// before serves a proxy before a server with that handler until the test ends.
func before(t *testing.T, k Kinds, server http.HandlerFunc) (*Proxy, string) {
	s := httptest.NewServer(server)
	t.Cleanup(s.Close)
	return beforeAddr(t, k, s.Listener.Addr().String())
}

func beforeAddr(t *testing.T, k Kinds, target string) (*Proxy, string) {
	log := slog.New(slog.DiscardHandler)
	p := New(Config{Target: target, Kinds: k, Log: log})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	front := httpserver.New(httpserver.Config{Handler: p, AnyOrigin: true, Log: log,
		ConnContext: p.ConnContext})
	served := make(chan error, 1)
	go func() { served <- front.Serve(p.Listener(front.Track(l))) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		assert.NoError(t, front.Close(ctx))
		assert.NoError(t, p.Close(ctx))
		assert.NoError(t, <-served)
	})
	return p, "http://" + l.Addr().String()
}

// client returns a client with connections of its own.
func newClient(t *testing.T) *http.Client {
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

func ask(t *testing.T, c *http.Client, r *http.Request) (*http.Response, string) {
	t.Helper()
	res, err := c.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(body)
}

func request(t *testing.T, method, url string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	require.NoError(t, err)
	return r
}

func TestForwards(t *testing.T) {
	seen := make(chan *http.Request, 1)
	_, url := before(t, Kinds{}, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Connection", "X-Private")
		w.Header().Set("X-Private", "of this connection")
		w.Header().Set("X-Public", "of the response")
		w.Header().Set("Content-Security-Policy", "the server's")
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "got %s", body)
		seen <- r
	})
	r := request(t, "POST", url+"/path?a=1;2&b=3", strings.NewReader("a body"))
	r.Header.Set("Connection", "X-Hop")
	r.Header.Set("X-Hop", "of this connection")
	r.Header.Set("X-Forwarded-For", "6.6.6.6")
	r.Header.Set("Origin", "http://example.com")
	res, body := ask(t, newClient(t), r)
	assert.Equal(t, http.StatusTeapot, res.StatusCode)
	assert.Equal(t, "got a body", body)
	assert.Empty(t, res.Header.Get("X-Private"))
	assert.Equal(t, "of the response", res.Header.Get("X-Public"))
	assert.Equal(t, []string{"the server's"}, res.Header.Values("Content-Security-Policy"))
	assert.Equal(t, "1.1 lab", res.Header.Get("Via"))
	got := <-seen
	host := strings.TrimPrefix(url, "http://")
	assert.Equal(t, host, got.Host)
	assert.Equal(t, host, got.Header.Get("X-Forwarded-Host"))
	assert.Equal(t, "http", got.Header.Get("X-Forwarded-Proto"))
	assert.Equal(t, "127.0.0.1", got.Header.Get("X-Forwarded-For"),
		"the client's own is not believed")
	assert.Equal(t, "1.1 lab", got.Header.Get("Via"))
	assert.Empty(t, got.Header.Get("X-Hop"))
	assert.Equal(t, "http://example.com", got.Header.Get("Origin"))
	assert.Equal(t, "HTTP/1.1", got.Proto)
}

// stream is a handler that writes a piece each time it gets one, and the connection's remote
// address.
func stream(pieces <-chan string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		for {
			select {
			case piece, more := <-pieces:
				if !more {
					return
				}
				_, _ = io.WriteString(w, piece)
				_ = http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	}
}

// TestStreams: each piece of a response comes at once, over HTTP/1.1 and HTTP/1.0.
func TestStreams(t *testing.T) {
	for _, k := range []Kinds{{}, {HTTP10: true}, {NoKeepAlive: true}} {
		t.Run(k.String(), func(t *testing.T) {
			pieces := make(chan string)
			_, url := before(t, k, stream(pieces))
			res, err := newClient(t).Do(request(t, "GET", url, nil))
			require.NoError(t, err)
			defer res.Body.Close()
			for i := range 5 {
				piece := fmt.Sprintf("piece %d\n", i)
				pieces <- piece
				got := make([]byte, len(piece))
				_, err := io.ReadFull(res.Body, got)
				require.NoError(t, err)
				assert.Equal(t, piece, string(got))
			}
			close(pieces)
			_, err = res.Body.Read(make([]byte, 1))
			assert.ErrorIs(t, err, io.EOF)
			if k.HTTP10 {
				assert.Equal(t, "HTTP/1.0", res.Proto)
				assert.Empty(t, res.TransferEncoding)
			}
		})
	}
}

// TestBuffering: neither the head nor a piece comes before the response has 4 KiB.
func TestBuffering(t *testing.T) {
	for _, k := range []Kinds{{Buffering: true}, {Buffering: true, HTTP10: true}} {
		t.Run(k.String(), func(t *testing.T) {
			pieces := make(chan string)
			_, url := before(t, k, stream(pieces))
			answered := make(chan *http.Response, 1)
			go func() {
				res, err := newClient(t).Do(request(t, "GET", url, nil))
				assert.NoError(t, err)
				answered <- res
			}()
			sent := ""
			for range 4 {
				pieces <- strings.Repeat("x", 900)
				sent += strings.Repeat("x", 900)
				select {
				case <-answered:
					require.FailNow(t, "the response has begun", "after %d bytes", len(sent))
				case <-time.After(20 * time.Millisecond):
				}
			}
			pieces <- strings.Repeat("y", 900)
			sent += strings.Repeat("y", 900)
			res := <-answered
			require.NotNil(t, res)
			defer res.Body.Close()
			got := make([]byte, len(sent))
			_, err := io.ReadFull(res.Body, got)
			require.NoError(t, err)
			assert.Equal(t, sent, string(got))
			pieces <- "the rest"
			close(pieces)
			rest, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			assert.Equal(t, "the rest", string(rest))
		})
	}
}

// echo sends WebSocket messages back, and reports each.
func echo(heard chan<- string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := (&websocket.Upgrader{CheckOrigin: func(*http.Request) bool {
			return true
		}}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			kind, data, err := c.ReadMessage()
			if err != nil {
				heard <- err.Error()
				return
			}
			heard <- string(data)
			if c.WriteMessage(kind, data) != nil {
				return
			}
		}
	}
}

func dial(t *testing.T, url string) (*websocket.Conn, *http.Response, error) {
	c, res, err := websocket.DefaultDialer.DialContext(t.Context(),
		"ws"+strings.TrimPrefix(url, "http"), nil)
	if err == nil {
		t.Cleanup(func() { _ = c.Close() })
	}
	return c, res, err
}

func TestWebSocketPasses(t *testing.T) {
	for _, k := range []Kinds{{}, {Buffering: true}, {NoKeepAlive: true}, {SlowBody: maxSlow},
		{Idle: time.Hour}, {StripOrigin: true}} {
		t.Run(k.String(), func(t *testing.T) {
			heard := make(chan string, 3)
			p, url := before(t, k, echo(heard))
			c, _, err := dial(t, url)
			require.NoError(t, err)
			for _, text := range []string{"hello", strings.Repeat("long ", 100_000)} {
				require.NoError(t, c.WriteMessage(websocket.TextMessage, []byte(text)))
				_, data, err := c.ReadMessage()
				require.NoError(t, err)
				assert.Equal(t, text, string(data))
				<-heard
			}
			require.NoError(t, c.WriteMessage(websocket.CloseMessage,
				websocket.FormatCloseMessage(1000, "bye")))
			assert.Contains(t, <-heard, "1000")
			_, _, err = c.ReadMessage()
			assert.True(t, websocket.IsCloseError(err, 1000), err)
			assert.EqualValues(t, 1, p.Counters().Upgrades)
		})
	}
}

func TestNoWebSocket(t *testing.T) {
	for _, k := range []Kinds{{NoWebSocket: true}, {HTTP10: true},
		{NoWebSocket: true, LossyUpgrade: true}} {
		t.Run(k.String(), func(t *testing.T) {
			p, url := before(t, k, echo(nil))
			_, res, err := dial(t, url)
			require.ErrorIs(t, err, websocket.ErrBadHandshake)
			assert.Equal(t, http.StatusBadRequest, res.StatusCode,
				"the server's answer to a request without Upgrade")
			assert.Zero(t, p.Counters().Upgrades)
		})
	}
}

// TestLossyUpgrade: the WebSocket opens, and neither side receives a byte until one of them ends.
func TestLossyUpgrade(t *testing.T) {
	heard := make(chan string, 1)
	_, url := before(t, Kinds{LossyUpgrade: true}, echo(heard))
	c, _, err := dial(t, url)
	require.NoError(t, err)
	require.NoError(t, c.WriteMessage(websocket.TextMessage, []byte("hello?")))
	require.NoError(t, c.SetReadDeadline(time.Now().Add(100*time.Millisecond)))
	_, _, err = c.ReadMessage()
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	assert.True(t, timeout.Timeout())
	assert.Empty(t, heard)
	require.NoError(t, c.Close())
	assert.NotContains(t, <-heard, "hello", "the server's connection ends with the client's")
}

func TestIdle(t *testing.T) {
	k := Kinds{Idle: minIdle}
	t.Run("request", func(t *testing.T) {
		p, url := before(t, k, func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
		})
		res, body := ask(t, newClient(t), request(t, "GET", url, nil))
		assert.Equal(t, http.StatusGatewayTimeout, res.StatusCode)
		assert.Contains(t, body, "idle=100ms")
		assert.Contains(t, res.Header.Get("Content-Security-Policy"), "default-src 'none'")
		assert.EqualValues(t, 1, p.Counters().Timeouts)
	})
	// long enough for what comes before the silence, on a busy machine too
	k.Idle = time.Second
	for _, k := range []Kinds{k, {Idle: k.Idle, HTTP10: true}} {
		t.Run("stream "+k.String(), func(t *testing.T) {
			pieces := make(chan string)
			_, url := before(t, k, stream(pieces))
			res, err := newClient(t).Do(request(t, "GET", url, nil))
			require.NoError(t, err)
			defer res.Body.Close()
			_, err = io.ReadAll(res.Body)
			assert.Error(t, err, "a stream that is cut does not look complete")
		})
	}
	t.Run("websocket", func(t *testing.T) {
		heard := make(chan string, 1)
		p, url := before(t, k, echo(heard))
		c, _, err := dial(t, url)
		require.NoError(t, err)
		_, _, err = c.ReadMessage()
		assert.True(t, websocket.IsUnexpectedCloseError(err) ||
			errors.Is(err, io.ErrUnexpectedEOF), err)
		<-heard
		assert.EqualValues(t, 1, p.Counters().Timeouts)
	})
	t.Run("not silent", func(t *testing.T) {
		heard := make(chan string, 10_000)
		p, url := before(t, Kinds{Idle: 2 * time.Second}, echo(heard))
		c, _, err := dial(t, url)
		require.NoError(t, err)
		silent, _, err := dial(t, url) // at the end of its time, c's would be over
		require.NoError(t, err)
		cut := make(chan struct{})
		go func() {
			defer close(cut)
			_, _, _ = silent.ReadMessage()
		}()
		for waiting := true; waiting; {
			require.NoError(t, c.WriteMessage(websocket.TextMessage, []byte("beat")))
			_, _, err := c.ReadMessage()
			require.NoError(t, err)
			select {
			case <-cut:
				waiting = false
			case <-time.After(10 * time.Millisecond):
			}
		}
		assert.EqualValues(t, 1, p.Counters().Timeouts)
	})
}

// from is a handler that answers with the address of the proxy's connection.
func from(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.RemoteAddr) }

// TestEachClientHasItsOwnConnections: a client's connection and the proxy's connections to the
// server belong together, and end together.
func TestEachClientHasItsOwnConnections(t *testing.T) {
	var open atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(from))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	_, url := beforeAddr(t, Kinds{}, s.Listener.Addr().String())
	ann, bob := newClient(t), newClient(t)
	_, first := ask(t, ann, request(t, "GET", url, nil))
	_, again := ask(t, ann, request(t, "GET", url, nil))
	assert.Equal(t, first, again)
	_, other := ask(t, bob, request(t, "GET", url, nil))
	assert.NotEqual(t, first, other)
	assert.EqualValues(t, 2, open.Load())
	ann.CloseIdleConnections()
	bob.CloseIdleConnections()
	assert.Eventually(t, func() bool { return open.Load() == 0 }, 10*time.Second, time.Millisecond)
}

func TestNoKeepAlive(t *testing.T) {
	_, url := before(t, Kinds{NoKeepAlive: true}, from)
	c := newClient(t)
	res, first := ask(t, c, request(t, "GET", url, nil))
	assert.True(t, res.Close, "Connection: close")
	_, second := ask(t, c, request(t, "GET", url, nil))
	assert.NotEqual(t, first, second)
}

func TestStripOrigin(t *testing.T) {
	_, url := before(t, Kinds{StripOrigin: true}, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, len(r.Header["Origin"]))
	})
	r := request(t, "GET", url, nil)
	r.Header.Set("Origin", "http://evil.example")
	_, body := ask(t, newClient(t), r)
	assert.Equal(t, "0", body)
}

// TestSlowBody: the server gets the head at once, and the body later.
func TestSlowBody(t *testing.T) {
	const slow = 300 * time.Millisecond
	var head time.Time
	_, url := before(t, Kinds{SlowBody: slow}, func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		body, _ := io.ReadAll(r.Body)
		head = began
		fmt.Fprintf(w, "%s %t", body, time.Since(began) > slow/2)
	})
	began := time.Now()
	_, body := ask(t, newClient(t), request(t, "POST", url, strings.NewReader("late")))
	assert.Contains(t, body, "late ")
	assert.GreaterOrEqual(t, time.Since(began), slow)
	assert.False(t, head.IsZero())
	_, body = ask(t, newClient(t), request(t, "GET", url, nil))
	assert.Equal(t, " false", body, "a request without a body is not slow")
}

// TestHTTP10OnTheWire reads the bytes that the proxy sends.
func TestHTTP10OnTheWire(t *testing.T) {
	seen := make(chan string, 1)
	_, url := before(t, Kinds{HTTP10: true}, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		seen <- fmt.Sprintf("%s %s %d %q %v %s", r.Proto, r.URL, r.ContentLength, body, err,
			r.Header.Get("Via"))
		w.Header().Set("Trailer", "X-After")
		fmt.Fprint(w, "answer")
		w.Header().Set("X-After", "lost")
	})
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c,
		"POST /a?b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "+
			"chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
	require.NoError(t, err)
	raw, err := io.ReadAll(c)
	require.NoError(t, err)
	head, body, _ := strings.Cut(string(raw), "\r\n\r\n")
	assert.True(t, strings.HasPrefix(head, "HTTP/1.0 200 OK\r\n"), head)
	assert.NotContains(t, head, "Transfer-Encoding")
	assert.NotContains(t, head, "Trailer")
	assert.Contains(t, head, "Connection: close")
	assert.Contains(t, head, "Date: ")
	assert.Equal(t, "answer", body)
	assert.Equal(t, `HTTP/1.0 /a?b 5 "hello" <nil> 1.0 lab`, <-seen)

	long, _ := ask(t, newClient(t), request(t, "POST", url, io.LimitReader(endless{}, maxBody+1)))
	assert.Equal(t, http.StatusRequestEntityTooLarge, long.StatusCode)
	_, _ = ask(t, newClient(t), request(t, "POST", url,
		strings.NewReader(strings.Repeat("x", 3*maxBody))))
	assert.Contains(t, <-seen, fmt.Sprint(3*maxBody), "a known length may be any")
	res, _ := ask(t, newClient(t), request(t, "HEAD", url, nil))
	assert.Equal(t, http.StatusOK, res.StatusCode)
	<-seen
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestCannotReachTheServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	for _, k := range []Kinds{{}, {HTTP10: true}, {Buffering: true}} {
		_, url := beforeAddr(t, k, l.Addr().String())
		res, body := ask(t, newClient(t), request(t, "GET", url, nil))
		assert.Equal(t, http.StatusBadGateway, res.StatusCode, k)
		assert.Contains(t, body, "The proxy cannot reach the server", k)
	}
}

// TestTheServerBreaksOff: a cut on one side cuts the other side, too.
func TestTheServerBreaksOff(t *testing.T) {
	for _, k := range []Kinds{{}, {HTTP10: true}, {Buffering: true}} {
		_, url := before(t, k, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100000")
			_, _ = io.WriteString(w, strings.Repeat("x", 50_000))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})
		res, err := newClient(t).Do(request(t, "GET", url, nil))
		if err == nil {
			_, err = io.ReadAll(res.Body)
			_ = res.Body.Close()
		}
		assert.Error(t, err, k)
	}
}

// TestSet: new kinds end the current requests, and apply to later ones.
func TestSet(t *testing.T) {
	heard := make(chan string, 1)
	arrived := make(chan struct{})
	p, url := before(t, Kinds{}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ws" {
			echo(heard)(w, r)
			return
		}
		arrived <- struct{}{}
		<-r.Context().Done()
	})
	c, _, err := dial(t, url+"/ws")
	require.NoError(t, err)
	var asking sync.WaitGroup
	asking.Go(func() {
		res, body := ask(t, newClient(t), request(t, "GET", url, nil))
		assert.Equal(t, http.StatusBadGateway, res.StatusCode)
		assert.Contains(t, body, "new settings")
	})
	<-arrived
	p.Set(Kinds{}) // no change
	require.NoError(t, c.WriteMessage(websocket.TextMessage, []byte("still here")))
	assert.Equal(t, "still here", <-heard)
	p.Set(Kinds{NoWebSocket: true})
	asking.Wait()
	<-heard // the end of the WebSocket
	assert.Equal(t, Kinds{NoWebSocket: true}, p.Kinds())
	_, _, err = dial(t, url+"/ws")
	assert.ErrorIs(t, err, websocket.ErrBadHandshake)
}

// TestTheClientLeaves: the server notices it, even if net/http no longer watches the connection.
func TestTheClientLeaves(t *testing.T) {
	for _, k := range []Kinds{{}, {HTTP10: true}, {Buffering: true}} {
		arrived, left := make(chan struct{}), make(chan struct{})
		_, url := before(t, k, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			close(arrived)
			<-r.Context().Done()
			close(left)
		})
		c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		require.NoError(t, err)
		_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		require.NoError(t, err)
		<-arrived
		if !k.Buffering {
			_, err = bufio.NewReader(c).ReadString('\n')
			require.NoError(t, err)
		}
		require.NoError(t, c.Close())
		select {
		case <-left:
		case <-time.After(20 * time.Second):
			assert.Fail(t, "the server still waits", k)
		}
	}
}

// TestCloseEndsEverything: a Close with work under way returns, and leaves nothing (see TestMain).
func TestCloseEndsEverything(t *testing.T) {
	heard := make(chan string, 1)
	p, url := before(t, Kinds{LossyUpgrade: true}, echo(heard))
	_, _, err := dial(t, url)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, p.Close(ctx))
	<-heard
	res, body := ask(t, newClient(t), request(t, "GET", url, nil))
	assert.Equal(t, http.StatusBadGateway, res.StatusCode)
	assert.Contains(t, body, "closing")
}
