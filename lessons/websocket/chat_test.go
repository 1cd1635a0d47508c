package websocket

import (
	"context"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/feed"
	"realtimelab/internal/feed/client"
	"realtimelab/internal/feed/feedtest"
	"realtimelab/internal/labtest/need"
)

func chatTransport(t *testing.T, cfg Config) feedtest.Transport {
	s := NewChat(cfg)
	return feedtest.Transport{Handler: s, Close: s.Close, Feed: s.Feed,
		Client: func(url string, _ *http.Client) feedtest.Client {
			return &Client{URL: url, Backoff: feedtest.Backoff,
				Dialer: &websocket.Dialer{EnableCompression: cfg.Compression}}
		}}
}

func TestChaos(t *testing.T) { feedtest.Chaos(t, chatTransport(t, Config{})) }

func TestChaosCompressed(t *testing.T) {
	feedtest.Chaos(t, chatTransport(t, Config{Compression: true}))
}

func TestRestart(t *testing.T) {
	feedtest.Restart(t, func() feedtest.Transport { return chatTransport(t, Config{}) })
}

func TestSlowReader(t *testing.T) {
	tr := chatTransport(t, Config{Feed: feedtest.SlowConfig})
	feedtest.Slow(t, tr, upgrade("/ws"))
}

const key = "dGhlIHNhbXBsZSBub25jZQ=="

// upgrade is a handshake; a header given replaces the one of that name, or takes it out if it has
// no value.
func upgrade(target string, headers ...string) string {
	lines := []string{"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
		"Sec-WebSocket-Key: " + key}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ":")
		for i, line := range lines {
			if strings.HasPrefix(line, name+": ") {
				lines = append(lines[:i], lines[i+1:]...)
				break
			}
		}
		if value != "" {
			lines = append(lines, h)
		}
	}
	return "GET " + target + " HTTP/1.1\nHost: HOST\n" + strings.Join(lines, "\n") + "\n\n"
}

func TestRefusals(t *testing.T) {
	s := NewChat(Config{Origins: []string{"https://friend.example"}})
	server := feedtest.Serve(t, s, s.Close)
	upgradeTo := http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}}
	feedtest.Refusals(t, server, []feedtest.Refusal{
		{Name: "no upgrade", Request: upgrade("/ws", "Connection:", "Upgrade:"), Status: 426,
			Reason: "must be an upgrade", Header: upgradeTo},
		{Name: "upgrade to something else", Request: upgrade("/ws", "Upgrade: h2c"), Status: 426,
			Reason: "must be an upgrade", Header: upgradeTo},
		{Name: "no Connection", Request: upgrade("/ws", "Connection: keep-alive"), Status: 426,
			Reason: "must be an upgrade", Header: upgradeTo},
		{Name: "version 8", Request: upgrade("/ws", "Sec-WebSocket-Version: 8"), Status: 426,
			Reason: "must be 13", Header: http.Header{"Sec-Websocket-Version": {"13"}}},
		{Name: "no version", Request: upgrade("/ws", "Sec-WebSocket-Version:"), Status: 426,
			Reason: "must be 13"},
		{Name: "no key", Request: upgrade("/ws", "Sec-WebSocket-Key:"), Status: 400,
			Reason: "16 bytes"},
		{Name: "a short key", Request: upgrade("/ws", "Sec-WebSocket-Key: c2hvcnQ="), Status: 400,
			Reason: "16 bytes"},
		{Name: "a key that is no base64", Request: upgrade("/ws",
			"Sec-WebSocket-Key: ????????????????????????"), Status: 400, Reason: "16 bytes"},
		{Name: "another origin", Request: upgrade("/ws", "Origin: http://evil.example"),
			Status: 403, Reason: "another origin"},
		{Name: "another port is another origin", Request: upgrade("/ws",
			"Origin: http://127.0.0.1:1"), Status: 403, Reason: "another origin"},
		{Name: "a sandboxed page", Request: upgrade("/ws", "Origin: null"), Status: 403,
			Reason: "another origin"},
		{Name: "cursor", Request: upgrade("/ws?after=x"), Status: 400, Reason: "after must be"},
		{Name: "POST", Request: strings.Replace(upgrade("/ws"), "GET", "POST", 1), Status: 405,
			Reason: "POST", Header: http.Header{"Allow": {"GET, HEAD, OPTIONS"}}},
		{Name: "elsewhere", Request: upgrade("/nope"), Status: 404, Reason: "/nope"},
		{Name: "abort nobody", Request: "POST /cut HTTP/1.1\nHost: HOST\n\n", Status: 400,
			Reason: "client"},
	})
	for _, origin := range []string{server.URL, "https://friend.example"} {
		resp, _ := handshake(t, server, upgrade("/ws", "Origin: "+origin))
		assert.Equal(t, 101, resp.StatusCode, origin)
	}
}

func dial(t *testing.T, server *feedtest.Server, query string) *websocket.Conn {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial("ws://"+server.Addr+"/ws"+query, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = ws.Close() })
	require.NoError(t, ws.SetReadDeadline(time.Now().Add(30*time.Second)))
	return ws
}

func receive(t *testing.T, ws *websocket.Conn) string {
	t.Helper()
	_, data, err := ws.ReadMessage()
	require.NoError(t, err)
	return string(data)
}

