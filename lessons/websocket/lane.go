package websocket

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/gorilla/websocket"

	"realtimelab/internal/feed"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
)

var chatLane = lesson.Lane{
	Name:  "websocket",
	Title: lang.Text{EN: "WebSocket", ZH: "WebSocket"},
	Dial: func(ctx context.Context, d lesson.Dialing) (lesson.Client, error) {
		chat := &Client{URL: d.URL, Header: d.Upgrade, Backoff: feed.Backoff{NoJitter: d.NoJitter}}
		return feed.Follow(ctx, chat, d.Hear, chat.Send, nil), nil
	},
	Ask:     dialEcho,
	Answers: startEcho,
}

// dialEcho connects a client whose answer is its message's echo.
func dialEcho(ctx context.Context, d lesson.Dialing) (lesson.Client, error) {
	ws, _, err := websocket.DefaultDialer.DialContext(ctx, "ws"+strings.TrimPrefix(d.URL, "http")+"/ws", d.Upgrade)
	if err != nil {
		return nil, err
	}
	return echoClient{ws}, nil
}

type echoClient struct{ ws *websocket.Conn }

// Send sends a message and waits for its echo.
func (c echoClient) Send(ctx context.Context, message []byte) error {
	defer context.AfterFunc(ctx, func() { _ = c.ws.Close() })()
	if err := c.ws.WriteMessage(websocket.TextMessage, message); err != nil {
		return err
	}
	_, answer, err := c.ws.ReadMessage()
	if err == nil && !bytes.Equal(answer, message) {
		err = errors.New("the echo is another message")
	}
	return err
}

// Close closes the connection.
func (c echoClient) Close() { _ = c.ws.Close() }
