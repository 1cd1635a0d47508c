package longconn

import (
	"embed"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
)

//go:embed *.go
var source embed.FS

//go:embed pages
var pages embed.FS

//go:embed exercises
var exercises embed.FS

//go:embed lesson.md
var english string

//go:embed lesson.zh.md
var chinese string

// Lesson describes the lesson on streaming responses, and its demos.
func Lesson() lesson.Lesson {
	return lesson.Lesson{
		Name:  "longconn",
		Title: lang.Text{EN: "Streaming", ZH: "长连接：流式响应"},
		Summary: lang.Text{
			EN: "One request, one response, and the server keeps writing: plain " +
				"chunks, and server-sent events.",
			ZH: "一个请求，一个响应，服务器一直往里写：普通的 chunk，以及服务器发送事件。",
		},
		Body:      lang.Text{EN: english, ZH: chinese},
		Folder:    "lessons/longconn",
		Source:    source,
		Pages:     pages,
		Exercises: exercises,
		Demos:     []lesson.Demo{hangingDemo, sseDemo},
	}
}

var hangingDemo = lesson.Demo{
	Name:  "hanging",
	Title: lang.Text{EN: "The hanging connection", ZH: "长连接"},
	Summary: lang.Text{
		EN: "One response that stays open: each message is one chunk, read with fetch.",
		ZH: "一个一直开着的响应：每条消息是其中一个 chunk，页面用 fetch 边收边读。",
	},
	Source: []string{"stream.go#Stream.read", "response.go#response.run",
		"response.go#response.send"},
	Client: []string{"hanging.js#client"},
	Peer:   true,
	Lanes:  []lesson.Lane{hangingLane},
	Start: func(env lesson.Env) (*lesson.Instance, error) {
		s := NewStream(Config{Log: env.Log})
		return &lesson.Instance{Handler: s, Clients: s.Clients, Close: s.Close}, nil
	},
}

var sseDemo = lesson.Demo{
	Name:  "sse",
	Title: lang.Text{EN: "Server-sent events", ZH: "服务器发送事件（SSE）"},
	Summary: lang.Text{
		EN: "The same open response in a format that browsers parse " +
			"themselves, and resume after a break.",
		ZH: "同样一直开着的响应，浏览器自己会解析，断了能从断点续上。",
	},
	Source: []string{"sse.go#Events.read", "sse.go#Events.resume", "sse.go#appendEvent",
		"response.go#response.run"},
	Client: []string{"sse.js#client"},
	Peer:   true,
	Lanes:  []lesson.Lane{sseLane, sseLane.OverHTTP2()},
	Start: func(env lesson.Env) (*lesson.Instance, error) {
		s := NewEvents(Config{Log: env.Log})
		return &lesson.Instance{Handler: s, Clients: s.Clients, Close: s.Close}, nil
	},
}
