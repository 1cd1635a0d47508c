package sio_test

import (
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siopacket"
)

// joinToReturn is a client that knows what it has to send to be recovered.
func joinToReturn(t *testing.T, io *sio.Server, url string) (a peer, sid, back string) {
	a = dial(t, url)
	a.write("40")
	session := regexp.MustCompile(`"sid":"([^"]+)","pid":"([^"]+)"`).FindStringSubmatch(a.read())
	require.NotNil(t, session)
	io.Emit("first")
	offset := regexp.MustCompile(`^42\["first","(\w+)"\]$`).FindStringSubmatch(a.read())
	require.NotNil(t, offset)
	return a, session[1], fmt.Sprintf(`40{"pid":%q,"offset":%q}`, session[2], offset[1])
}

func TestWhatASocketEmitsWhileItsClientIsAwayIsReplayed(t *testing.T) {
	io, url := serve(t, sio.Config{Recovery: &sio.Recovery{}})
	a, sid, back := joinToReturn(t, io, url)
	s := io.Socket(sid)
	a.NetConn().Close()
	require.Eventually(t, func() bool { return io.Len() == 0 }, time.Minute, time.Millisecond)
	require.NoError(t, s.Emit("direct", 1))
	require.NoError(t, s.Volatile().Emit("volatile"))

	b := dial(t, url)
	b.write(back)
	assert.Regexp(t, `^42\["direct",1,"\w+"\]$`, b.read())
	assert.Regexp(t, `^40\{"sid":"`+sid, b.read())
}

func TestASocketThatSaidGoodbyeRemembersNothing(t *testing.T) {
	io, url := serve(t, sio.Config{Recovery: &sio.Recovery{}})
	a, sid, back := joinToReturn(t, io, url)
	s := io.Socket(sid)
	a.write("41")
	require.Eventually(t, func() bool { return io.Len() == 0 }, time.Minute, time.Millisecond)
	assert.ErrorIs(t, s.Emit("direct", 1), sio.ErrDisconnected)
	a.write(back)
	assert.NotRegexp(t, `^40\{"sid":"`+sid, a.read())
}

// away waits until the server has noticed that no client is left.
func away(t *testing.T, io *sio.Server, p peer) {
	p.NetConn().Close()
	require.Eventually(t, func() bool { return io.Len() == 0 }, time.Minute, time.Millisecond)
}

// joinAgain reads up to the answer to CONNECT, and returns it last.
func joinAgain(t *testing.T, url, back string) (p peer, got []string) {
	p = dial(t, url)
	p.write(back)
	for len(got) == 0 || got[len(got)-1][:2] == "42" {
		got = append(got, p.read())
	}
	return p, got
}

func TestARefusedRecoveryLeavesTheStateAsItWas(t *testing.T) {
	var sockets []*sio.Socket
	io, url := serve(t, sio.Config{Recovery: &sio.Recovery{RunMiddlewares: true}})
	io.Use(func(s *sio.Socket) error { // one client at a time
		sockets = append(sockets, s)
		if len(sockets) != 2 {
			return nil
		}
		s.Set("refused", true)
		s.Join("refused")
		return errors.New("try again")
	})
	a, sid, back := joinToReturn(t, io, url)
	io.Socket(sid).Set("user", "ann")
	away(t, io, a)
	_, got := joinAgain(t, url, back)
	require.Equal(t, []string{`44{"message":"try again"}`}, got)
	_, got = joinAgain(t, url, back)
	require.Regexp(t, `^40\{"sid":"`+sid, got[0])

	refused, joined := sockets[1], sockets[2]
	assert.True(t, joined.Recovered())
	assert.Equal(t, map[string]any{"user": "ann"}, joined.Data())
	assert.Equal(t, []string{sid}, joined.Rooms())
	refused.Set("late", true) // a map that both wrote would end the process
	assert.Nil(t, joined.Get("late"))
	assert.ErrorIs(t, refused.Emit("e"), sio.ErrDisconnected)
}

