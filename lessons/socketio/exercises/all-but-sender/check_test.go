//go:build exercise

package allbutsender_test

import (
	"fmt"
	"slices"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/socketio/exercises/all-but-sender"
)

// room has Ann in two tabs, Bob, and Cy; send sends "hi" as one of them. Bob's other connection is
// in another room.
func room(t *testing.T, send func(r *Room, sockets []*Socket), want [4]int, en, zh string) {
	t.Helper()
	r, elsewhere := &Room{}, (&Room{}).Join("b2", "bob")
	sockets := []*Socket{r.Join("a1", "ann"), r.Join("b1", "bob"), r.Join("a2", "ann"),
		r.Join("c1", "cy")}
	defer func() {
		if problem := recover(); problem != nil {
			check.Panicked(t, problem, en+" But it panicked: %v.", zh+"可是它 panic 了：%v。",
				problem)
		}
	}()
	send(r, sockets)
	f := check.Finding{EN: en, ZH: zh}
	wrong := false
	for i, s := range append(sockets, elsewhere) {
		expected := "nothing"
		if i < len(want) && want[i] > 0 {
			expected = fmt.Sprintf("%q", slices.Repeat([]string{"hi"}, want[i]))
		}
		yours := fmt.Sprintf("%q", s.Got)
		if len(s.Got) == 0 {
			yours = "nothing"
		}
		wrong = wrong || yours != expected
		f.Fields = append(f.Fields, check.Field{Name: fmt.Sprintf("socket %s (%s)", s.ID, s.Name),
			Yours: yours, Want: expected, OK: yours == expected})
	}
	if wrong {
		check.Found(t, f)
	}
}

func TestEveryone(t *testing.T) {
	room(t, func(r *Room, s []*Socket) { r.Emit("hi") }, [4]int{1, 1, 1, 1},
		"io.emit is for everyone, the sender included.", "io.emit 发给所有人，包括发送者。")
}

func TestEmptyRoom(t *testing.T) {
	room(t, func(*Room, []*Socket) {
		(&Room{}).Emit("hi")
	}, [4]int{}, "The room is empty, so an event to it reaches no client.",
		"房间里的人都走了，又有人往里发：谁也收不到。")
}

func TestOnlyMe(t *testing.T) {
	room(t, func(_ *Room, s []*Socket) { s[1].Emit("hi") }, [4]int{0, 1, 0, 0},
		"Bob's socket.emit is for that one connection alone.",
		"Bob 的 socket.emit 只给那一条连接。")
	room(t, func(_ *Room, s []*Socket) { s[2].Emit("hi") }, [4]int{0, 0, 1, 0},
		"socket.emit to Ann's second tab must not show in her first: a "+
			"socket is a connection, not a person.",
		"给 Ann 第二个标签页的 socket.emit，不能出现在第一个里：socket 是连接，不是人。")
}

func TestEveryoneButMe(t *testing.T) {
	room(t, func(_ *Room, s []*Socket) { s[1].Broadcast("hi") }, [4]int{1, 0, 1, 1},
		"Bob broadcasts: everyone else gets it once.", "Bob 广播：其他人都收到一次。")
	room(t, func(_ *Room, s []*Socket) { s[3].Broadcast("hi") }, [4]int{1, 1, 1, 0},
		"Cy broadcasts, the last in the list: the sender is left out, wherever the sender stands.",
		"列表里的最后一个 Cy 广播：漏掉的是发送者，不管排第几。")
}

func TestTwoTabs(t *testing.T) {
	room(t, func(_ *Room, s []*Socket) { s[0].Broadcast("hi") }, [4]int{0, 1, 1, 1},
		"Ann speaks in her first tab, and her second tab must show it: a "+
			"socket is a connection, not a person.",
		"Ann 在第一个标签页里说话，第二个标签页也要显示：socket 是连接，不是人。")
	room(t, func(_ *Room, s []*Socket) { s[2].Broadcast("hi") }, [4]int{1, 1, 0, 1},
		"Ann speaks in her second tab: only this tab is left out.",
		"Ann 在第二个标签页里说话：漏掉的只是这一个标签页。")
}

func TestTwoMessages(t *testing.T) {
	room(t, func(r *Room, s []*Socket) {
		s[1].Broadcast("hi")
		s[1].Broadcast("hi")
		r.Emit("hi")
	}, [4]int{3, 1, 3, 3},
		"Bob broadcasts the same text twice, then it is sent to everyone: three "+
			"messages, though the text is the same.",
		"Bob 把同样的内容广播了两次，然后又发给所有人：内容相同，也是三条消息。")
}
