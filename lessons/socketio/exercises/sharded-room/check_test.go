//go:build exercise

package shardedroom_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/socketio/exercises/sharded-room"
)

// bus is a Bus that delivers before Publish returns, and counts.
type bus struct {
	mu     sync.Mutex // one envelope after another
	shards map[string]*Shard
	down   error

	count     sync.Mutex
	envelopes []Envelope
}

func (b *bus) Publish(e Envelope) error {
	b.count.Lock()
	b.envelopes = append(b.envelopes, e)
	many := len(b.envelopes) > maxEnvelopes
	b.count.Unlock()
	if b.down != nil || many { // a loop ends
		return b.down
	}
	for _, s := range b.shards {
		s.Receive(e)
	}
	return nil
}

const maxEnvelopes = 1000

// oneByOne is the bus of many servers: it takes one envelope at a time.
type oneByOne struct{ *bus }

func (b oneByOne) Publish(e Envelope) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bus.Publish(e)
}

var errDown = errors.New("the bus is down")

// room is a room on three servers, and its bus.
type room struct {
	*bus
	A, B, C *Shard
}

func newRoom(wrap func(*bus) Bus) *room {
	b := &bus{shards: map[string]*Shard{}}
	r := &room{bus: b}
	for name, s := range map[string]**Shard{"A": &r.A, "B": &r.B, "C": &r.C} {
		*s = NewShard(name, wrap(b))
		b.shards[name] = *s
	}
	return r
}

func plain(b *bus) Bus { return b }

// member is a member that keeps what it got.
type member struct {
	Member
	mu  sync.Mutex
	got []string
}

func join(s *Shard, id string) *member {
	m := &member{Member: Member{ID: id}}
	m.Deliver = func(text string) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.got = append(m.got, text)
	}
	s.Join(&m.Member)
	return m
}

// queue returns what the member got, and empties it.
func (m *member) queue() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := strings.Join(m.got, " ")
	m.got = nil
	return all
}

// happens reports whether something happens without more input. It yields the one processor that it
// leaves to the program, so the speed of the machine does not matter.
func happens(something func() bool) bool {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for range 10_000 {
		if something() {
			return true
		}
		runtime.Gosched()
	}
	return false
}

// returns reports whether f returns instead of blocking.
func returns(f func()) bool {
	var done atomic.Bool
	go func() { f(); done.Store(true) }()
	return happens(done.Load)
}

// TestInTurn: Publish and Receive return after Deliver and the bus, so the sender's next message
// cannot overtake this one.
func TestInTurn(t *testing.T) {
	for name, deliver := range map[string]func(*room){
		"Publish": func(r *room) { _ = r.A.Publish("ann", "1") },
		"Receive": func(r *room) { r.A.Receive(Envelope{"B", "zoe", "1"}) },
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRoom(plain)
			gone := make(chan struct{})
			called := false
			join(r.A, "bob").Deliver = func(string) { called = true; <-gone }
			if early(func() { deliver(r) }, gone) && called {
				check.Fail(t,
					"%s returned before Deliver did: the sender's next message "+
						"may be delivered before this one.",
					"%s 在 Deliver 返回之前就返回了：发送者的下一条可能先送达。", name)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		gone := make(chan struct{})
		r := newRoom(func(b *bus) Bus { return waiting{b, gone} })
		if early(func() { _ = r.A.Publish("ann", "1") }, gone) && r.used() {
			check.Fail(t,
				"Publish returned before the bus did: the sender's next envelope may overtake "+
					"this one, and an error of the bus is lost.",
				"Publish 在总线返回之前就返回了："+
					"发送者的下一个信封可能跑到前面，总线的错误也丢了。")
		}
	})
}

// early reports whether f returns before gone is closed, and closes it.
func early(f func(), gone chan struct{}) bool {
	var done atomic.Bool
	go func() { f(); done.Store(true) }()
	synctest.Wait()
	before := done.Load()
	close(gone)
	synctest.Wait()
	return before
}

func TestOwnServer(t *testing.T) {
	r := newRoom(plain)
	ann, bob := join(r.A, "ann"), join(r.A, "bob")
	r.down = errDown
	_ = r.A.Publish("ann", "1")
	if got := bob.queue(); got == "" {
		r.down = nil
		_ = r.A.Publish("ann", "2")
		if bob.queue() == "2" {
			check.Fail(t,
				"The bus is down, and a member on the sender's own server got "+
					"nothing: its way does not need the bus.",
				"总线断了，和发送者在同一台服务器上的成员什么都没收到：它那条路用不着总线。")
		}
		check.Fail(t,
			"Ann and Bob are connected to the same server. Ann sent a "+
				"message, and Bob got nothing.",
			"Ann 和 Bob 连在同一台服务器上。Ann 发了一条消息，Bob 什么都没收到。")
	} else if got != "1" {
		check.Fail(t, "Ann sent 1 while the bus is down, and Bob on the same server got %q.",
			"总线断了的时候 Ann 发了 1，同一台服务器上的 Bob 收到的是 %q。", got)
	}
	if got := ann.queue(); got != "" {
		check.Fail(t, "Ann sent a message and got it back: a publish goes to all other members.",
			"Ann 发的消息又回到了她自己那里：发布是给其他成员的。")
	}
}

