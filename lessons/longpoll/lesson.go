package longpoll

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

// Lesson describes the lesson on short and long polling, and its demos.
func Lesson() lesson.Lesson {
	return lesson.Lesson{
		Name:  "longpoll",
		Title: lang.Text{EN: "Polling, short and long", ZH: "轮询：短与长"},
		Summary: lang.Text{
			EN: "The page sends one request after another. The server answers at once, or holds " +
				"the request until there is news.",
			ZH: "页面一个接一个地发请求：服务器立刻应答，或者挂起请求，有消息再应答。",
		},
		Body:      lang.Text{EN: english, ZH: chinese},
		Folder:    "lessons/longpoll",
		Source:    source,
		Pages:     pages,
		Exercises: exercises,
		Demos:     []lesson.Demo{shortDemo, longDemo},
	}
}

var shortDemo = lesson.Demo{
	Name:  "short-polling",
	Title: lang.Text{EN: "Short polling", ZH: "短轮询"},
	Summary: lang.Text{
		EN: "The page sends a request every second, and the server answers at once.",
		ZH: "页面每秒发一个请求，服务器立刻应答。（最初的课堂讲义把它叫作“长轮询”）",
	},
	Source: []string{"short.go#Short.read", "answer.go#answer"},
	Client: []string{"short-polling.js#client"},
	Peer:   true,
	Lanes:  []lesson.Lane{shortLane},
	Start: func(lesson.Env) (*lesson.Instance, error) {
		s := NewShort(Config{})
		return &lesson.Instance{Handler: s, Clients: s.Clients, Close: s.Close}, nil
	},
}

var longDemo = lesson.Demo{
	Name:  "long-polling",
	Title: lang.Text{EN: "Long polling", ZH: "长轮询"},
	Summary: lang.Text{
		EN: "The server holds the request until there is something new, or a timeout.",
		ZH: "服务器挂起请求，直到有新消息或者超时。",
	},
	Source: []string{"long.go#Long.read", "long.go#Long.hold"},
	Client: []string{"long-polling.js#client"},
	Peer:   true,
	Lanes:  []lesson.Lane{longLane, longLane.OverHTTP2()},
	Start: func(lesson.Env) (*lesson.Instance, error) {
		l := NewLong(Config{})
		return &lesson.Instance{Handler: l, Clients: l.Clients, Close: l.Close}, nil
	},
}
