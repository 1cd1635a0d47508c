//go:build exercise

package recovery_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/socketio/exercises/recovery"
)

var (
	now = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	ann = Socket{ID: "ann", Rooms: []string{"cats", "tea"}}
)

// sent makes a log: one packet every second, the last one a second ago.
func sent(packets ...Packet) []Packet {
	for i := range packets {
		packets[i].Offset = string(rune('a' + i))
		packets[i].Data = "packet " + packets[i].Offset
		packets[i].At = now.Add(time.Duration(i-len(packets)) * time.Second)
	}
	return packets
}

// expect asks what ann missed since the offset; want are the offsets.
func expect(t *testing.T, log []Packet, offset, want, en, zh string) {
	t.Helper()
	before := fmt.Sprint(log)
	packets, ok := Missed(log, offset, ann, now)
	if !ok {
		check.Fail(t, en+" But ok is false: the log is said not to reach back that far.",
			zh+"可是 ok 是 false：说是记录够不到那么远。")
	}
	got := ""
	for _, p := range packets {
		got += p.Offset
	}
	if sorted(got) == sorted(want) {
		check.Value(t, "packets", got, want,
			"These are the right packets in the wrong order: what was sent first comes first.",
			"数据包是对的，顺序不对：先发的先来。")
	}
	check.Value(t, "packets", got, want, en, zh)
	if fmt.Sprint(log) != before {
		check.Fail(t, "Missed has changed the log: the next client that comes back needs it, too.",
			"Missed 改动了记录：下一个回来的客户端也要用它。")
	}
}

func sorted(offsets string) string {
	all := []byte(offsets)
	slices.Sort(all)
	return string(all)
}

func TestAfter(t *testing.T) {
	log := sent(Packet{}, Packet{}, Packet{}, Packet{})
	expect(t, log, "b", "cd",
		"Ann got a and b; she missed c and d. The packet with her offset has arrived.",
		"Ann 收到了 a 和 b，错过了 c 和 d。偏移量对应的那个数据包已经到了。")
	expect(t, log, "a", "bcd",
		"Ann missed three packets, b, c and d: they come in the order in which they were sent.",
		"Ann 错过了 b、c、d 三个数据包：按发送的顺序来。")
	expect(t, log, "d", "",
		"Ann got the last packet: she missed nothing, and is recovered all the same.",
		"Ann 收到了最后一个数据包：什么都没错过，一样算恢复成功。")
}

func TestRooms(t *testing.T) {
	log := sent(Packet{}, Packet{Rooms: []string{"cats"}}, Packet{Rooms: []string{"dogs"}},
		Packet{})
	expect(t, log, "a", "bd",
		"b was for cats, c for dogs, d for everyone; Ann is in cats and tea. A packet that would "+
			"not have reached her then must not come now.",
		"b 发给 cats，c 发给 dogs，d 发给所有人；Ann 在 cats 和 tea 里。"+
			"当时不会收到的，现在也不能收到。")
	log = sent(Packet{}, Packet{Rooms: []string{"cats", "tea"}})
	expect(t, log, "a", "b", "b was for cats and tea, Ann is in both: it is one packet.",
		"b 发给 cats 和 tea，Ann 两个都在：那也是一个数据包。")
	log = sent(Packet{}, Packet{Rooms: []string{"dogs", "cats"}},
		Packet{Rooms: []string{"dogs", "birds"}})
	expect(t, log, "a", "b",
		"b was for cats and dogs, and one room in common is enough; c was for dogs and birds.",
		"b 发给 cats 和 dogs，有一个共同的房间就够了；c 发给 dogs 和 birds。")
}

func TestExcept(t *testing.T) {
	log := sent(Packet{}, Packet{Except: []string{"ann"}}, Packet{Except: []string{"bob"}},
		Packet{Rooms: []string{"cats"}, Except: []string{"ann"}})
	expect(t, log, "a", "c", "b and d left Ann out (she sent them herself), c left Bob out.",
		"b 和 d 排除了 Ann（是她自己发的），c 排除的是 Bob。")
}

func TestLostTrack(t *testing.T) {
	log := sent(Packet{}, Packet{})
	for _, offset := range []string{"zz", "", "A", "aa"} {
		if packets, ok := Missed(log, offset, ann, now); ok {
			check.Fail(t,
				"The offset %q is not in the log, and %d packets were replayed as if that were "+
					"all: the missed ones are unknown.",
				"偏移量 %q 不在记录里，却重放了 %d 个数据包，"+
					"好像这就是全部：其实没人知道错过了什么。", offset, len(packets))
		}
	}
	if _, ok := Missed(nil, "a", ann, now); ok {
		check.Fail(t, "The log is empty, and the client gets the answer that it missed nothing.",
			"记录是空的，却告诉客户端它什么都没错过。")
	}
}

func TestTooLong(t *testing.T) {
	log := sent(Packet{}, Packet{})
	log[0].At = now.Add(-MaxAge - time.Second)
	if _, ok := Missed(log, "a", ann, now); ok {
		check.Fail(t,
			"Ann was away for longer than MaxAge, and is recovered: her session is "+
				"over by then, and its rooms with it.",
			"Ann 离开的时间超过了 MaxAge，却被恢复了：那时她的会话已经结束，房间也没了。")
	}
	log[0].At = now.Add(-MaxAge)
	if _, ok := Missed(log, "a", ann, now); !ok {
		check.Fail(t, "Ann was away for exactly MaxAge: that is still in time.",
			"Ann 正好离开了 MaxAge：还来得及。")
	}
	old := sent(Packet{}, Packet{}, Packet{})
	old[0].At = now.Add(-time.Hour)
	expect(t, old, "b", "c",
		"An old packet stands in the log before Ann's offset, and says nothing of her.",
		"Ann 的偏移量之前有一个很老的数据包，那和她无关。")
}
