package capture_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lines holds the answers of the server on a Socket.IO connection, by the client's message.
var lines = map[string]string{"40": `40{"sid":"b"}`,
	`42["chat message","你好"]`: `42["chat message","你好"]`, `421["ferret","tobi"]`: `431["woot"]`}

// serve answers plain requests, streams events, echoes over a WebSocket and speaks some Socket.IO,
// over HTTP/1.1 and HTTP/2.
func serve(t *testing.T, listen func(net.Listener) net.Listener) *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("/hello", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "hello %s\n", body)
	})
	mux.HandleFunc("/events", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "id: %d\nevent: price\ndata: %d.5\n\n", i+1, i)
			w.(http.Flusher).Flush()
		}
	})
	mux.HandleFunc("/ws", socket(func(c *websocket.Conn) error {
		kind, data, err := c.ReadMessage()
		if err != nil {
			return err
		}
		return c.WriteMessage(kind, data)
	}, ""))
	mux.HandleFunc("/socket.io/", socket(func(c *websocket.Conn) error {
		_, data, err := c.ReadMessage()
		if err != nil {
			return err
		}
		return c.WriteMessage(websocket.TextMessage, []byte(lines[string(data)]))
	}, `0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`))
	s := httptest.NewUnstartedServer(mux)
	s.Config.Protocols = protocols(true)
	s.Listener = listen(s.Listener)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// protocols are HTTP/1.1 and HTTP/2 without TLS, or HTTP/2 alone.
func protocols(one bool) *http.Protocols {
	p := &http.Protocols{}
	p.SetHTTP1(one)
	p.SetUnencryptedHTTP2(true)
	return p
}

// socket serves a WebSocket: it sends a greeting and then answers messages one by one.
func socket(answer func(*websocket.Conn) error, greeting string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		if greeting != "" {
			err = c.WriteMessage(websocket.TextMessage, []byte(greeting))
		}
		for err == nil {
			err = answer(c)
		}
	}
}

// talk has a client of each kind talk to the server.
func talk(t *testing.T, url string) {
	client := &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}
	defer client.CloseIdleConnections()
	get(t, client, url+"/hello?name=ann", "ann")
	get(t, client, url+"/events", "")
	second := &http.Client{Transport: &http.Transport{Protocols: protocols(false)},
		Timeout: time.Minute}
	get(t, second, url+"/hello?name=ann", "over HTTP/2")
	get(t, second, url+"/events", "")
	second.CloseIdleConnections()
	exchange(t, url+"/ws", "", "first", "second 你好", strings.Repeat("long ", 40))
	exchange(t, url+"/socket.io/?EIO=4&transport=websocket", "greeting", "40",
		`42["chat message","你好"]`, `421["ferret","tobi"]`)
	client.CloseIdleConnections()
}

func get(t *testing.T, client *http.Client, url, body string) {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	if body == "" {
		r.Method, r.Body, r.ContentLength = http.MethodGet, http.NoBody, 0
	}
	res, err := client.Do(r)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, bufio.NewReader(res.Body))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
}

// exchange sends messages and waits for an answer to each, and ends the WebSocket as browsers do.
func exchange(t *testing.T, url, greeting string, messages ...string) {
	c, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http"), nil)
	require.NoError(t, err)
	defer c.Close()
	if greeting != "" {
		_, _, err = c.ReadMessage()
		require.NoError(t, err)
	}
	for _, m := range messages {
		require.NoError(t, c.WriteMessage(websocket.TextMessage, []byte(m)))
		_, _, err = c.ReadMessage()
		require.NoError(t, err)
	}
	require.NoError(t, c.WriteMessage(websocket.CloseMessage,
		websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")))
	for err == nil {
		_, _, err = c.ReadMessage()
	}
}

// live records the clients' talk, and returns the x-ray once all connections have ended.
func live(t *testing.T) *xray.Xray {
	wire := tap.New(tap.Config{})
	x := xray.New(wire, xray.Config{})
	t.Cleanup(x.Close)
	s := serve(t, wire.Listener)
	talk(t, s.URL)
	s.Close()
	// the handlers of WebSockets
	require.Eventually(t, func() bool {
		return wire.Counters().Open == 0
	}, time.Minute, time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, x.Sync(ctx))
	return x
}
