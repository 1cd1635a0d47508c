//go:build exercise

package roomauth_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/socketio/exercises/room-auth"
)

// rights closes the rooms that it names; all others are open.
type rights struct {
	mu     sync.Mutex
	closed map[string]map[string]bool
}

func newRights() *rights {
	return &rights{closed: map[string]map[string]bool{
		"staff":     {"ann": true, "dora": true},
		"exam-2026": {"ann": true},
	}}
}

func (r *rights) May(user, room string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	users, closed := r.closed[room]
	return !closed || users[user]
}

func (r *rights) set(user string, may bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed["staff"][user] = may
}

// client is a Socket that keeps what it receives.
type client struct {
	Socket
	received []string
}

func newClient(user string) *client {
	c := &client{}
	c.User = user
	c.Send = func(room, text string) { c.received = append(c.received, room+": "+text) }
	return c
}

// answered returns the answer of a call, as text. It fails unless there is exactly one.
func answered(t *testing.T, what, zh string, call func(Ack)) string {
	t.Helper()
	var answers []Answer
	call(func(a Answer) { answers = append(answers, a) })
	if len(answers) == 0 {
		check.Fail(t,
			"%[1]s: no acknowledgement was sent. The page waits until its "+
				"timeout and cannot say what is wrong.",
			"%[2]s：没有发回执。页面一直等到超时，也说不出哪里不对。", what, zh)
	}
	if len(answers) > 1 {
		check.Fail(t, "%[1]s: %[3]d acknowledgements were sent, and there is one question.",
			"%[2]s：发了 %[3]d 个回执，而问题只有一个。", what, zh, len(answers))
	}
	a := answers[0]
	if a.OK != (a.Error == "") {
		check.Fail(t, "%[1]s: the answer says both yes and no: %+[3]v.",
			"%[2]s：这个回执又是成功又是失败：%+[3]v。", what, zh, a)
	}
	if a.OK {
		return "ok"
	}
	return a.Error
}

func join(t *testing.T, r *Rooms, c *client, room string) string {
	t.Helper()
	return answered(t, fmt.Sprintf("%s joins %q", c.User, room),
		fmt.Sprintf("%s 加入 %q", c.User, room), func(a Ack) {
			r.Join(&c.Socket, room, a)
		})
}

func emit(t *testing.T, r *Rooms, c *client, room, text string) string {
	t.Helper()
	return answered(t, fmt.Sprintf("%s emits to %q", c.User, room),
		fmt.Sprintf("%s 向 %q 发消息", c.User, room), func(a Ack) {
			r.Emit(&c.Socket, room, text, a)
		})
}

func TestMembersTalk(t *testing.T) {
	r := NewRooms(newRights())
	ann, dora, bob := newClient("ann"), newClient("dora"), newClient("bob")
	for _, c := range []*client{ann, dora, ann} {
		check.Value(t, "answer", join(t, r, c, "staff"), "ok",
			"%s may join staff, also a second time.", "%s 可以加入 staff，再来一次也可以。", c.User)
	}
	check.Value(t, "answer", join(t, r, bob, "lobby"), "ok", "lobby is open to all.",
		"lobby 对所有人开放。")
	check.Value(t, "answer", emit(t, r, dora, "staff", "hi"), "ok",
		"dora is in staff and may speak.", "dora 在 staff 里，可以发言。")
	check.Value(t, "ann received", fmt.Sprint(ann.received), "[staff: hi]",
		"Each other member gets the message once.", "其他成员各收到一次。")
	check.Value(t, "dora received", fmt.Sprint(dora.received), "[]",
		"The sender does not get its own message.", "发送者收不到自己的消息。")
	check.Value(t, "bob received", fmt.Sprint(bob.received), "[]", "bob is in another room.",
		"bob 在另一个房间里。")
}

func TestJoinForbidden(t *testing.T) {
	r := NewRooms(newRights())
	ann, bob := newClient("ann"), newClient("bob")
	join(t, r, ann, "staff")
	check.Value(t, "answer", join(t, r, bob, "staff"), Forbidden, "bob may not join staff.",
		"bob 不能加入 staff。")
	emit(t, r, ann, "staff", "secret")
	check.Value(t, "bob received", fmt.Sprint(bob.received), "[]",
		"bob was refused, and listens nevertheless.", "bob 被拒绝了，却照样在听。")
	check.Value(t, "members", r.Members("staff"), 1,
		"bob was refused, and is in the room nevertheless.", "bob 被拒绝了，却还是进了房间。")
}

