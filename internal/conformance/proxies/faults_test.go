package proxies

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// upgrade opens the WebSocket of ws-echo or ws-chat.
func upgrade(t *testing.T, f front) (ws *websocket.Conn, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	dialer := websocket.Dialer{TLSClientConfig: f.tls.Clone()}
	ws, resp, err := dialer.DialContext(ctx,
		"wss"+strings.TrimPrefix(f.url, "https")+"/ws?after=0", nil)
	if errors.Is(err, websocket.ErrBadHandshake) {
		return nil, resp.StatusCode
	}
	require.NoError(t, err)
	t.Cleanup(func() { ws.Close() })
	require.NoError(t, ws.SetReadDeadline(time.Now().Add(time.Minute)))
	return ws, resp.StatusCode
}

// TestNoUpgrade: without the line, the server gets an ordinary request: the WebSocket is refused,
// and the official client stays on polling.
func TestNoUpgrade(t *testing.T) {
	for _, line := range []string{"proxy_http_version", "proxy_set_header Upgrade",
		"proxy_set_header Connection"} {
		t.Run(line, func(t *testing.T) {
			f, _ := behind(t, nginx, "ws-echo", without(line))
			_, status := upgrade(t, f)
			assert.Equal(t, http.StatusUpgradeRequired, status)
			f, _ = behind(t, nginx, "broadcast", without(line))
			assert.Equal(t, []string{"polling"}, official(t, f, 1))
		})
	}
}

// TestForeignHost: without the browser's host, the lab's servers refuse the page like one of
// another origin.
func TestForeignHost(t *testing.T) {
	f, _ := behind(t, nginx, "sse", without("proxy_set_header Host"))
	status, body := get(t, f.client(t), f.url+"/")
	assert.Equal(t, http.StatusMisdirectedRequest, status)
	assert.Contains(t, body, `does not answer to the host "by_cookie"`)
}

// TestNoHTTP2: without the word, browsers get HTTP/1.1.
func TestNoHTTP2(t *testing.T) {
	for _, c := range []struct {
		p    proxy
		word edit
	}{{nginx, with(" ssl http2;", " ssl;")}, {haproxy, with(" alpn h2,http/1.1 ", " ")}} {
		addr := reflect(t)
		f := start(t, c.p, [2]string{addr, addr}, c.word)
		proto, _ := ask(t, f, f.client(t))
		assert.Equal(t, "HTTP/1.1", proto, c.p.name)
	}
}

// A stream collects the body of a response.
type stream struct {
	done chan struct{} // closed at the end of the response

	mu     sync.Mutex
	pieces []string // as they were read
	err    error
}

// open reads a streaming response until the test ends. It does not wait for the head, which a proxy
// may also hold back.
func open(t *testing.T, c *http.Client, url string) *stream {
	s := &stream{done: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	go func() {
		defer close(s.done)
		resp, err := c.Do(r)
		if err == nil {
			defer resp.Body.Close()
			buffer := make([]byte, 64<<10)
			for err == nil {
				var n int
				n, err = resp.Body.Read(buffer)
				s.mu.Lock()
				s.pieces = append(s.pieces, string(buffer[:n]))
				s.mu.Unlock()
			}
		}
		s.mu.Lock()
		s.err = err
		s.mu.Unlock()
	}()
	t.Cleanup(func() {
		cancel()
		<-s.done
	})
	return s
}

// text returns everything so far.
func (s *stream) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.pieces, "")
}

var sent = regexp.MustCompile(`"text":"message \d+ `)

// messages returns the number of messages so far.
func (s *stream) messages() int { return len(sent.FindAllString(s.text(), -1)) }

func (s *stream) wait(t *testing.T, messages int) {
	t.Helper()
	require.Eventually(t, func() bool {
		return s.messages() >= messages
	}, time.Minute, time.Millisecond, "message %d", messages)
}

// publish posts the message n to the demo itself.
func publish(t *testing.T, direct string, n int) {
	t.Helper()
	publishText(t, direct, fmt.Sprintf("message %d …", n))
}

func publishText(t *testing.T, direct, text string) {
	t.Helper()
	r := request(t, http.MethodPost, direct+"/messages",
		fmt.Sprintf(`{"from":"ann","text":"%s"}`, text))
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	require.Equal(t, http.StatusCreated, resp.StatusCode)
}

var streams = map[string]string{"hanging": "/stream?after=0", "sse": "/events?after=0"}

// ignoring makes nginx ignore the header of a server's streams.
var ignoring = with("proxy_pass http://by_cookie;",
	"proxy_pass http://by_cookie;\n\t\t\tproxy_ignore_headers X-Accel-Buffering;")

// TestBuffering: nginx collects a response by default. Either its line or the server's header
// X-Accel-Buffering prevents that.
func TestBuffering(t *testing.T) {
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	for name, path := range streams {
		for how, edits := range map[string][]edit{"by the line": {ignoring},
			"by the header": {without("proxy_buffering")}} {
			t.Run(name+" at once "+how, func(t *testing.T) {
				f, direct := behind(t, nginx, name, edits...)
				s := open(t, f.client(t), f.url+path)
				for n := 1; n <= 5; n++ {
					publish(t, direct, n)
					s.wait(t, n)
				}
			})
		}
		t.Run(name+" in one batch", func(t *testing.T) {
			f, direct := behind(t, nginx, name, without("proxy_buffering"), ignoring)
			inOneBatch(t, f, direct, path)
		})
	}
}

