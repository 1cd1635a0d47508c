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
	a.openPacket(s.packet("A WebSocket begins with the open packet.", "WebSocket 以 open 包开始。"))
	return s
}

// join connects to a namespace, "" for the main one, and returns the socket's id.
func (s *socket) join(namespace string) string {
	prefix := "40"
	if namespace != "" {
		prefix += namespace + ","
	}
	s.send(prefix)
	got := s.packet("CONNECT is answered.", "CONNECT 会得到回答。")
	data, ok := strings.CutPrefix(got, prefix)
	var body struct{ SID string }
	if !ok || json.Unmarshal([]byte(data), &body) != nil || body.SID == "" {
		check.Found(s, check.Finding{EN: "CONNECT is answered with CONNECT and the socket's id.", ZH: "CONNECT 用 CONNECT 回答，带 socket 的编号。",
			Fields: check.Compare(check.Messages, []byte(got), []byte(prefix+`{"sid":"…"}`))})
	}
	return body.SID
}

func connects(a *attack) {
	if one, two := a.session().join(""), a.session().join(""); one == two {
		check.Fail(a, "Two clients were given the same socket id, %s.", "两个客户端拿到了同样的 socket 编号：%s。", one)
	}
}

func acks(a *attack) {
	s := a.session()
	s.join("")
	s.send(`420["ferret","tobi"]`)
	s.says(check.Messages, `430["woot"]`, `The event "ferret" asks for an ack with the id 0, and the handler answers "woot".`, `事件 "ferret" 要求编号为 0 的回执，处理函数回答 "woot"。`)
}

func acksMany(a *attack) {
	s := a.session()
	s.join("")
	for _, id := range []int{7, 12, 1000} {
		s.send(fmt.Sprintf(`42%d["ferret","tobi, \"the\" ferret [3] 你好"]`, id))
		s.says(check.Messages, fmt.Sprintf(`43%d["woot"]`, id), "Each answer carries the id of its own question.", "每个回答都带着自己那个问题的编号。")
	}
	s.send(`42["ferret","nobody asks"]`)
	s.send(`421["ferret","tobi"]`)
	s.says(check.Messages, `431["woot"]`, "An event without an id asks for nothing, and is not answered; the next one is.", "没有编号的事件不要求回答，就不回答；下一个才回答。")
	s.send(`422["weasel","tobi"]`)
	s.send(`423["ferret","tobi"]`)
	s.says(check.Messages, `433["woot"]`, `Only "ferret" has a handler: "weasel" is not answered, and the next "ferret" is.`, `只有 "ferret" 有处理函数："weasel" 没有回答，下一个 "ferret" 才有。`)
}

// acceptsRealClient connects with the lab's own client, as a program would. It is held against the
// official server.
func acceptsRealClient(a *attack) {
	for range 2 { // the second connects while the first is still there
		s, err := sioclient.Dial(a.ctx, "http://"+a.host, sioclient.Config{Transports: []string{sioclient.WebSocket}, NoReconnect: true})
		if err != nil {
			check.Fail(a, "Each packet was right, but a real Socket.IO client does not connect: %v.", "每个数据包都对，可是真正的 Socket.IO 客户端连不上：%v。", err)
		}
		defer s.Close()
		for _, name := range []string{"tobi", "loki"} {
			answer, err := s.EmitWithAck(a.ctx, "ferret", name)
			if err != nil {
				check.Fail(a, "A real Socket.IO client has connected, but its event \"ferret\" gets no answer: %v.", "真正的 Socket.IO 客户端连上了，可是它的事件 \"ferret\" 没有回答：%v。", err)
			}
			check.Value(a, "answer", fmt.Sprint(answer.Any(0)), "woot", "This is what the callback of a real Socket.IO client gets.", "真正的 Socket.IO 客户端的回调收到的是这个。")
		}
	}
}

func refusesNamespaces(a *attack) {
	s := a.session()
	s.join("")
	s.send("40/none,")
	s.says(check.Messages, `44/none,{"message":"Invalid namespace"}`, "There is no namespace /none.", "没有 /none 这个命名空间。")
	s.send(`420["ferret","tobi"]`)
	s.says(check.Messages, `430["woot"]`, "After the refusal of /none the main namespace lives on.", "拒绝 /none 之后，主命名空间照常。")
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
			check.Fail(a, "An event came before any CONNECT. That is a breach of the protocol: the server closes the connection, and it is still open.",
				"还没有 CONNECT 就来了事件。这违反协议：服务器要关闭连接，可它还开着。")
		}
		if strings.HasPrefix(string(got[2:]), "43") {
			check.Fail(a, "An event came before any CONNECT, and was handled: whoever checks at CONNECT who may come in is walked past.",
				"还没有 CONNECT 就来了事件，居然被处理了：在 CONNECT 时检查身份的服务器，就这样被绕过了。")
		}
	}
}
