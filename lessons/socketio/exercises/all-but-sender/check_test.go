//go:build exercise

package allbutsender_test

import (
	"fmt"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/socketio/exercises/all-but-sender"
)

// room has Ann in two tabs, Bob, and Cy; send sends as one of them.
func room(t *testing.T, send func(r *Room, sockets []*Socket), want [4]int, en, zh string) {
	t.Helper()
	r := &Room{}
	sockets := []*Socket{r.Join("a1", "ann"), r.Join("b1", "bob"), r.Join("a2", "ann"), r.Join("c1", "cy")}
	send(r, sockets)
	f := check.Finding{EN: en, ZH: zh}
	wrong := false
	for i, s := range sockets {
		yours := fmt.Sprintf("got it %d times", len(s.Got))
		expected := fmt.Sprintf("got it %d times", want[i])
		wrong = wrong || yours != expected
		f.Fields = append(f.Fields, check.Field{Name: fmt.Sprintf("socket %s (%s)", s.ID, s.Name), Yours: yours, Want: expected, OK: yours == expected})
	}
	if wrong {
		check.Found(t, f)
	}
}

func TestEveryone(t *testing.T) {
	room(t, func(r *Room, s []*Socket) { r.Emit("hi") }, [4]int{1, 1, 1, 1},
		"io.emit is for everyone, and the one who sent it is someone, too.", "io.emit 发给所有人，发送者也是人。")
}

func TestOnlyMe(t *testing.T) {
	room(t, func(_ *Room, s []*Socket) { s[1].Emit("hi") }, [4]int{0, 1, 0, 0},
		"socket.emit is for that one connection alone.", "socket.emit 只给那一条连接。")
}

func TestEveryoneButMe(t *testing.T) {
	room(t, func(_ *Room, s []*Socket) { s[1].Broadcast("hi") }, [4]int{1, 0, 1, 1},
		"Bob broadcasts: everyone gets it but Bob, who has it on the screen already.", "Bob 广播：除了 Bob 都收到，他的屏幕上已经有了。")
	room(t, func(_ *Room, s []*Socket) { s[3].Broadcast("hi") }, [4]int{1, 1, 1, 0},
		"Cy broadcasts: it is the sender who is left out, wherever the sender stands in the list.", "Cy 广播：漏掉的是发送者，不管他在列表里排第几。")
}

func TestTwoTabs(t *testing.T) {
	room(t, func(_ *Room, s []*Socket) { s[0].Broadcast("hi") }, [4]int{0, 1, 1, 1},
		"Ann speaks in her first tab, and her second tab must show it: a socket is a connection, not a person.", "Ann 在第一个标签页里说话，第二个标签页也要显示：socket 是连接，不是人。")
}