func TestChat(t *testing.T) {
	s := NewChat(Config{})
	server := feedtest.Serve(t, s, s.Close)
	ann, bob := dial(t, server, ""), dial(t, server, "")
	require.NoError(t, ann.WriteMessage(websocket.TextMessage,
		[]byte(`{"from":"ann","text":"你好"}`)))
	got := receive(t, ann)
	assert.Contains(t, got, `{"id":1,"from":"ann","text":"你好","at":"`)
	assert.Equal(t, got, receive(t, bob), "everybody gets the same, the sender too")

	require.NoError(t, bob.WriteMessage(websocket.TextMessage, []byte(`{"from":"bob"}`)))
	assert.JSONEq(t, `{"error":"\"text\" must not be empty"}`, receive(t, bob),
		"a refusal is for the sender alone")
	require.NoError(t, bob.WriteMessage(websocket.TextMessage,
		[]byte(`{"from":"bob","text":"still here"}`)))
	assert.Contains(t, receive(t, bob), "still here")
	assert.Contains(t, receive(t, ann), "still here")

	late := dial(t, server, "?after=1")
	assert.Contains(t, receive(t, late), `{"id":2,`, "the backlog after the cursor")
	assert.Equal(t, 3, s.Clients())
}

func TestUnreadRefusals(t *testing.T) {
	c := newConn(nil, Config{}.withDefaults())
	for range queue {
		require.NoError(t, c.refuse(errAborted))
	}
	require.ErrorIs(t, c.refuse(errAborted), errUnread)
}

// TestServerCloses: the last message arrives, then 1001, and every client leaves.
func TestServerCloses(t *testing.T) {
	need.Time(t)
	s := NewChat(Config{})
	server := feedtest.Serve(t, s, s.Close)
	ann := dial(t, server, "")
	server.Dial(t, upgrade("/ws")) // never answers the close frame
	require.Eventually(t, func() bool { return s.Clients() == 2 }, time.Minute, time.Millisecond)
	_, err := s.Feed.Publish("server", "last words")
	require.NoError(t, err)
	closed := make(chan error)
	go func() { closed <- s.Close(t.Context()) }()
	require.Contains(t, receive(t, ann), "last words")
	_, _, err = ann.ReadMessage()
	require.True(t, websocket.IsCloseError(err, websocket.CloseGoingAway), "%v", err)
	require.NoError(t, <-closed)
	require.Zero(t, s.Clients())

	resp, wire := handshake(t, server, upgrade("/ws"))
	require.Equal(t, 101, resp.StatusCode)
	expectClose(t, wire, 1001)
}

// TestCloseInAHurry: a client that reads nothing cannot hold up the end.
func TestCloseInAHurry(t *testing.T) {
	s := NewChat(Config{WriteTimeout: time.Hour, CloseTimeout: time.Hour})
	server := feedtest.Serve(t, s, s.Close)
	server.Dial(t, upgrade("/ws"))
	require.Eventually(t, func() bool { return s.Clients() == 1 }, time.Minute, time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Close(ctx), context.Canceled)
	require.Zero(t, s.Clients())
}

// TestCloseWithAStuckWrite: a write that may take an hour does not hold up the end either.
func TestCloseWithAStuckWrite(t *testing.T) {
	s := NewChat(Config{WriteTimeout: time.Hour, Feed: feed.Config{Queue: 1000}})
	server := feedtest.Serve(t, s, s.Close)
	conn := server.Dial(t, upgrade("/ws"))
	require.NoError(t, conn.SetReadBuffer(4<<10))
	require.Eventually(t, func() bool { return s.Clients() == 1 }, 10*time.Second, time.Millisecond)
	for range 500 { // more than the sockets hold
		_, err := s.Feed.Publish("server", strings.Repeat("x", 30_000))
		require.NoError(t, err)
	}
	began := time.Now()
	require.NoError(t, s.Close(context.Background()))
	require.Less(t, time.Since(began), 10*time.Second)
	require.Zero(t, s.Clients())
}

func TestAbort(t *testing.T) {
	s := NewChat(Config{})
	server := feedtest.Serve(t, s, s.Close)
	ws := dial(t, server, "?client=me")
	dial(t, server, "?client=you")
	require.Eventually(t, func() bool { return s.Clients() == 2 }, time.Minute, time.Millisecond)
	resp, body := server.Do(t, "POST /cut?client=me HTTP/1.1\nHost: HOST\n\n")
	require.Equal(t, 200, resp.StatusCode)
	require.Equal(t, "{\"cut\":1}\n", body)
	_, _, err := ws.ReadMessage()
	require.ErrorIs(t, err, syscall.ECONNRESET)
	require.Eventually(t, func() bool { return s.Clients() == 1 }, time.Minute, time.Millisecond)
}

func TestClientRefused(t *testing.T) {
	s := NewChat(Config{MaxMessage: 100})
	server := feedtest.Serve(t, s, s.Close)
	c := &Client{URL: server.URL}
	var refused *client.RefusedError
	require.ErrorAs(t, c.Publish(t.Context(), "", "hi"), &refused)
	require.ErrorAs(t, c.Subscribe(t.Context(), -1, nil), &refused)
	require.Equal(t, 400, refused.Status)

	ended := make(chan error)
	go func() { ended <- c.Subscribe(t.Context(), 0, func(feed.Message) {}) }()
	require.NoError(t, c.Publish(t.Context(), "ann", strings.Repeat("a", 100)))
	require.True(t, websocket.IsCloseError(<-ended, websocket.CloseMessageTooBig))
}