// inOneBatch publishes messages that do not arrive through a proxy, until they arrive together.
// Messages that nginx reads together with the head of the response do not count, because it passes
// them on at once. The client speaks HTTP/1.1: over HTTP/2 any frame of the client may make nginx
// send what it holds.
func inOneBatch(t *testing.T, f front, direct, path string) {
	t.Helper()
	client := f.client(t)
	transport := client.Transport.(*http.Transport)
	transport.TLSClientConfig.NextProtos, transport.ForceAttemptHTTP2 = []string{"http/1.1"}, false
	through, beside := open(t, client, f.url+path), open(t, http.DefaultClient, direct+path)
	n, atOnce := 0, 0
	next := func() {
		require.Less(t, n, 300, "messages arrive at once, or never")
		n++
		publishText(t, direct, fmt.Sprintf("message %d %s", n, strings.Repeat("x", 1000)))
		beside.wait(t, n)
	}
	for waiting := 0; waiting < 3; waiting++ {
		next()
		if now := through.messages(); now > atOnce {
			atOnce, waiting = now, -1
		}
	}
	for through.messages() == atOnce {
		next()
	}
	require.Eventually(t, func() bool {
		return through.messages()-atOnce >= 3
	}, time.Minute, time.Millisecond, "the others come with the first")
}

// quiet holds the edits that make a proxy cut connections that are silent for a second.
var quiet = map[string][]edit{
	"nginx": {with("proxy_read_timeout 1h", "proxy_read_timeout 1s")},
	"haproxy": {with("timeout server 1h", "timeout server 1s"),
		with("timeout client 1h", "timeout client 1s"), without("timeout tunnel")},
	"caddy": {with("lb_policy cookie lab_server",
		"transport http {\n\t\t\tresponse_header_timeout 1s\n\t\t\tread_timeout 1s\n\t\t}")},
}

// TestSilence: a proxy cuts connections that are silent for longer than its timeout. With the
// lesson's configuration a held request, a stream and a WebSocket survive. nginx resets a stream
// that it cuts; HAProxy and Caddy end it as if it were complete.
func TestSilence(t *testing.T) {
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	for _, p := range all {
		t.Run(p.name+" waits", func(t *testing.T) {
			polling, _ := behind(t, p, "long-polling")
			hanging, direct := behind(t, p, "hanging")
			echo, _ := behind(t, p, "ws-echo")
			s := open(t, hanging.client(t), hanging.url+"/stream?after=0")
			require.Eventually(t, func() bool {
				return s.text() == "\n"
			}, time.Minute, time.Millisecond)
			ws, _ := upgrade(t, echo)
			status, body := get(t, polling.client(t), polling.url+"/messages?after=0&wait=2s")
			assert.Equal(t, http.StatusOK, status)
			assert.JSONEq(t, "[]", body)
			publish(t, direct, 1)
			s.wait(t, 1)
			require.NoError(t, ws.WriteMessage(websocket.TextMessage, []byte("still here")))
			_, back, err := ws.ReadMessage()
			require.NoError(t, err)
			assert.Equal(t, "still here", string(back))
		})
		t.Run(p.name+" cuts a held request", func(t *testing.T) {
			f, _ := behind(t, p, "long-polling", quiet[p.name]...)
			status, _ := get(t, f.client(t), f.url+"/messages?after=0&wait=60s")
			assert.Equal(t, http.StatusGatewayTimeout, status)
		})
		t.Run(p.name+" cuts a stream", func(t *testing.T) {
			f, _ := behind(t, p, "hanging", quiet[p.name]...)
			s := open(t, f.client(t), f.url+"/stream?after=0")
			select {
			case <-s.done:
				clean := errors.Is(s.err, io.EOF)
				assert.Equal(t, p.name != "nginx", clean,
					"a clean end looks like the last of the messages: %v", s.err)
				assert.Equal(t, "\n", s.text())
			case <-time.After(time.Minute):
				require.FailNow(t, "the stream is not cut")
			}
		})
		t.Run(p.name+" cuts a WebSocket", func(t *testing.T) {
			f, _ := behind(t, p, "ws-echo", quiet[p.name]...)
			ws, _ := upgrade(t, f)
			_, _, err := ws.ReadMessage()
			require.Error(t, err)
			assert.NotErrorIs(t, err, context.DeadlineExceeded)
			assert.True(t, websocket.IsUnexpectedCloseError(err), "without a close frame: %v", err)
		})
	}
}

// TestTunnelTimeout: in HAProxy, timeout tunnel alone keeps a silent WebSocket open.
func TestTunnelTimeout(t *testing.T) {
	short := []edit{with("timeout server 1h", "timeout server 1s"),
		with("timeout client 1h", "timeout client 1s")}
	echo, _ := behind(t, haproxy, "ws-echo", short...)
	polling, _ := behind(t, haproxy, "long-polling", short...)
	ws, _ := upgrade(t, echo)
	for range 2 { // each takes as long as the two timeouts
		status, _ := get(t, polling.client(t), polling.url+"/messages?after=0&wait=60s")
		assert.Equal(t, http.StatusGatewayTimeout, status)
	}
	require.NoError(t, ws.WriteMessage(websocket.TextMessage, []byte("still here")))
	_, back, err := ws.ReadMessage()
	require.NoError(t, err)
	assert.Equal(t, "still here", string(back))
}