func TestEmitWithoutJoining(t *testing.T) {
	r := NewRooms(newRights())
	ann, dora, carl := newClient("ann"), newClient("dora"), newClient("carl")
	join(t, r, ann, "staff")
	answer := emit(t, r, carl, "staff", "free pizza")
	if len(ann.received) > 0 {
		check.Fail(t,
			"carl has neither joined staff nor any right there, and ann received his message: "+
				"any client can send any packet, whatever the page offers.",
			"carl 没有加入 staff，也没有权限，ann 却收到了他的消息："+
				"客户端可以发任何数据包，不管页面上有没有这个按钮。")
	}
	check.Value(t, "answer", answer, Forbidden,
		"carl has no right in staff: that comes before the question whether he has joined.",
		"carl 在 staff 没有权限：这一点先于有没有加入。")
	check.Value(t, "answer", emit(t, r, dora, "staff", "hi"), NotInRoom,
		"dora may join staff, and has not done so yet.", "dora 可以加入 staff，但还没有加入。")
	check.Value(t, "answer", emit(t, r, dora, "empty-room", "hi"), NotInRoom,
		"This room is empty; the sender is not in it either.",
		"这个房间里没有人，发送者自己也不在。")
	check.Value(t, "ann received", fmt.Sprint(ann.received), "[]",
		"Refused messages are not delivered.", "被拒绝的消息不能送到。")
}

func TestLookAlike(t *testing.T) {
	for _, name := range []string{"Staff", "STAFF", " staff", "staff ", "  sTAFF  "} {
		r := NewRooms(newRights())
		ann, bob := newClient("ann"), newClient("bob")
		join(t, r, ann, "staff")
		answer := join(t, r, bob, name)
		emit(t, r, ann, "staff", "secret")
		if len(bob.received) > 0 {
			check.Fail(t,
				"bob joined %q and got what was said in staff: the right was asked for one name, "+
					"and the room has another. Make the name canonical first, "+
					"and use nothing else afterwards.",
				"bob 加入了 %q，收到了 staff 里的话：问权限用的是一个名字，进的房间是另一个。"+
					"先把名字化成规范形式，之后只用它。", name)
		}
		check.Value(t, "answer", answer, Forbidden,
			"%q is staff in another spelling, and bob may not join it.",
			"%q 就是换了写法的 staff，bob 不能加入。", name)
		check.Value(t, "answer", emit(t, r, bob, name, "hi"), Forbidden,
			"%q is staff in another spelling, and bob may not speak there.",
			"%q 就是换了写法的 staff，bob 不能在那里发言。", name)

		dora := newClient("dora")
		check.Value(t, "answer", join(t, r, dora, name), "ok",
			"dora may join staff, and %q is the same room.",
			"dora 可以加入 staff，%q 是同一个房间。", name)
		emit(t, r, ann, name, "hello")
		check.Value(t, "dora received", fmt.Sprint(dora.received), "[staff: hello]",
			"ann spoke to %q, and dora, who is in the same room, hears it "+
				"under the room's canonical name.",
			"ann 对 %q 发言，同一个房间里的 dora 应该收到，房间名是规范形式。", name)
	}
}

func TestBadNames(t *testing.T) {
	for _, name := range []string{"", "   ", "st\u0430ff", "staff\u200b", "ｓｔａｆｆ",
		"\u017ftaff", "st aff", "staff/", "../staff", "staff_1", "staff\x00", "hi\nstaff",
		"staff\nhi", strings.Repeat("a", 33)} {
		r := NewRooms(newRights())
		bob := newClient("bob")
		check.Value(t, fmt.Sprintf("join %q", name), join(t, r, bob, name), BadName,
			"%q is not 1 to 32 of the characters a-z, 0-9 and -. Some of these names look like "+
				"staff in the list of rooms, so they serve to deceive others.",
			"%q 不是 1 到 32 个 a-z、0-9 和 - 组成的。"+
				"这样的名字有些在房间列表里看着就像 staff，可以拿来骗人。", name)
		check.Value(t, fmt.Sprintf("emit to %q", name), emit(t, r, bob, name, "hi"), BadName,
			"A name that no room can have is refused in Emit, too.",
			"不可能有的房间名，在 Emit 里也要拒绝。")
		check.Value(t, "members", r.Members(name)+r.Members(strings.TrimSpace(name)), 0,
			"%q was refused, and there is a room of that name.",
			"%q 被拒绝了，却有了叫这个名字的房间。", name)
	}
	r := NewRooms(newRights())
	for _, name := range []string{"a", "7", "room-7", strings.Repeat("a", 32)} {
		check.Value(t, "answer", join(t, r, newClient("bob"), name), "ok",
			"%q is a valid name, and the room is open.", "%q 是合法的名字，房间也是开放的。", name)
	}
}

