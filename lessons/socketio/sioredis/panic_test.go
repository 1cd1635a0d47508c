package sioredis_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
)

// unwritable panics when it is encoded.
type unwritable struct{}

func (unwritable) MarshalJSON() ([]byte, error) { panic("on purpose") }

func TestAPanicOfUserCodeEndsNeitherServerNorCluster(t *testing.T) {
	a, b, _ := two(t)
	b.OnServerSide("bad", func() { panic("on purpose") })
	b.OnServerSide("good", func(ack sio.Ack) { ack("yes") })
	joined := make(chan *sio.Socket, 1)
	b.OnConnection(func(s *sio.Socket) { joined <- s })
	join(t, b)
	s := <-joined

	require.NoError(t, a.ServerSideEmit("bad"))
	answers, err := a.ServerSideEmitWithAck(t.Context(), "good")
	require.NoError(t, err)
	assert.Len(t, answers, 1)

	s.Set("x", unwritable{})
	infos, err := a.FetchSockets(t.Context())
	require.NoError(t, err)
	assert.Len(t, infos, 1)
}
