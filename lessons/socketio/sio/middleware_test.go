package sio_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
)

func TestJoinInAMiddleware(t *testing.T) {
	io, url := serve(t, sio.Config{})
	rooms := make(chan []string, 10)
	io.Of("/in").Use(func(s *sio.Socket) error {
		s.Join("a", "b", "a", "c")
		s.Leave("b")
		io.Of("/in").To("a").Emit("too early")
		rooms <- s.Rooms()
		return nil
	})
	io.Of("/in").OnConnection(func(s *sio.Socket) { rooms <- s.Rooms()[1:] })
	a := dial(t, url)
	a.write("40/in,")
	require.Regexp(t, `^40/in,\{"sid"`, a.read())
	assert.Equal(t, []string{"a", "c"}, <-rooms)
	assert.Equal(t, []string{"a", "c"}, <-rooms)
	io.Of("/in").To("b").Emit("left")
	io.Of("/in").To("c").Emit("hello")
	assert.Equal(t, `42/in,["hello"]`, a.read())
}

func TestRoomsOfARefusedSocketAreNotMade(t *testing.T) {
	io, url := serve(t, sio.Config{})
	out := io.Of("/out")
	events := make(chan sio.RoomEvent, 10)
	out.OnRoom(func(e sio.RoomEvent) { events <- e })
	sockets := make(chan *sio.Socket, 1)
	out.Use(func(s *sio.Socket) error {
		sockets <- s
		s.Join("room")
		return errors.New("no")
	})
	a := dial(t, url)
	a.write("40/out,")
	require.Equal(t, `44/out,{"message":"no"}`, a.read())
	assert.Empty(t, events)
	refused := <-sockets
	refused.Join("room")
	assert.Empty(t, refused.Rooms())
}

func TestEmitInAMiddleware(t *testing.T) {
	for name, config := range map[string]sio.Config{"plain": {},
		"with recovery": {Recovery: &sio.Recovery{}}} {
		t.Run(name, func(t *testing.T) {
			io, url := serve(t, config)
			io.Use(func(s *sio.Socket) error { return s.Emit("early", 1) })
			a := dial(t, url)
			a.write("40")
			assert.Equal(t, `42["early",1]`, a.read())
			assert.Regexp(t, `^40\{"sid"`, a.read())
		})
	}
}

func TestDisconnectInAMiddleware(t *testing.T) {
	io, url := serve(t, sio.Config{})
	io.Use(func(s *sio.Socket) error { s.Disconnect(false); return nil })
	io.Of("/all").Use(func(s *sio.Socket) error { s.Disconnect(true); return nil })
	a := dial(t, url)
	a.write("40")
	assert.Regexp(t, `^40\{"sid"`, a.read())
	a.write("40/all,")
	assert.Equal(t, "41", a.read())
	a.isClosed()
}