// late is a bus that keeps the envelopes until they are taken from it.
type late struct{ *bus }

func (l late) Publish(e Envelope) error {
	l.envelopes = append(l.envelopes, e)
	return nil
}

func TestSlowBus(t *testing.T) {
	r := newRoom(func(b *bus) Bus { return late{b} })
	join(r.A, "ann")
	bob := join(r.A, "bob")
	_ = r.A.Publish("ann", "1")
	if bob.queue() != "1" {
		check.Fail(t,
			"The bus is slow, and Publish returned before a member on the sender's own server "+
				"had the message. If the bus goes down now, the "+
				"sender's next message overtakes it.",
			"总线很慢，Publish 返回时，和发送者在同一台服务器上的成员还没有收到消息。"+
				"如果总线这时断了，发送者的下一条就会跑到它前面。")
	}
}

func TestOtherServers(t *testing.T) {
	r := newRoom(plain)
	ann, bob := join(r.A, "ann"), join(r.A, "bob")
	var far []*member
	for i := range 40 {
		far = append(far, join([]*Shard{r.B, r.C}[i%2], fmt.Sprint("far ", i)))
	}
	if err := r.A.Publish("ann", "1"); err != nil {
		check.Fail(t, "The bus is up, and Publish returned an error: %v.",
			"总线好好的，Publish 却返回了错误：%v。", err)
	}
	n := len(r.envelopes)
	if n == 0 {
		check.Fail(t,
			"Publish returned, and nothing is on the bus yet: the sender's next "+
				"message could come before this one.",
			"Publish 返回了，总线上却还什么都没有：发送者的下一条可能跑到这一条前面。")
	}
	for _, e := range r.envelopes {
		if e.Shard != "A" {
			check.Fail(t,
				"Shard %s received an envelope and published it again: every "+
					"shard gets each envelope already.",
				"分片 %s 收到信封后又发布了一次：每个分片本来就会收到每个信封。", e.Shard)
		}
	}
	if n > 1 {
		check.Fail(t,
			"One message, 41 other members, and %d envelopes on the bus: one is "+
				"enough for all members of all shards.",
			"一条消息，41 个其他成员，总线上有 %d 个信封：对所有分片的所有成员，一个就够了。", n)
	}
	check.Value(t, "envelope", fmt.Sprint(r.envelopes[0]), fmt.Sprint(Envelope{"A", "ann", "1"}),
		"The envelope says where it was published, who sent it, and what.",
		"信封要写明在哪里发布、谁发的、内容是什么。")
	for _, m := range far {
		check.Value(t, m.ID, m.queue(), "1",
			"Ann's message goes to the members on the other servers, too, once to each.",
			"Ann 的消息也要到其他服务器上的成员那里，每人一次。")
	}
	check.Value(t, "bob", bob.queue(), "1",
		"The bus brings an envelope back to the shard that published it: members on the sender's "+
			"own server must get the message once.",
		"总线会把信封也带回发布它的分片：和发送者在同一台服务器上的成员只应收到一次。")
	if got := ann.queue(); got != "" {
		check.Fail(t, "Ann's own message came back to her over the bus.",
			"Ann 自己的消息经总线又回到了她那里。")
	}
}

func TestBusDown(t *testing.T) {
	r := newRoom(plain)
	r.down = errDown
	if err := r.A.Publish("ann", "1"); !errors.Is(err, errDown) {
		check.Fail(t,
			"The bus is down, half of the room did not get the message, and Publish returned %v: "+
				"it returns the error of the bus.",
			"总线断了，半个房间没有收到消息，Publish 返回的却是 %v：它应该返回总线的错误。", err)
	}
}

func TestMoves(t *testing.T) {
	r := newRoom(plain)
	join(r.A, "ann")
	// Ann's envelope is on its way while she leaves one server and joins on another.
	r.A.Leave("ann")
	ann := join(r.B, "ann")
	r.B.Receive(Envelope{"A", "ann", "1"})
	if got := ann.queue(); got != "" {
		check.Fail(t,
			"Ann sent a message and joined on another server before it arrived there. It came "+
				"back to her: the sender is known by the ID in the envelope, not by the server.",
			"Ann 发了消息，在它到达另一台服务器之前加入了那里。消息回到了她自己那里："+
				"认发送者要看信封里的 ID，而不是看服务器。")
	}
}

func TestLeft(t *testing.T) {
	r := newRoom(plain)
	join(r.A, "ann")
	bob, carol := join(r.A, "bob"), join(r.B, "carol")
	_ = r.A.Publish("ann", "1")
	r.A.Leave("bob")
	r.B.Leave("carol")
	_ = r.A.Publish("ann", "2")
	for _, m := range []*member{bob, carol} {
		check.Value(t, m.ID, m.queue(), "1", "A member that has left gets nothing more.",
			"已经离开的成员不再收到任何东西。")
	}
	dave := join(r.B, "dave")
	_ = r.A.Publish("ann", "3")
	check.Value(t, "dave", dave.queue(), "3",
		"A new member gets the messages that are sent after it joined, and only those.",
		"后来加入的成员收到之后发的，也只收到之后发的。")
}

