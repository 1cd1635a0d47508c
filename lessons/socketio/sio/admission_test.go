package sio_test

import (
	"context"
	"errors"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siopacket"
)

// within receives a value, or fails t after a minute.
func within[T any](t *testing.T, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(time.Minute):
		t.Error(what)
	}
	return v
}

func TestANamespaceIsNotOpenWithoutTheMiddlewaresOfItsAnnouncement(t *testing.T) {
	io, url := serve(t, sio.Config{Log: quiet})
	io.OfRegexp(regexp.MustCompile(`^/room-\d+$`))
	var announced atomic.Int32
	io.OnNewNamespace(func(n *sio.Namespace) {
		if announced.Add(1) <= 2 {
			panic("on purpose")
		}
		n.Use(func(*sio.Socket) error { return errors.New("members only") })
	})
	a := dial(t, url)
	a.write("40/room-1,")
	a.isClosed()
	assert.Panics(t, func() { io.Of("/room-1") })
	assert.Equal(t, []string{"/"}, io.Namespaces())
	b := dial(t, url)
	b.write("40/room-1,")
	assert.Equal(t, `44/room-1,{"message":"members only"}`, b.read())
}

// A client that waits for a namespace while another client's request makes it, makes it itself if
// that fails.
func TestAWaitingClientDoesNotJoinANamespaceThatFailed(t *testing.T) {
	io, url := serve(t, sio.Config{Log: quiet})
	io.OfRegexp(regexp.MustCompile(`^/room$`))
	started, fail := make(chan struct{}), make(chan struct{})
	var announced atomic.Int32
	io.OnNewNamespace(func(n *sio.Namespace) {
		if announced.Add(1) == 1 {
			close(started)
			<-fail
			panic("on purpose")
		}
		n.Use(func(*sio.Socket) error { return errors.New("members only") })
	})
	a, b := dial(t, url), dial(t, url)
	a.write("40/room,")
	<-started
	b.write("40/room,")
	// b waits by then, or makes it alone
	time.AfterFunc(20*time.Millisecond, func() { close(fail) })
	a.isClosed()
	assert.Equal(t, `44/room,{"message":"members only"}`, b.read())
}

// Of has no handshake to ask a rule with. The official server does the same.
func TestOfDoesNotAskTheRuleOfOfFunc(t *testing.T) {
	io, _ := serve(t, sio.Config{})
	p := io.OfFunc(func(string, sio.Handshake) bool { t.Error("asked"); return true })
	io.Of("/room-1")
	assert.Empty(t, p.Children())
}

func TestAConnectedHookThatCloses(t *testing.T) {
	ended := make(chan sio.Reason, 1)
	io, url := serve(t, sio.Config{Hooks: sio.Hooks{
		Connected:    func(c sio.Conn) { c.Close() },
		Disconnected: func(_ sio.Conn, reason sio.Reason, _ error) { ended <- reason },
	}})
	if conn, _, err := websocket.DefaultDialer.Dial(url, nil); err == nil {
		defer conn.Close()
	}
	assert.Equal(t, sio.ForcedClose, within(t, ended, "Disconnected is not called"))
	assert.Eventually(t, func() bool { return io.Clients() == 0 }, time.Minute, time.Millisecond)
}

func TestARefusedSocketsEmitWithAckEnds(t *testing.T) {
	io, url := serve(t, sio.Config{})
	refuse := make(chan struct{})
	ended := make(chan error, 1)
	io.Use(func(s *sio.Socket) error {
		go func() {
			_, err := s.EmitWithAck(context.Background(), "who are you")
			ended <- err
		}()
		<-refuse
		return errors.New("no")
	})
	a := dial(t, url)
	a.write("40")
	require.Equal(t, `420["who are you"]`, a.read())
	close(refuse)
	require.Equal(t, `44{"message":"no"}`, a.read())
	assert.ErrorIs(t, within(t, ended, "EmitWithAck still waits"), sio.ErrDisconnected)
}

func TestAMiddlewareThatEndsItsGoroutineClosesTheClient(t *testing.T) {
	io, url := serve(t, sio.Config{})
	io.Of("/b").Use(func(*sio.Socket) error { runtime.Goexit(); return nil })
	a := join(t, url)
	a.write("40/b,")
	a.isClosed()
}

// connectParser calls a function before it encodes the answer to a CONNECT.
type connectParser struct {
	sio.JSONParser
	before func()
}

func (p connectParser) Encode(packet siopacket.Packet) []*engineio.Message {
	if packet.Type == siopacket.Connect {
		p.before()
	}
	return p.JSONParser.Encode(packet)
}

