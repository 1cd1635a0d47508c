package longpoll

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

// Lesson is the lesson of polling, short and long.
func Lesson() lesson.Lesson {
	return lesson.Lesson{
		Name:  "longpoll",
		Title: lesson.Text{EN: "Polling, short and long", ZH: "轮询：短与长"},
		Summary: lesson.Text{
			EN: "Asking again and again: answered at once, or held until there is news.",
			ZH: "一问再问：要么立刻回答，要么挂起到有消息为止。",
		},
		Body:      lesson.Text{EN: english, ZH: chinese},
		Source:    source,
		Exercises: exercises,
		Demos:     []lesson.Demo{shortDemo, longDemo},
	}
}

var shortDemo = lesson.Demo{
	Name:  "short-polling",
	Title: lesson.Text{EN: "Short polling", ZH: "短轮询"},
	Summary: lesson.Text{
		EN: "The page asks every second whether there is something new, and is answered at once.",
		ZH: "页面每秒问一次有没有新消息，服务器立刻回答。（讲义里叫“长轮询”）",
	},
	Source: []string{"short.go#Short.read", "answer.go#answer"},
	Start: func(lesson.Env) (*lesson.Instance, error) {
		s := NewShort(Config{})
		return &lesson.Instance{Handler: s, Clients: s.Clients, Close: s.Close}, nil
	},
}

var longDemo = lesson.Demo{
	Name:  "long-polling",
	Title: lesson.Text{EN: "Long polling", ZH: "长轮询"},
	Summary: lesson.Text{
		EN: "The server holds the request until there is something new, or a timeout.",
		ZH: "服务器挂起请求，直到有新消息或者超时。",
	},
	Source: []string{"long.go#Long.read", "long.go#Long.hold"},
	Start: func(lesson.Env) (*lesson.Instance, error) {
		l := NewLong(Config{})
		return &lesson.Instance{Handler: l, Clients: l.Clients, Close: l.Close}, nil
	},
}
