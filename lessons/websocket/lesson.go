package websocket

import (
	"embed"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
)

//go:embed *.go frame/*.go
var source embed.FS

//go:embed pages
var pages embed.FS

//go:embed exercises
var exercises embed.FS

//go:embed lesson.md
var english string

//go:embed lesson.zh.md
var chinese string

// Lesson describes the lesson on the raw WebSocket, and its demos.
func Lesson() lesson.Lesson {
	return lesson.Lesson{
		Name:  "websocket",
		Title: lang.Text{EN: "WebSocket", ZH: "WebSocket"},
		Summary: lang.Text{
			EN: "One handshake over HTTP, then frames both ways over the same connection.",
			ZH: "先用 HTTP 握一次手，然后在同一条连接上双向收发帧。",
		},
		Body:      lang.Text{EN: english, ZH: chinese},
		Folder:    "lessons/websocket",
		Source:    source,
		Pages:     pages,
		Exercises: exercises,
		Demos:     []lesson.Demo{echoDemo, chatDemo},
	}
}

var echoDemo = lesson.Demo{
	Name:  "ws-echo",
	Title: lang.Text{EN: "WebSocket echo", ZH: "WebSocket 回声"},
	Summary: lang.Text{
		EN: "Each message comes back, and the page shows what its frame looks like.",
		ZH: "每条消息都原样返回，页面上可以看到它的帧长什么样。",
	},
	Source: []string{"echo.go#Echo.connect", "conn.go#conn.readLoop", "handshake.go#Accept"},
	Client: []string{"ws-echo.js#client"},
	Start:  startEcho,
}

func startEcho(env lesson.Env) (*lesson.Instance, error) {
	e := NewEcho(Config{Log: env.Log})
	return &lesson.Instance{Handler: e, Clients: e.Clients, Close: e.Close}, nil
}

var chatDemo = lesson.Demo{
	Name:  "ws-chat",
	Title: lang.Text{EN: "WebSocket chat", ZH: "WebSocket 聊天室"},
	Summary: lang.Text{
		EN: "The chat room: one connection for each page, and both sides may send at any time.",
		ZH: "聊天室：每个页面一条连接，双方随时都能发送。",
	},
	Source: []string{"chat.go#Chat.connect", "chat.go#Chat.take", "conn.go#conn.serve",
		"conn.go#conn.writeLoop", "conn.go#conn.writeNews"},
	Client: []string{"ws-chat.js#client"},
	Peer:   true,
	Lanes:  []lesson.Lane{chatLane, deflateLane},
	Start: func(env lesson.Env) (*lesson.Instance, error) {
		s := NewChat(Config{Log: env.Log})
		return &lesson.Instance{Handler: s, Clients: s.Clients, Close: s.Close}, nil
	},
}
