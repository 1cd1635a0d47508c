// Package socketio holds the lessons on Socket.IO: what it adds to a WebSocket.
package socketio

import (
	"embed"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
)

//go:embed *.go examples/*/main.go
var source embed.FS

//go:embed pages
var pages embed.FS

//go:embed exercises
var exercises embed.FS

//go:embed lesson*.md
var texts embed.FS

// body returns the text in the files NAME.md and NAME.zh.md.
func body(name string) lang.Text {
	read := func(file string) string {
		text, err := texts.ReadFile(file)
		if err != nil {
			panic(err) // an embedded file
		}
		return string(text)
	}
	return lang.Text{EN: read(name + ".md"), ZH: read(name + ".zh.md")}
}

// Lessons returns the lessons and their demos, in order. The first has the exercises of all.
func Lessons() []lesson.Lesson {
	all := []lesson.Lesson{{
		Name:  "socketio",
		Title: lang.Text{EN: "Socket.IO", ZH: "Socket.IO"},
		Summary: lang.Text{
			EN: "Two libraries and two protocols on top of a WebSocket, " +
				"and the three ways to emit.",
			ZH: "WebSocket 之上的两个库、两层协议，以及三种发送。"},
		Body:      body("lesson"),
		Exercises: exercises,
		Demos:     []lesson.Demo{broadcastDemo},
	}, {
		Name:  "socketio-events",
		Title: lang.Text{EN: "Namespaces, rooms, acks", ZH: "命名空间、房间与回执"},
		Summary: lang.Text{
			EN: "Groups of clients, events that ask for an " +
				"acknowledgement, send and message, and bytes.",
			ZH: "给客户端分组，要求回执的事件，send 与 message，以及二进制。"},
		Body:  body("lesson-events"),
		Demos: []lesson.Demo{namespacesDemo, acksDemo, messageDemo, roomsDemo, binaryDemo},
	}, {
		Name:  "socketio-delivery",
		Title: lang.Text{EN: "Reconnecting and delivery", ZH: "重连与送达"},
		Summary: lang.Text{
			EN: "The events that a lost connection costs, how to get them " +
				"back, and what “delivered” means.",
			ZH: "断线会丢哪些事件，怎样补回来，“送达”又是什么意思。"},
		Body:  body("lesson-delivery"),
		Demos: []lesson.Demo{reconnectDemo},
	}, {
		Name:  "socketio-deployment",
		Title: lang.Text{EN: "Proxies and several servers", ZH: "代理与多台服务器"},
		Summary: lang.Text{
			EN: "Socket.IO behind proxies and on several servers: sticky " +
				"sessions, adapters, origins, login.",
			ZH: "代理后面的 Socket.IO，多台服务器：粘性会话、适配器、来源检查、登录。"},
		Body: body("lesson-deployment"),
	}}
	for i := range all {
		all[i].Folder, all[i].Source, all[i].Pages = "lessons/socketio", source, pages
	}
	return all
}

var broadcastDemo = lesson.Demo{
	Name:  "broadcast",
	Title: lang.Text{EN: "Broadcast", ZH: "广播"},
	Summary: lang.Text{
		EN: "A chat with the lecture's three emits: to everyone, to everyone but me, only to me.",
		ZH: "聊天室，演示课堂上的三种发送：所有人、除我之外、只有我。"},
	Source: []string{"broadcast.go#broadcast"},
	Client: []string{"broadcast.js#client"},
	Peer:   true,
	Lanes:  []lesson.Lane{pollingLane, websocketLane, webTransportLane},
	Start:  startBroadcast,
}

var namespacesDemo = lesson.Demo{
	Name:  "namespaces",
	Title: lang.Text{EN: "Namespaces", ZH: "命名空间"},
	Summary: lang.Text{EN: "Two channels, /chat and /news, over one connection.",
		ZH: "一条连接上的两个频道：/chat 和 /news。"},
	Source: []string{"namespaces.go#namespaces"},
	Client: []string{"namespaces.js#client"},
	Start:  startNamespaces,
}

var acksDemo = lesson.Demo{
	Name:  "acks",
	Title: lang.Text{EN: "Acknowledgements", ZH: "回执"},
	Summary: lang.Text{EN: "Acknowledgements from both sides, and one that never comes.",
		ZH: "双方都可以要回执，也看看回执永远不来会怎样。"},
	Source: []string{"acks.go#acks"},
	Client: []string{"acks.js#client"},
	Peer:   true,
	Start:  startAcks,
}

var messageDemo = lesson.Demo{
	Name:  "message",
	Title: lang.Text{EN: "Like a WebSocket", ZH: "像 WebSocket 一样用"},
	Summary: lang.Text{EN: "send() and “message”, and the same packets by hand.",
		ZH: "send() 和 message，再亲手写出同样的数据包。"},
	Source: []string{"message.go#message"},
	Client: []string{"message.js#client"},
	Start:  startMessage,
}

var roomsDemo = lesson.Demo{
	Name:  "rooms",
	Title: lang.Text{EN: "Rooms", ZH: "房间"},
	Summary: lang.Text{EN: "Ask for a room, and send to everyone in it. The server decides.",
		ZH: "申请进房间，发给里面所有人。决定权在服务器。"},
	Source: []string{"rooms.go#doors", "rooms.go#rooms"},
	Client: []string{"rooms.js#client"},
	Peer:   true,
	Start:  startRooms,
}

var binaryDemo = lesson.Demo{
	Name:  "binary",
	Title: lang.Text{EN: "Binary", ZH: "二进制"},
	Summary: lang.Text{
		EN: "Bytes both ways: a picture goes to the server and comes back to everyone, inverted.",
		ZH: "双向传字节：一张图片发到服务器，反色之后发回给所有人。"},
	Source: []string{"binary.go#picture", "binary.go#binary"},
	Client: []string{"binary.js#client"},
	Peer:   true,
	Start:  startBinary,
}

var reconnectDemo = lesson.Demo{
	Name:  "reconnect",
	Title: lang.Text{EN: "Reconnecting", ZH: "重连"},
	Summary: lang.Text{
		EN: "Disconnect and return: the events that come back, the events that " +
			"are lost, and a listener that doubles.",
		ZH: "离开再回来：错过的补上了什么，丢了什么，以及会翻倍的监听函数。"},
	Source: []string{"reconnect.go#reconnect"},
	Client: []string{"reconnect.js#client"},
	Start:  startReconnect,
}
