package sio_test

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siopacket"
)

var quiet = slog.New(slog.DiscardHandler)

// A listener to a socket's outgoing events runs on the sender's goroutine. Its panic does not reach
// the sender.
func TestAPanicOfAnOutgoingListenerClosesItsOwnSocket(t *testing.T) {
	io, url := serve(t, sio.Config{Log: quiet})
	bad := make(chan string, 1)
	io.OnConnection(func(s *sio.Socket) {
		s.On("fail", func() {
			s.OnAnyOutgoing(func(string, sio.Args) { panic("on purpose") })
			bad <- s.ID()
		})
		s.On("all", func() { io.Emit("x"); s.Emit("done") })
	})
	a, b := join(t, url), join(t, url)
	a.write(`42["fail"]`)
	<-bad
	b.write(`42["all"]`)
	assert.Equal(t, `42["x"]`, b.read())
	assert.Equal(t, `42["done"]`, b.read())
	assert.Equal(t, `42["x"]`, a.read())
	a.isClosed()

	a = join(t, url)
	a.write(`42["fail"]`)
	<-bad
	assert.NotPanics(t, func() { io.Emit("y") }, "a server's own goroutine")
	assert.Equal(t, `42["y"]`, b.read())
}

// A room event may be reported by the goroutine of another socket, or of no socket.
func TestAPanicOfARoomListenerClosesTheSocketOfTheEvent(t *testing.T) {
	io, url := serve(t, sio.Config{Log: quiet})
	left := make(chan string, 10)
	io.OnRoom(func(e sio.RoomEvent) {
		if e.Room == "bad" && e.Kind == sio.RoomJoined {
			panic("on purpose")
		}
	})
	io.OnRoom(func(e sio.RoomEvent) {
		if e.Room == "bad" && e.Kind == sio.RoomLeft {
			left <- e.Socket
		}
	})
	a, b := join(t, url), join(t, url)
	id := io.Sockets()[0].ID()
	assert.NotPanics(t, func() { io.In(id).SocketsJoin("bad") })
	assert.Equal(t, id, <-left)
	require.Eventually(t, func() bool { return io.Len() == 1 }, time.Minute, time.Millisecond)
	io.Emit("x")
	for _, p := range []peer{a, b} {
		p.SetReadDeadline(time.Now().Add(time.Minute))
		if _, data, err := p.ReadMessage(); err == nil {
			assert.Equal(t, `42["x"]`, string(data))
		}
	}
}

// badParser panics when it encodes the event "bad" or decodes the event "undecodable".
type badParser struct{ sio.JSONParser }

func (p badParser) Encode(packet siopacket.Packet) []*engineio.Message {
	if string(packet.Data) == `["bad"]` {
		panic("on purpose")
	}
	return p.JSONParser.Encode(packet)
}

func (p badParser) NewDecoder(max int) sio.Decoder {
	return badDecoder{p.JSONParser.NewDecoder(max)}
}

type badDecoder struct{ sio.Decoder }

func (d badDecoder) Add(data []byte, binary bool) (siopacket.Packet, bool, error) {
	if string(data) == `2["undecodable"]` {
		panic("on purpose")
	}
	return d.Decoder.Add(data, binary)
}

func TestAPanicOfAParserClosesThatClientOnly(t *testing.T) {
	io, url := serve(t, sio.Config{Log: quiet, Parser: badParser{}})
	io.OnConnection(func(s *sio.Socket) {
		s.On("emit", func(event string) { io.Emit(event) })
	})
	a, b, c := join(t, url), join(t, url), join(t, url)
	a.write(`42["undecodable"]`)
	a.isClosed()
	b.write(`42["emit","bad"]`)
	b.isClosed()
	c.write(`42["emit","good"]`)
	assert.Equal(t, `42["good"]`, c.read())
}