// A goroutine that asks Recovered while a middleware refuses the socket: for the race detector.
func TestRecoveredWhileTheSocketIsRefused(t *testing.T) {
	io, url := serve(t, sio.Config{Recovery: &sio.Recovery{RunMiddlewares: true}})
	recovered := make(chan bool, 100)
	var sockets atomic.Int32
	io.Use(func(s *sio.Socket) error {
		if sockets.Add(1) == 1 {
			return nil
		}
		go func() {
			for range cap(recovered) {
				recovered <- s.Recovered()
				runtime.Gosched()
			}
		}()
		return errors.New("try again")
	})
	a, _, back := joinToReturn(t, io, url)
	away(t, io, a)
	joinAgain(t, url, back)
	for range cap(recovered) {
		assert.True(t, <-recovered)
	}
}

func TestEmitToAnEndedSocketFailsOnceItsStateIsGone(t *testing.T) {
	io, url := serve(t, sio.Config{Recovery: &sio.Recovery{}})
	a, sid, back := joinToReturn(t, io, url)
	first := io.Socket(sid)
	away(t, io, a)
	require.NoError(t, first.Emit("missed"))
	b, got := joinAgain(t, url, back)
	require.Len(t, got, 2)
	require.Regexp(t, `^40\{"sid":"`+sid, got[1])
	assert.ErrorIs(t, first.Emit("late"), sio.ErrDisconnected, "its successor has the state")
	assert.ErrorIs(t, first.Volatile().Emit("late"), sio.ErrDisconnected)
	require.NoError(t, io.Socket(sid).Emit("news"))
	assert.Regexp(t, `^42\["news",`, b.read(), "and nothing of the first socket's")

	io, url = serve(t, sio.Config{Recovery: &sio.Recovery{MaxDisconnection: time.Nanosecond}})
	a, sid, _ = joinToReturn(t, io, url)
	first = io.Socket(sid)
	away(t, io, a)
	assert.ErrorIs(t, first.Emit("late"), sio.ErrDisconnected, "its state is too old")
}

func TestEmitToASlowClientFailsWithRecoveryToo(t *testing.T) {
	io, url := serve(t, sio.Config{Recovery: &sio.Recovery{},
		Engine: engineio.Config{MaxQueue: 1 << 20}})
	_, sid, _ := joinToReturn(t, io, url)
	s, text := io.Socket(sid), strings.Repeat("x", 100_000)
	var err error
	for i := 0; i < 10_000 && err == nil; i++ {
		err = s.Emit("news", text)
	}
	assert.ErrorIs(t, err, engineio.ErrSlowClient)
}

// A client that has missed more than its queue holds starts again. It is not closed as slow, which
// it would be after each return.
func TestAReplayFitsIntoTheQueue(t *testing.T) {
	io, url := serve(t, sio.Config{Recovery: &sio.Recovery{},
		Engine: engineio.Config{MaxQueue: 1 << 20}})
	a, sid, back := joinToReturn(t, io, url)
	away(t, io, a)
	for range 100 {
		io.Emit("sample", strings.Repeat("x", 20_000))
	}
	b, got := joinAgain(t, url, back)
	require.Len(t, got, 1)
	assert.NotContains(t, got[0], sid, "not recovered")
	io.Emit("first")
	assert.Contains(t, b.read(), "first")
}

// A client that names an early offset gets nothing that was sent before it joined, to the namespace
// or to a room.
func TestAnEarlyOffsetIsNotBelieved(t *testing.T) {
	io, url := serve(t, sio.Config{Recovery: &sio.Recovery{}})
	io.Emit("too early")
	io.To("vip").Emit("too early")
	a, sid, back := joinToReturn(t, io, url) // receives packet 2
	early := regexp.MustCompile(`2"\}$`).ReplaceAllString(back, `0"}`)
	require.NotEqual(t, early, back)
	never := regexp.MustCompile(`2"\}$`).ReplaceAllString(back, `7"}`)
	io.To("vip").Emit("too early")
	io.Socket(sid).Join("vip")
	io.To("vip").Emit("in time")
	a.read()
	away(t, io, a)
	io.To("vip").Emit("missed")

	_, got := joinAgain(t, url, never)
	assert.NotContains(t, got[0], sid, "no packet has that offset")
	for range 2 { // recovered, and lost again before it has read all
		b, got := joinAgain(t, url, early)
		require.Len(t, got, 4, got)
		assert.Contains(t, got[0], "first")
		assert.Contains(t, got[1], "in time")
		assert.Contains(t, got[2], "missed")
		assert.Contains(t, got[3], sid)
		b.NetConn().Close()
		require.Eventually(t, func() bool {
			return io.Socket(sid) == nil
		}, time.Minute, time.Millisecond)
	}
	b, got := joinAgain(t, url, back)
	require.Len(t, got, 3, got)
	b.NetConn().Close()
	require.Eventually(t, func() bool {
		return io.Socket(sid) == nil
	}, time.Minute, time.Millisecond)
	_, got = joinAgain(t, url, early)
	assert.Len(t, got, 3, "it has said before that it received the first: %s", got)
}

