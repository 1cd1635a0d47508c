//go:build exercise

package namespaces_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/socketio/exercises/namespaces"
)

// server has the namespaces / , /chat and /news, and notes what reaches their handlers.
type server struct {
	client *Client
	got    []string
}

func newServer() *server {
	s := &server{}
	ids := 0
	handler := func(name string) func(string) {
		return func(data string) { s.got = append(s.got, name+" "+data) }
	}
	s.client = &Client{
		Namespaces: map[string]func(string){
			"/": handler("/"), "/chat": handler("/chat"), "/news": handler("/news"),
		},
		NewID: func() string { ids++; return fmt.Sprintf("id%d", ids) },
	}
	return s
}

// wire returns a packet as it goes over the wire, "" for none. Its JSON is written without spaces
// and with sorted keys: how it was written does not matter.
func wire(p *Packet) string {
	if p == nil {
		return ""
	}
	data := p.Data
	var value any
	if json.Unmarshal([]byte(data), &value) == nil {
		plain, _ := json.Marshal(value) // it was JSON
		data = string(plain)
	}
	if p.Namespace == "/" {
		return fmt.Sprint(p.Type) + data
	}
	return fmt.Sprint(p.Type) + p.Namespace + "," + data
}

// answers fails unless the packet is answered so.
func (s *server) answers(t *testing.T, p Packet, want, en, zh string) {
	t.Helper()
	defer func() {
		if problem := recover(); problem != nil {
			check.Panicked(t, problem, "The packet %s made the server panic: %v.",
				"数据包 %s 让服务器 panic 了：%v。", wire(&p), problem)
		}
	}()
	got, err := s.client.Receive(p)
	if err != nil {
		check.Fail(t, "%s was taken for a breach of the protocol (%v). "+en,
			"%s 被当成了违反协议（%v）。"+zh, wire(&p), err)
	}
	if want == "" && got != nil {
		check.Fail(t, "%s was answered with %s, but must not be answered. "+en,
			"%s 得到的应答是 %s，可是它不该有应答。"+zh, wire(&p), wire(got))
	}
	check.Wire(t, check.Packet, []byte(wire(got)), []byte(want), en, zh)
}

// refuses fails unless the packet is a breach of the protocol.
func (s *server) refuses(t *testing.T, p Packet, en, zh string) {
	t.Helper()
	before := len(s.got)
	defer func() {
		if problem := recover(); problem != nil {
			check.Panicked(t, problem, "The packet %s made the server panic: %v.",
				"数据包 %s 让服务器 panic 了：%v。", wire(&p), problem)
		}
	}()
	_, err := s.client.Receive(p)
	if !errors.Is(err, ErrProtocol) || len(s.got) > before {
		check.Fail(t,
			"%s must be refused with ErrProtocol, but the error was %v (or the handler got it). "+
				en, "%s 应该用 ErrProtocol 拒绝，得到的错误却是 %v（或者处理函数收到了它）。"+zh,
			wire(&p), err)
	}
}

func TestTwoClients(t *testing.T) {
	one, two := newServer(), newServer()
	one.answers(t, Packet{Connect, "/chat", ""}, `0/chat,{"sid":"id1"}`,
		"CONNECT to /chat: it is answered in /chat.", "CONNECT 到 /chat：它在 /chat 里得到应答。")
	two.refuses(t, Packet{Event, "/chat", `["hi"]`},
		"Another client has joined /chat, not this one.",
		"加入 /chat 的是另一个客户端，不是这一个。")
}

func TestConnect(t *testing.T) {
	s := newServer()
	s.answers(t, Packet{Connect, "/", ""}, `0{"sid":"id1"}`, "CONNECT to the main namespace.",
		"CONNECT 到主命名空间。")
	s.answers(t, Packet{Connect, "/chat", ""}, `0/chat,{"sid":"id2"}`,
		"CONNECT to /chat, over the same connection: it is answered "+
			"in /chat, with an id of its own.",
		"在同一条连接上 CONNECT 到 /chat：要在 /chat 里应答，编号是它自己的。")
}