func TestRevokedSpeaks(t *testing.T) {
	rights := newRights()
	r := NewRooms(rights)
	ann, dora := newClient("ann"), newClient("dora")
	join(t, r, ann, "staff")
	join(t, r, dora, "staff")
	rights.set("dora", false)
	answer := emit(t, r, dora, "staff", "I am still here")
	if len(ann.received) > 0 {
		check.Fail(t,
			"dora's right was taken from her, and she still speaks in the room: a right that is "+
				"only checked on joining lasts as long as the connection.",
			"dora 的权限已经收回，她却还能在房间里发言：只在加入时检查的权限，连接不断就一直有效。")
	}
	check.Value(t, "answer", answer, Forbidden, "dora's right was taken from her.",
		"dora 的权限已经收回。")
	check.Value(t, "members", r.Members("staff"), 1,
		"dora has no right any longer and tried to speak: she is taken out of the room.",
		"dora 已经没有权限，又试图发言：要把她移出房间。")
	rights.set("dora", true)
	check.Value(t, "answer", emit(t, r, dora, "staff", "hi"), NotInRoom,
		"dora was taken out of the room. She has her right again, and has to join again.",
		"dora 被移出了房间。权限恢复之后，她要重新加入。")
}

func TestRevokedListens(t *testing.T) {
	rights := newRights()
	r := NewRooms(rights)
	ann, dora := newClient("ann"), newClient("dora")
	join(t, r, ann, "staff")
	join(t, r, dora, "staff")
	rights.set("dora", false)
	check.Value(t, "answer", emit(t, r, ann, "staff", "dora leaves on Friday"), "ok",
		"ann may speak in staff.", "ann 可以在 staff 里发言。")
	check.Value(t, "dora received", fmt.Sprint(dora.received), "[]",
		"dora's right was taken from her. She says nothing, so nothing refuses her, and she "+
			"hears everything: listening needs the right, too.",
		"dora 的权限已经收回。她什么都不说，也就没有什么会拒绝她，"+
			"却什么都听得到：听的人也要有权限。")
	check.Value(t, "members", r.Members("staff"), 1,
		"A socket without the right is taken out of the room.", "没有权限的 socket 要移出房间。")
	rights.set("dora", true)
	emit(t, r, ann, "staff", "later")
	check.Value(t, "dora received", fmt.Sprint(dora.received), "[]",
		"dora was taken out of the room, and she has not joined again.",
		"dora 已经被移出房间，没有谁让她回来。")
}

func TestRevokedJoins(t *testing.T) {
	rights := newRights()
	r := NewRooms(rights)
	dora := newClient("dora")
	join(t, r, dora, "staff")
	rights.set("dora", false)
	check.Value(t, "answer", join(t, r, dora, "staff"), Forbidden,
		"dora's right was taken from her, and she joins again.",
		"dora 的权限已经收回，她又来加入。")
	check.Value(t, "members", r.Members("staff"), 0,
		"dora was refused, and is still in the room from before.",
		"dora 被拒绝了，却还留在之前加入的房间里。")
}

func TestWithoutAck(t *testing.T) {
	r := NewRooms(newRights())
	ann, bob := newClient("ann"), newClient("bob")
	defer func() {
		if p := recover(); p != nil {
			check.Panicked(t, p,
				"A client sent join or emit without asking for an acknowledgement, so ack is "+
					"nil, and the server crashed: %v. Any client can do that.",
				"客户端发来 join 或 emit，没有要回执，ack 就是 nil，"+
					"服务器崩溃了：%v。任何客户端都能这样做。", p)
		}
	}()
	for _, c := range []*client{ann, bob} {
		r.Join(&c.Socket, "staff", nil)
		r.Join(&c.Socket, "bad name", nil)
		r.Join(&c.Socket, "lobby", nil)
		r.Emit(&c.Socket, "staff", "hi", nil)
		r.Emit(&c.Socket, "bad name", "hi", nil)
		r.Emit(&c.Socket, "empty", "hi", nil)
		r.Emit(&c.Socket, "lobby", "hi", nil)
	}
	check.Value(t, "ann received", fmt.Sprint(ann.received), "[lobby: hi]",
		"Without an acknowledgement the same rules hold.", "不要回执，规则也是一样的。")
}
