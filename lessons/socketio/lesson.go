// Package socketio is the lesson on Socket.IO: what it adds to a WebSocket.
package socketio

import (
	"embed"

	"realtimelab/internal/lesson"
)

//go:embed *.go
var source embed.FS

//go:embed exercises
var exercises embed.FS

//go:embed lesson.md
var bodyEN string

//go:embed lesson.zh.md
var bodyZH string

// Lesson describes the lesson and its demos.
func Lesson() lesson.Lesson {
	return lesson.Lesson{
		Name:      "socketio",
		Title:     lesson.Text{EN: "Socket.IO", ZH: "Socket.IO"},
		Summary:   lesson.Text{EN: "Events, broadcasts, namespaces and acknowledgements on top of a WebSocket.", ZH: "在 WebSocket 之上的事件、广播、命名空间与回执。"},
		Body:      lesson.Text{EN: bodyEN, ZH: bodyZH},
		Source:    source,
		Exercises: exercises,
		Demos: []lesson.Demo{{
			Name:    "broadcast",
			Title:   lesson.Text{EN: "Broadcast", ZH: "广播"},
			Summary: lesson.Text{EN: "A chat with the lecture's three emits: to everyone, to everyone but me, only to me.", ZH: "聊天室，演示课堂上的三种发送：所有人、除我之外、只有我。"},
			Source:  []string{"broadcast.go#broadcast"},
			Start:   startBroadcast,
		}, {
			Name:    "namespaces",
			Title:   lesson.Text{EN: "Namespaces", ZH: "命名空间"},
			Summary: lesson.Text{EN: "Two channels, /chat and /news, over one connection: the client chooses which to join.", ZH: "一条连接上的两个频道 /chat 和 /news：加入哪个，由客户端选择。"},
			Source:  []string{"namespaces.go#namespaces"},
			Start:   startNamespaces,
		}, {
			Name:    "acks",
			Title:   lesson.Text{EN: "Acknowledgements", ZH: "回执"},
			Summary: lesson.Text{EN: "An event that wants an answer, asked by either side, and an answer that never comes.", ZH: "需要答复的事件：双方都能问，也看看答复永远不来会怎样。"},
			Source:  []string{"acks.go#acks"},
			Start:   startAcks,
		}, {
			Name:    "message",
			Title:   lesson.Text{EN: "Like a WebSocket", ZH: "像 WebSocket 一样用"},
			Summary: lesson.Text{EN: "send() and “message” look like a WebSocket. Speak to the same server by hand and see why it is none.", ZH: "send() 和 message 看起来就是 WebSocket。亲手和同一个服务器对话，看看它为什么不是。"},
			Source:  []string{"message.go#message"},
			Start:   startMessage,
		}, {
			Name:    "rooms",
			Title:   lesson.Text{EN: "Rooms", ZH: "房间"},
			Summary: lesson.Text{EN: "Ask for a room, see who is in it, and speak to everyone there. The server decides.", ZH: "申请进房间，看看谁在里面，对房间里所有人说话。决定权在服务器。"},
			Source:  []string{"rooms.go#doors", "rooms.go#rooms"},
			Start:   startRooms,
		}, {
			Name:    "binary",
			Title:   lesson.Text{EN: "Binary", ZH: "二进制"},
			Summary: lesson.Text{EN: "Bytes both ways: a picture goes to the server and comes back to everyone, inverted.", ZH: "双向传字节：一张图片发到服务器，反色之后发回给所有人。"},
			Source:  []string{"binary.go#picture", "binary.go#binary"},
			Start:   startBinary,
		}, {
			Name:    "reconnect",
			Title:   lesson.Text{EN: "Reconnecting", ZH: "重连"},
			Summary: lesson.Text{EN: "Go away and come back: what was missed, what is lost, and a listener that doubles.", ZH: "离开再回来：错过的补上了什么，丢了什么，以及会翻倍的监听函数。"},
			Source:  []string{"reconnect.go#reconnect"},
			Start:   startReconnect,
		}},
	}
}