// A namespace that could not be made whole does not stay.
func TestAPanicWhereANamespaceIsMadeLeavesNone(t *testing.T) {
	io, url := serve(t, sio.Config{Log: quiet, CleanupEmptyChildNamespaces: true})
	io.OfFunc(func(string, sio.Handshake) bool { return true })
	io.OnNewNamespace(func(*sio.Namespace) { panic("on purpose") })
	a := dial(t, url)
	a.write("40/x,")
	a.SetReadDeadline(time.Now().Add(time.Minute))
	for {
		if _, _, err := a.ReadMessage(); err != nil {
			break
		}
	}
	assert.Eventually(t, func() bool {
		return len(io.Namespaces()) == 1
	}, time.Minute, time.Millisecond)
}

func TestANewNamespacesHandlerMayAskForIt(t *testing.T) {
	io, url := serve(t, sio.Config{})
	io.OfFunc(func(string, sio.Handshake) bool { return true })
	io.OnNewNamespace(func(n *sio.Namespace) {
		assert.Same(t, n, io.Of(n.Name()))
		assert.NoError(t, io.Of(n.Name()).Emit("nobody is there"))
	})
	a := dial(t, url)
	a.write("40/x,")
	assert.Regexp(t, `^40/x,\{`, a.read())
}

// curious asks the server for something at each turn.
type curious struct {
	sio.Adapter
	ask func()
}

func (a curious) Close() { a.ask(); a.Adapter.Close() }

func TestAnAdapterMayAskTheServerWhileItCloses(t *testing.T) {
	var io *sio.Server
	io = sio.NewServer(sio.Config{Adapter: func(_ *sio.Namespace,
		local *sio.MemoryAdapter) sio.Adapter {
		return curious{local, func() { io.Of("/other").Len(); io.Namespaces() }}
	}})
	closed := make(chan error, 1)
	go func() { closed <- io.Close(t.Context()) }()
	select {
	case err := <-closed:
		assert.NoError(t, err)
	case <-time.After(time.Minute):
		t.Error("it waits for itself")
	}
}

// An Ack and its OnError may run on a goroutine of the program.
func TestAPanicBehindAnAckClosesTheClient(t *testing.T) {
	io, url := serve(t, sio.Config{Log: quiet, Parser: badParser{}})
	thrown := make(chan any, 2)
	io.OnConnection(func(s *sio.Socket) {
		s.OnError(func(error) { panic("on purpose") })
		s.On("e", func(kind string, ack sio.Ack) {
			go func() {
				defer func() { thrown <- recover() }()
				if kind == "func" {
					ack(func() {})
				}
				ack("bad")
			}()
		})
	})
	for _, kind := range []string{"func", "bad"} {
		a := join(t, url)
		a.write(`421["e","` + kind + `"]`)
		assert.Nil(t, within(t, thrown, kind))
		a.SetReadDeadline(time.Now().Add(time.Minute))
		for {
			if _, _, err := a.ReadMessage(); err != nil {
				break
			}
		}
	}
}

// panickingAdapter panics or fails when it is asked.
type panickingAdapter struct {
	sio.Adapter
	err error
}

func (a panickingAdapter) BroadcastWithAck(context.Context, siopacket.Packet, sio.Selection,
	sio.Flags) ([]sio.Answer, error) {
	if a.err == nil {
		panic("on purpose")
	}
	return nil, a.err
}

func TestAPanicOrAnErrorOfAChildsAdapterReachesTheCaller(t *testing.T) {
	failure := errors.New("the cluster is away")
	for _, err := range []error{nil, failure} {
		io, _ := serve(t, sio.Config{Log: quiet,
			Adapter: func(_ *sio.Namespace, local *sio.MemoryAdapter) sio.Adapter {
				return panickingAdapter{local, err}
			}})
		parent := io.OfRegexp(regexp.MustCompile(`^/r$`))
		io.Of("/r")
		if err == nil {
			assert.PanicsWithValue(t, "on purpose", func() { parent.EmitWithAck(t.Context(), "x") })
			continue
		}
		_, got := parent.EmitWithAck(t.Context(), "x")
		assert.ErrorIs(t, got, failure)
	}
}
