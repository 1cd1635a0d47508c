package blackbox

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"realtimelab/internal/exercise/check"
	"realtimelab/lessons/socketio/sioclient"
)

// session is a Socket.IO connection over a WebSocket, with its open packet read.
func (a *attack) session() *socket {
	s := a.dial(overWebSocket)
	a.openPacket(s.packet("A WebSocket begins with the open packet.", "WebSocket 以 open 数据包开始。"))
	return s
}

// join connects to a namespace, "" for the main one, and returns the socket's id.
func (s *socket) join(namespace string) string {
	prefix := "40"
	if namespace != "" {
		prefix += namespace + ","
	}
	s.send(prefix)
	got := s.packet("CONNECT must be answered.", "CONNECT 必须得到应答。")
	data, ok := strings.CutPrefix(got, prefix)
	var body struct{ SID string }
	if !ok || json.Unmarshal([]byte(data), &body) != nil || body.SID == "" {
		check.Found(s, check.Finding{EN: "Answer CONNECT with CONNECT and the socket's id.",
			ZH:     "CONNECT 要用 CONNECT 应答，带 socket 的编号。",
			Fields: check.Compare(check.Messages, []byte(got), []byte(prefix+`{"sid":"…"}`))})
	}
	return body.SID
}

func connects(a *attack) {
	if one, two := a.session().join(""), a.session().join(""); one == two {
		check.Fail(a, "Two clients were given the same socket id, %s.",
			"两个客户端拿到了同样的 socket 编号：%s。", one)
	}
}

func acks(a *attack) {
	s := a.session()
	s.join("")
	s.send(`420["ferret","tobi"]`)
	s.says(check.Messages, `430["woot"]`,
		`The event "ferret" asks for an ack with the id 0, and the handler answers "woot".`,
		`事件 "ferret" 要求编号为 0 的回执，处理函数的回执是 "woot"。`)
}

func acksMany(a *attack) {
	s := a.session()
	s.join("")
	for _, id := range []int{7, 12, 1000} {
		s.send(fmt.Sprintf(`42%d["ferret","tobi, \"the\" ferret [3] 你好"]`, id))
		s.says(check.Messages, fmt.Sprintf(`43%d["woot"]`, id),
			"Each ack carries the id of its own event.", "每个回执都带有对应事件的编号。")
	}
	s.send(`42["ferret","nobody asks"]`)
	s.send(`421["ferret","tobi"]`)
	s.says(check.Messages, `431["woot"]`,
		"An event without an id gets no ack. Only the next event has one.",
		"没有编号的事件不要求回执；下一个事件才有回执。")
	s.send(`422["weasel","tobi"]`)
	s.send(`423["ferret","tobi"]`)
	s.says(check.Messages, `433["woot"]`,
		`Only "ferret" has a handler: "weasel" gets no ack, the next "ferret" does.`,
		`只有 "ferret" 有处理函数："weasel" 没有回执，下一个 "ferret" 才有。`)
}

// acceptsRealClient connects with the lab's own client, which is tested against the official
// server.
func acceptsRealClient(a *attack) {
	for range 2 { // the second connects while the first is still there
		s, err := sioclient.Dial(a.ctx, "http://"+a.host,
			sioclient.Config{Transports: []string{sioclient.WebSocket}, NoReconnect: true})
		if err != nil {
			check.Fail(a,
				"Each packet was right, but a real Socket.IO client does not connect: %v.",
				"每个数据包都对，可是真正的 Socket.IO 客户端连不上：%v。", err)
		}
		defer s.Close()
		for _, name := range []string{"tobi", "loki"} {
			answer, err := s.EmitWithAck(a.ctx, "ferret", name)
			if err != nil {
				check.Fail(a,
					"A real Socket.IO client connects, but its event "+
						"\"ferret\" gets no ack: %v.",
					"真正的 Socket.IO 客户端连上了，可是它的事件 \"ferret\" 没有回执：%v。", err)
			}
			check.Value(a, "answer", fmt.Sprint(answer.Any(0)), "woot",
				"The callback of a real Socket.IO client gets this value.",
				"真正的 Socket.IO 客户端的回调收到的是这个。")
		}
	}
}

func refusesNamespaces(a *attack) {
	s := a.session()
	s.join("")
	s.send("40/none,")
	s.says(check.Messages, `44/none,{"message":"Invalid namespace"}`,
		"The namespace /none does not exist.", "没有 /none 这个命名空间。")
	s.send(`420["ferret","tobi"]`)
	s.says(check.Messages, `430["woot"]`,
		"The refusal of /none must not affect the main namespace.",
		"拒绝 /none 之后，主命名空间要照常工作。")
}

func wantsConnectFirst(a *attack) {
	s := a.session()
	s.send(`420["ferret","tobi"]`)
	_ = s.conn.SetReadDeadline(time.Now().Add(quick)) // as in knock
	for {
		got, err := s.read()
		if err != nil && !isTimeout(err) || err == nil && got[0] == 0x88 {
			return
		}
		if err != nil {
			check.Fail(a,
				"The client sent an event before any CONNECT, which violates the protocol. The "+
					"server must close the connection, but it is still open.",
				"还没有 CONNECT 就来了事件。这违反协议：服务器要关闭连接，可它还开着。")
		}
		if strings.HasPrefix(string(got[2:]), "43") {
			check.Fail(a,
				"The client sent an event before any CONNECT, and the server handled it. This way "+
					"a client bypasses the checks of a server at CONNECT.",
				"还没有 CONNECT 就来了事件，居然被处理了：在 CONNECT "+
					"时检查身份的服务器，就这样被绕过了。")
		}
	}
}
