// Package socketio is the lesson on Socket.IO: what it adds to a WebSocket.
package socketio

import (
	"embed"

	"realtimelab/internal/lesson"
)

//go:embed *.go
var source embed.FS

//go:embed lesson.md
var bodyEN string

//go:embed lesson.zh.md
var bodyZH string

// Lesson describes the lesson and its demos.
func Lesson() lesson.Lesson {
	return lesson.Lesson{
		Name:    "socketio",
		Title:   lesson.Text{EN: "Socket.IO", ZH: "Socket.IO"},
		Summary: lesson.Text{EN: "Events, broadcasts, namespaces and acknowledgements on top of a WebSocket.", ZH: "在 WebSocket 之上的事件、广播、命名空间与回执。"},
		Body:    lesson.Text{EN: bodyEN, ZH: bodyZH},
		Source:  source,
		Demos: []lesson.Demo{{
			Name:    "broadcast",
			Title:   lesson.Text{EN: "Broadcast", ZH: "广播"},
			Summary: lesson.Text{EN: "A chat with the lecture's three emits: to everyone, to everyone but me, only to me.", ZH: "聊天室，演示课堂上的三种发送：所有人、除我之外、只有我。"},
			Source:  []string{"broadcast.go#broadcast"},
			Start:   startBroadcast,
		}},
	}
}