func TestUnknown(t *testing.T) {
	s := newServer()
	s.answers(t, Packet{Connect, "/", ""}, `0{"sid":"id1"}`, "CONNECT to the main namespace.",
		"CONNECT 到主命名空间。")
	s.answers(t, Packet{Connect, "/none", ""}, `4/none,{"message":"Invalid namespace"}`,
		"The namespace /none does not exist: the client gets an error, "+
			"and its other namespaces live on.",
		"没有 /none 这个命名空间：告诉客户端就行，它的其他命名空间照常。")
	s.answers(t, Packet{Connect, "/none", ""}, `4/none,{"message":"Invalid namespace"}`,
		"The client asks for /none a second time: it was refused, so it has "+
			"not joined, and is refused again.",
		"客户端第二次要加入 /none：上一次被拒绝了，没有加入，这次同样拒绝。")
	s.answers(t, Packet{Event, "/", `["hi"]`}, "", "The main namespace is still joined.",
		"主命名空间仍然是加入的。")
}

func TestEvents(t *testing.T) {
	s := newServer()
	s.answers(t, Packet{Connect, "/chat", ""}, `0/chat,{"sid":"id1"}`, "CONNECT to /chat.",
		"CONNECT 到 /chat。")
	s.answers(t, Packet{Connect, "/news", ""}, `0/news,{"sid":"id2"}`, "CONNECT to /news.",
		"CONNECT 到 /news。")
	s.answers(t, Packet{Event, "/chat", `["hi!",1]`}, "", "An event is not answered.",
		"事件没有应答。")
	check.Value(t, "handlers that got it", fmt.Sprint(s.got), `[/chat ["hi!",1]]`,
		"An event in /chat is for the handler of /chat alone.",
		"/chat 里的事件只给 /chat 的处理函数。")
}

func TestNotJoined(t *testing.T) {
	s := newServer()
	s.answers(t, Packet{Connect, "/", ""}, `0{"sid":"id1"}`, "CONNECT to the main namespace.",
		"CONNECT 到主命名空间。")
	s.refuses(t, Packet{Event, "/chat", `["hi!"]`},
		"The client has joined / only: an event in /chat bypasses the checks on joining /chat.",
		"客户端只加入了 /：往 /chat 里发事件，就绕过了 /chat 对加入者的一切要求。")
	s.refuses(t, Packet{Event, "/none", `["hi!"]`},
		"The namespace /none does not exist, so no client can have joined it.",
		"没有 /none，谁也不可能加入过。")
}

func TestDisconnect(t *testing.T) {
	s := newServer()
	s.answers(t, Packet{Connect, "/chat", ""}, `0/chat,{"sid":"id1"}`, "CONNECT to /chat.",
		"CONNECT 到 /chat。")
	s.answers(t, Packet{Connect, "/news", ""}, `0/news,{"sid":"id2"}`, "CONNECT to /news.",
		"CONNECT 到 /news。")
	s.answers(t, Packet{Disconnect, "/chat", ""}, "", "DISCONNECT is not answered.",
		"DISCONNECT 没有应答。")
	s.answers(t, Packet{Event, "/news", `["hi"]`}, "",
		"The client has left /chat, and is still in /news.", "客户端离开了 /chat，仍然在 /news。")
	s.refuses(t, Packet{Event, "/chat", `["hi"]`}, "The client has left /chat.",
		"客户端已经离开了 /chat。")
	s.refuses(t, Packet{Disconnect, "/chat", ""},
		"The client has left /chat already: it cannot leave again.",
		"客户端已经离开了 /chat：不能再离开一次。")
	s.answers(t, Packet{Connect, "/chat", ""}, `0/chat,{"sid":"id3"}`,
		"A client that has left may come back, as a new socket.",
		"离开之后可以再来，算新的 socket。")
}

func TestBreaches(t *testing.T) {
	s := newServer()
	s.answers(t, Packet{Connect, "/", ""}, `0{"sid":"id1"}`, "CONNECT to the main namespace.",
		"CONNECT 到主命名空间。")
	s.refuses(t, Packet{Connect, "/", ""},
		"The client has joined it already: a second CONNECT would give one namespace two ids.",
		"客户端已经加入了：再来一次 CONNECT，一个命名空间就有了两个编号。")
	s.refuses(t, Packet{Ack, "/", "[]"},
		"This server asks for no acknowledgement, so none can come.",
		"这个服务器从不要求回执，也就不会有回执来。")
	s.refuses(t, Packet{Disconnect, "/chat", ""},
		"The client has never joined /chat, so it cannot leave it.",
		"客户端从没加入过 /chat，也就谈不上离开。")
	s.refuses(t, Packet{ConnectError, "/", ""}, "Only a server sends CONNECT_ERROR.",
		"只有服务器才发 CONNECT_ERROR。")
	s.refuses(t, Packet{9, "/", ""}, "Type 9 does not exist.", "没有类型 9。")
}