// TestLeaveInDeliver: members whose queues are full leave while a message is delivered.
func TestLeaveInDeliver(t *testing.T) {
	for _, from := range []string{"A", "B"} { // delivered by Publish, and by Receive
		r := newRoom(plain)
		join(r.A, "ann")
		join(r.B, "zoe")
		var stay []*member
		for i := range 20 {
			m := join(r.A, fmt.Sprint(i))
			if i%2 == 0 {
				m.Deliver = func(string) { r.A.Leave(m.ID) }
				continue
			}
			stay = append(stay, m)
		}
		sender := map[string]string{"A": "ann", "B": "zoe"}[from]
		if !returns(func() { _ = r.shards[from].Publish(sender, "1") }) {
			check.Fail(t,
				"Deliver found a full queue and called Leave, and everything stands still: the "+
					"lock of the shard was held, and Leave waits for it.",
				"Deliver 发现队列满了，于是调用 Leave，一切就停住了："+
					"分片的锁还拿在手里，Leave 在等它。")
		}
		for _, m := range stay {
			check.Value(t, "member "+m.ID, m.queue(), "1",
				"Other members left while the message was delivered, and this one got it not at "+
					"all or twice: removing one must not move the others under the loop.",
				"消息送达的过程中别的成员离开了，这一位却没收到，或收到两次："+
					"移除一个成员时，正在进行的循环不能受影响。")
		}
	}
}

// TestNobodyWaits: Deliver and the bus take their time, and others join meanwhile.
func TestNobodyWaits(t *testing.T) {
	gone := make(chan struct{})
	defer close(gone)
	r := newRoom(plain)
	join(r.A, "ann")
	var inside atomic.Bool
	join(r.A, "slow").Deliver = func(string) { inside.Store(true); <-gone }
	go r.A.Publish("ann", "1")
	if happens(inside.Load) && !returns(func() { join(r.A, "new"); r.A.Leave("new") }) {
		check.Fail(t,
			"While a message was being delivered to one member, no other socket could join on "+
				"that server: the lock was held.",
			"消息正在送给一个成员时，别人都不能加入这台服务器：锁还拿在手里。")
	}

	r = newRoom(func(b *bus) Bus { return waiting{b, gone} })
	join(r.A, "ann")
	go r.A.Publish("ann", "1")
	if happens(r.used) && !returns(func() { join(r.A, "new"); r.A.Leave("new") }) {
		check.Fail(t,
			"The bus takes its time, and meanwhile no socket could join on the server: the lock "+
				"was held while it published.",
			"总线要花些时间，这期间谁也不能加入这台服务器：发布的时候锁还拿在手里。")
	}
}

func (b *bus) used() bool {
	b.count.Lock()
	defer b.count.Unlock()
	return len(b.envelopes) > 0
}

// waiting is a bus that counts an envelope and does not return before it may.
type waiting struct {
	*bus
	gone chan struct{}
}

func (w waiting) Publish(e Envelope) error {
	w.count.Lock()
	w.envelopes = append(w.envelopes, e)
	w.count.Unlock()
	<-w.gone
	return nil
}

// TestEverythingAtOnce: three senders, and members that come and go. Those that stay get
// everything, in each sender's order.
func TestEverythingAtOnce(t *testing.T) {
	const each = 100
	r := newRoom(func(b *bus) Bus { return oneByOne{b} })
	stay := map[string]*member{}
	var work sync.WaitGroup
	for name, s := range r.shards {
		stay[name] = join(s, "stays on "+name)
		join(s, "sender on "+name)
	}
	for name, s := range r.shards {
		work.Go(func() {
			for i := range each {
				_ = s.Publish("sender on "+name, fmt.Sprint(name, i))
			}
		})
		work.Go(func() {
			for i := range each {
				m := join(s, fmt.Sprint("guest ", i))
				s.Leave(m.ID)
			}
		})
	}
	work.Wait()
	for on, m := range stay {
		next := map[string]int{}
		for _, text := range strings.Fields(m.queue()) {
			from := text[:1]
			if want := fmt.Sprint(from, next[from]); text != want {
				check.Fail(t,
					"A member on %s got %s where %s is the next message of that sender: each "+
						"sender's messages keep their order.",
					"%s 上的成员收到了 %s，而那位发送者的下一条是 %s：每个发送者的消息要保持顺序。",
					on, text, want)
			}
			next[from]++
		}
		for from := range r.shards {
			if next[from] != each {
				check.Fail(t,
					"While others joined and left, a member on %s got %d of %d "+
						"messages that were sent on %s.",
					"别人加入和离开的同时，%s 上的成员收到了 %[4]s "+
						"上所发 %[3]d 条消息中的 %[2]d 条。", on, next[from], each, from)
			}
		}
	}
}
