package websocket

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/gorilla/websocket"

	"realtimelab/internal/feed/client"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
)

var chatLane = lesson.Lane{
	Name:    "websocket",
	Title:   lang.Text{EN: "WebSocket", ZH: "WebSocket"},
	As:      "websocket",
	Dial:    dialChat(false),
	Ask:     dialEcho(false),
	Answers: startEcho, AskApart: true,
	Rooms: lesson.RoomsByPath(dialChat(false)),
	Bytes: lesson.Way{Start: startFanout(func(env lesson.Env) Config {
		return Config{Log: env.Log}
	}), Dial: dialBytes(false)},
}

// deflateLane negotiates permessage-deflate and compresses each message, however short.
var deflateLane = lesson.Lane{
	Name: "websocket-deflate",
	Title: lang.Text{EN: "WebSocket with permessage-deflate",
		ZH: "WebSocket 加 permessage-deflate"},
	Deflates: true,
	GoOnly:   true,
	Start: func(env lesson.Env) (*lesson.Instance, error) {
		s := NewChat(deflating(env))
		return &lesson.Instance{Handler: s, Clients: s.Clients, Close: s.Close}, nil
	},
	Dial: dialChat(true),
	Ask:  dialEcho(true),
	Answers: func(env lesson.Env) (*lesson.Instance, error) {
		e := NewEcho(deflating(env))
		return &lesson.Instance{Handler: e, Clients: e.Clients, Close: e.Close}, nil
	},
	Rooms: lesson.RoomsByPath(dialChat(true)),
	Bytes: lesson.Way{Start: startFanout(deflating), Dial: dialBytes(true)},
}

func deflating(env lesson.Env) Config {
	return Config{Log: env.Log, Compression: true, CompressFrom: 1}
}

func dialer(d lesson.Dialing, deflate bool) *websocket.Dialer {
	return &websocket.Dialer{Proxy: http.ProxyFromEnvironment, TLSClientConfig: d.TLS,
		EnableCompression: deflate}
}

func dialChat(deflate bool) lesson.Dial {
	return func(ctx context.Context, d lesson.Dialing) (lesson.Client, error) {
		chat := &Client{URL: d.URL, Header: d.Upgrade, Dialer: dialer(d, deflate),
			Backoff: client.Backoff{NoJitter: d.NoJitter}}
		return client.Follow(ctx, chat, d.Hear, chat.Send, nil), nil
	}
}

// dialEcho connects a client whose answer is its message's echo.
func dialEcho(deflate bool) lesson.Dial {
	return func(ctx context.Context, d lesson.Dialing) (lesson.Client, error) {
		ws, _, err := dialer(d, deflate).
			DialContext(ctx, "ws"+strings.TrimPrefix(d.URL, "http")+"/ws", d.Upgrade)
		if err != nil {
			return nil, err
		}
		return echoClient{ws}, nil
	}
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