func TestOnlySoManySessionsAreKept(t *testing.T) {
	io, url := serve(t, sio.Config{Recovery: &sio.Recovery{MaxSessions: 1}})
	a, first, backA := joinToReturn(t, io, url)
	away(t, io, a)
	b, second, backB := joinToReturn(t, io, url)
	away(t, io, b)
	_, got := joinAgain(t, url, backA)
	assert.NotContains(t, got[len(got)-1], first)
	_, got = joinAgain(t, url, backB)
	assert.Contains(t, got[len(got)-1], second)
}

// A child namespace stays for clients that are away, and no longer.
func TestRecoveryInAChildNamespaceThatIsCleanedUp(t *testing.T) {
	for wait, returns := range map[time.Duration]bool{time.Minute: true, time.Millisecond: false} {
		io, url := serve(t, sio.Config{CleanupEmptyChildNamespaces: true,
			Recovery: &sio.Recovery{MaxDisconnection: wait}})
		io.OfRegexp(regexp.MustCompile(`^/room$`)).OnConnection(func(s *sio.Socket) {
			s.Emit("hi")
		})
		a := dial(t, url)
		a.write("40/room,")
		session := regexp.MustCompile(`"sid":"([^"]+)","pid":"([^"]+)"`).
			FindStringSubmatch(a.read())
		require.NotNil(t, session)
		offset := regexp.MustCompile(`\["hi","(\w+)"\]$`).FindStringSubmatch(a.read())
		require.NotNil(t, offset)
		gone := make(chan struct{})
		io.Of("/room").Socket(session[1]).OnDisconnect(func(sio.Reason) { close(gone) })
		a.NetConn().Close()
		<-gone
		if !returns {
			require.Eventually(t, func() bool {
				return len(io.Namespaces()) == 1
			}, time.Minute, time.Millisecond)
			continue
		}
		_, got := joinAgain(t, url, fmt.Sprintf(`40/room,{"pid":%q,"offset":%q}`, session[2],
			offset[1]))
		assert.Contains(t, got[0], session[1])
	}
}

// A client may close the connection as soon as it reads DISCONNECT. The server has still left on
// purpose, and keeps no state.
func TestADisconnectedSocketIsNotRecoveredHoweverFastItsClientLeaves(t *testing.T) {
	left, ask := make(chan sio.Reason, 10), func(siopacket.Packet) {}
	io, url := serve(t, sio.Config{Recovery: &sio.Recovery{},
		Parser: watchedParser{watch: func(p siopacket.Packet) {
			ask(p)
		}}})
	a, sid, back := joinToReturn(t, io, url)
	s := io.Socket(sid)
	s.OnDisconnect(func(r sio.Reason) { left <- r })
	var reason sio.Reason
	ask = func(p siopacket.Packet) {
		if p.Type == siopacket.Disconnect {
			a.NetConn().Close()
			reason = <-left
		}
	}
	s.Disconnect(false)
	assert.Equal(t, sio.ServerNamespaceDisconnect, reason)
	ask = func(siopacket.Packet) {}
	_, got := joinAgain(t, url, back)
	assert.NotContains(t, got[0], sid)
}

type watchedParser struct {
	sio.JSONParser
	watch func(siopacket.Packet)
}

func (p watchedParser) Encode(packet siopacket.Packet) []*engineio.Message {
	p.watch(packet)
	return p.JSONParser.Encode(packet)
}
