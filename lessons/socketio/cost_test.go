package socketio

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
)

// seventyOne is a chat message of 71 bytes, as in the lessons before.
const seventyOne = `{"id":1,"from":"guest-123","text":"hi","at":"2000-01-01T00:00:00.000Z"}`

// echoes makes each socket of the namespace receive what it sends, and an answer where it asks for
// one.
func echoes(n *sio.Namespace) {
	n.OnConnection(func(s *sio.Socket) {
		s.On("chat message", func(msg sio.Args, ack sio.Ack) {
			var text struct {
				ID   int    `json:"id"`
				From string `json:"from"`
				Text string `json:"text"`
				At   string `json:"at"`
			}
			if msg.Decode(0, &text) == nil {
				s.Emit("chat message", text)
			}
			ack()
		})
	})
}

// bare is the same echo over a WebSocket and nothing else.
func bare(t *testing.T) (url string) {
	upgrader := websocket.Upgrader{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		for {
			kind, data, err := conn.ReadMessage()
			if err != nil || conn.WriteMessage(kind, data) != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

// TestWhatAMessageCosts counts bytes at the socket, frames and masks included, and finds them in
// both texts.
func TestWhatAMessageCosts(t *testing.T) {
	plain, plainURL := serve(t, sio.Config{})
	echoes(plain.Namespace)
	echoes(plain.Of("/chat"))
	recovering, recoveringURL := serve(t, sio.Config{Recovery: &sio.Recovery{}})
	echoes(recovering.Namespace)

	for _, c := range []struct {
		en, zh, url     string
		connect, packet string
		answers         int
	}{
		{"bare WebSocket", "裸 WebSocket", bare(t), "", seventyOne, 1},
		{"Socket.IO event", "Socket.IO 事件", plainURL, "40",
			`42["chat message",` + seventyOne + `]`, 1},
		{"the same, in `/chat`", "同上，在 `/chat` 里", plainURL, "40/chat,",
			`42/chat,["chat message",` + seventyOne + `]`, 1},
		{"the same, with an acknowledgement", "同上，另要一个回执", plainURL, "40",
			`420["chat message",` + seventyOne + `]`, 2},
		{"the same, with recovery on", "同上，开启状态恢复", recoveringURL, "40",
			`42["chat message",` + seventyOne + `]`, 1},
	} {
		t.Run(c.en, func(t *testing.T) {
			k := dial(t, c.url)
			if c.connect != "" {
				k.hear(1)
				k.say(c.connect)
				k.hear(1)
			}
			up, down := k.up.Load(), k.down.Load()
			k.say(c.packet)
			k.hear(c.answers)
			up, down = k.up.Load()-up, k.down.Load()-down
			t.Logf("%d up, %d down", up, down)
			require.Contains(t, written.EN, fmt.Sprintf("| %s | %d | %d |\n", c.en, up, down))
			require.Contains(t, written.ZH, fmt.Sprintf("| %s | %d | %d |\n", c.zh, up, down))
		})
	}
}

// TestWhatAHeartbeatCosts counts a ping and its pong.
func TestWhatAHeartbeatCosts(t *testing.T) {
	_, url := serve(t, sio.Config{Engine: engineio.Config{PingInterval: time.Millisecond}})
	k := dial(t, url)
	require.Equal(t, "2", k.hear(2)) // its pong is due before the next one
	up, down := k.up.Load(), k.down.Load()
	k.say("3")
	require.Equal(t, "2", k.hear(1))
	up, down = k.up.Load()-up, k.down.Load()-down
	require.Contains(t, written.EN,
		fmt.Sprintf("| heartbeat, every 25 seconds | %d | %d |\n", up, down))
	require.Contains(t, written.ZH, fmt.Sprintf("| 心跳，每 25 秒一次 | %d | %d |\n", up, down))
}
