package longconn

import (
	"embed"

	"realtimelab/internal/lesson"
)

//go:embed *.go
var source embed.FS

//go:embed exercises
var exercises embed.FS

//go:embed lesson.md
var english string

//go:embed lesson.zh.md
var chinese string

// Lesson is the lesson of the response that never ends.
func Lesson() lesson.Lesson {
	return lesson.Lesson{
		Name:  "longconn",
		Title: lesson.Text{EN: "The response that never ends", ZH: "长连接：永不结束的响应"},
		Summary: lesson.Text{
			EN: "One request, one response, and the server keeps writing: plain chunks, and server-sent events.",
			ZH: "一个请求，一个响应，服务器一直往里写：普通的 chunk，以及服务器发送事件。",
		},
		Body:      lesson.Text{EN: english, ZH: chinese},
		Source:    source,
		Exercises: exercises,
		Demos:     []lesson.Demo{hangingDemo, sseDemo},
	}
}

var hangingDemo = lesson.Demo{
	Name:  "hanging",
	Title: lesson.Text{EN: "The hanging connection", ZH: "长连接"},
	Summary: lesson.Text{
		EN: "One response that never ends: each message is a chunk of it, read with fetch.",
		ZH: "一个永不结束的响应：每条消息是其中一个 chunk，页面用 fetch 边收边读。",
	},
	Source: []string{"stream.go#Stream.read", "endless.go#endless.run", "endless.go#endless.send"},
	Start: func(env lesson.Env) (*lesson.Instance, error) {
		s := NewStream(Config{Log: env.Log})
		return &lesson.Instance{Handler: s, Clients: s.Clients, Close: s.Close}, nil
	},
}

var sseDemo = lesson.Demo{
	Name:  "sse",
	Title: lesson.Text{EN: "Server-sent events", ZH: "服务器发送事件（SSE）"},
	Summary: lesson.Text{
		EN: "The endless response that browsers read by themselves, and resume where they were cut.",
		ZH: "浏览器自己会读的无尽响应，断了能从断点续上。",
	},
	Source: []string{"sse.go#Events.read", "sse.go#Events.resume", "sse.go#appendEvent", "endless.go#endless.run"},
	Start: func(env lesson.Env) (*lesson.Instance, error) {
		s := NewEvents(Config{Log: env.Log})
		return &lesson.Instance{Handler: s, Clients: s.Clients, Close: s.Close}, nil
	},
}