// With recovery, Emit goes through the adapter, which knows the socket only from a moment on.
func TestEmitWhileTheAnswerToConnectIsEncoded(t *testing.T) {
	var socket atomic.Pointer[sio.Socket]
	io, url := serve(t, sio.Config{Recovery: &sio.Recovery{}, Parser: connectParser{before: func() {
		assert.NoError(t, socket.Load().Emit("early"))
	}}})
	io.Use(func(s *sio.Socket) error { socket.Store(s); return nil })
	io.OnConnection(func(s *sio.Socket) { s.Emit("late") })
	a := dial(t, url)
	a.write("40")
	var all []string
	for len(all) == 0 || !strings.HasPrefix(all[len(all)-1], `42["late"`) {
		all = append(all, a.read())
	}
	require.Len(t, all, 3)
	assert.Equal(t, `42["early"]`, all[0])
}

func TestEveryFunctionOfTheEndRuns(t *testing.T) {
	io, url := serve(t, sio.Config{Log: quiet})
	ran := make(chan string, 10)
	io.OnConnection(func(s *sio.Socket) {
		s.OnDisconnecting(func(sio.Reason) { panic("on purpose") })
		s.OnDisconnecting(func(sio.Reason) { ran <- "disconnecting" })
		s.OnDisconnect(func(sio.Reason) { panic("on purpose") })
		s.OnDisconnect(func(sio.Reason) { ran <- "disconnect" })
	})
	a := join(t, url)
	a.write("41")
	assert.Equal(t, "disconnecting", within(t, ran, "the second OnDisconnecting"))
	assert.Equal(t, "disconnect", within(t, ran, "the second OnDisconnect"))
}

// countingAdapter counts the calls of Close.
type countingAdapter struct {
	sio.Adapter
	closed *atomic.Int32
}

func (a countingAdapter) Close() { a.closed.Add(1); a.Adapter.Close() }

func TestAnAdapterIsClosedOnce(t *testing.T) {
	var joined, closed atomic.Int32
	io, url := serve(t, sio.Config{CleanupEmptyChildNamespaces: true,
		Adapter: func(n *sio.Namespace, local *sio.MemoryAdapter) sio.Adapter {
			joined.Add(1)
			return countingAdapter{local, &closed}
		}})
	hold := make(chan struct{})
	io.OfRegexp(regexp.MustCompile(`^/r`)).OnConnection(func(*sio.Socket) { <-hold })
	a := dial(t, url)
	a.write("40/r,")
	require.Regexp(t, "^40/r", a.read())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, io.Close(ctx), context.Canceled)
	require.Eventually(t, func() bool { return closed.Load() == 2 }, time.Minute, time.Millisecond)
	close(hold) // the last socket of /r leaves
	require.NoError(t, io.Close(t.Context()))
	io.Of("/late")
	assert.Equal(t, []int32{2, 2}, []int32{joined.Load(), closed.Load()}, "joined and closed")
}

func TestCloseEndsWithItsContextWhenAnAdapterHangs(t *testing.T) {
	hang, hangs := make(chan struct{}), make(chan struct{})
	var closed atomic.Int32
	io := sio.NewServer(sio.Config{Log: quiet,
		Adapter: func(n *sio.Namespace, local *sio.MemoryAdapter) sio.Adapter {
			if n.Name() == "/b" {
				close(hangs)
				<-hang
			}
			return countingAdapter{local, &closed}
		}})
	go io.Of("/b")
	<-hangs
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ended := make(chan error, 1)
	go func() { ended <- io.Close(ctx) }()
	assert.ErrorIs(t, within(t, ended, "Close waits for the adapter"), context.Canceled)
	assert.Eventually(t, func() bool {
		return closed.Load() == 1
	}, time.Minute, time.Millisecond, "the other adapter")
	close(hang)
	assert.NoError(t, io.Close(t.Context()))
	assert.EqualValues(t, 2, closed.Load())
}

// A function of OnRoom that runs for one change sees others come. The goroutine of the first change
// does not report them all.
func TestAJoinReportsOnlyTheChangesBeforeIt(t *testing.T) {
	io, url := serve(t, sio.Config{})
	sockets := make(chan *sio.Socket, 1)
	io.OnConnection(func(s *sio.Socket) { sockets <- s })
	join(t, url)
	s := <-sockets
	inFirst, others, second := make(chan struct{}), make(chan struct{}), make(chan struct{})
	rooms := make(chan string, 10)
	io.OnRoom(func(e sio.RoomEvent) {
		if e.Kind != sio.RoomJoined {
			return
		}
		rooms <- e.Room
		switch e.Room {
		case "first":
			close(inFirst)
			<-others
		case "second":
			<-second
		}
	})
	returned := make(chan struct{})
	go func() {
		s.Join("first")
		close(returned)
	}()
	<-inFirst
	s.Join("second")
	s.Join("third")
	close(others)
	within(t, returned, "Join waits for the report of another change")
	close(second)
	for _, room := range []string{"first", "second", "third"} {
		assert.Equal(t, room, within(t, rooms, room))
	}
}
