package proxies

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lesson"
	"realtimelab/lessons"
)

// TestEveryTransportWorks: with the lesson's configuration each message arrives before the next is
// sent, over every transport.
func TestEveryTransportWorks(t *testing.T) {
	for _, p := range all {
		for _, name := range []string{"short-polling", "long-polling", "hanging", "sse", "sse-h2",
			"websocket", "socketio-polling", "socketio-websocket"} {
			t.Run(p.name+"/"+name, func(t *testing.T) {
				d, lane, ok := lesson.FindLane(lessons.All(), name)
				require.True(t, ok)
				f, _ := behind(t, p, d.Name)
				delivers(t, f, lane)
			})
		}
	}
}

// delivers checks that each message of a client arrives before the next is sent.
func delivers(t *testing.T, f front, lane lesson.Lane) {
	t.Helper()
	heard := make(chan string, 10)
	client, err := lane.Dial(t.Context(), lesson.Dialing{
		URL: f.url, TLS: f.tls, HTTP2: lane.HTTP2, Interval: 10 * time.Millisecond,
		Hear: func(text string) {
			heard <- text
		},
	})
	require.NoError(t, err)
	defer client.Close()
	for i := range 5 {
		text := fmt.Sprint("message ", i)
		require.NoError(t, client.Send(t.Context(),
			[]byte(fmt.Sprintf(`{"from":"ann","text":%q}`, text))))
		select {
		case got := <-heard:
			assert.Equal(t, text, got)
		case <-time.After(time.Minute):
			require.FailNow(t, "a message does not arrive", text)
		}
	}
}

// TestOtherClients: ws, the official client and Node's HTTP/2 client work through each proxy as
// with our own TLS.
func TestOtherClients(t *testing.T) {
	for _, p := range all {
		t.Run(p.name, func(t *testing.T) {
			echo, _ := behind(t, p, "ws-echo")
			broadcast, _ := behind(t, p, "broadcast")
			sse, _ := behind(t, p, "sse")
			cmd := exec.CommandContext(t.Context(), need.Tool(t, "node"), "https-client.mjs",
				echo.url, broadcast.url, sse.url)
			cmd.Dir = node.Dir(t)
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
			assert.Equal(t, 6, strings.Count(string(out), "ok "), "%s", out)
		})
	}
}

// TestPages: a demo's page and its files come through, and a page of another origin is refused.
func TestPages(t *testing.T) {
	for _, p := range all {
		t.Run(p.name, func(t *testing.T) {
			f, _ := behind(t, p, "sse")
			c := f.client(t)
			for path, want := range map[string]string{"/": "<!doctype html>",
				"/lab/info.json": `"sse"`, "/lab/shared/lab.js": "export"} {
				status, body := get(t, c, f.url+path)
				assert.Equal(t, http.StatusOK, status, path)
				assert.Contains(t, strings.ToLower(body), want, path)
			}
			foreign := request(t, http.MethodGet, f.url+"/lab/info.json", "")
			foreign.Header.Set("Origin", "https://evil.example")
			resp, err := c.Do(foreign)
			require.NoError(t, err)
			resp.Body.Close()
			assert.Equal(t, http.StatusForbidden, resp.StatusCode)
		})
	}
}

// reflect serves what a server behind a proxy learns about a client, until the test ends.
func reflect(t *testing.T) (addr string) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s host=%s for=%s proto=%s", r.Proto, r.Method, r.Host,
			strings.Join(r.Header.Values("X-Forwarded-For"), "+"),
			r.Header.Get("X-Forwarded-Proto"))
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// ask sends such a server a request with a forged client address.
func ask(t *testing.T, f front, c *http.Client) (proto, answer string) {
	r := request(t, http.MethodGet, f.url+"/", "")
	r.Header.Set("X-Forwarded-For", "203.0.113.7")
	resp, err := c.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	text := make([]byte, 1000)
	n, _ := resp.Body.Read(text)
	return resp.Proto, string(text[:n])
}

// TestWhatTheServerLearns: HTTP/2 ends at the proxy, the host is the browser's, and the address is
// the one that the proxy sees.
func TestWhatTheServerLearns(t *testing.T) {
	for _, p := range all {
		t.Run(p.name, func(t *testing.T) {
			addr := reflect(t)
			f := start(t, p, [2]string{addr, addr})
			proto, answer := ask(t, f, f.client(t))
			assert.Equal(t, "HTTP/2.0", proto)
			assert.Equal(t, "HTTP/1.1 GET host="+strings.TrimPrefix(f.url, "https://")+
				" for=127.0.0.1 proto=https", answer)
		})
	}
	for _, c := range []struct {
		name string
		p    proxy
		line edit
		want string
	}{
		{"nginx believes a client", nginx, without("proxy_set_header X-Forwarded-For"),
			"for=203.0.113.7 "},
		{"haproxy believes a client", haproxy, without("http-request set-header X-Forwarded-For"),
			"for=203.0.113.7 "},
		{"nginx changes the host", nginx, without("proxy_set_header Host"), "host=by_cookie "},
		{"nginx hides https", nginx, without("proxy_set_header X-Forwarded-Proto"), " proto="},
		{"haproxy hides https", haproxy, without("http-request set-header X-Forwarded-Proto"),
			" proto="},
		{"nginx speaks HTTP/1.0", nginx, without("proxy_http_version"), "HTTP/1.0 GET"},
	} {
		t.Run(c.name, func(t *testing.T) {
			addr := reflect(t)
			f := start(t, c.p, [2]string{addr, addr}, c.line)
			_, answer := ask(t, f, f.client(t))
			assert.Contains(t, answer+"\n", c.want)
			if c.want == " proto=" {
				assert.True(t, strings.HasSuffix(answer, c.want), answer)
			}
		})
	}
}
