package sio_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/lessons/socketio/sio"
)

func TestReservedNamesBetweenServers(t *testing.T) {
	io, _ := serve(t, sio.Config{})
	for _, event := range []string{"connect", "connection", "new_namespace"} {
		assert.ErrorIs(t, io.ServerSideEmit(event), sio.ErrReservedEvent)
		_, err := io.ServerSideEmitWithAck(context.Background(), event)
		assert.ErrorIs(t, err, sio.ErrReservedEvent)
	}
	assert.NoError(t, io.ServerSideEmit("disconnect")) // reserved on the way to a client only
	assert.ErrorIs(t, io.Emit("disconnect"), sio.ErrReservedEvent)
}

func TestOnServerSideNamesTheRightCall(t *testing.T) {
	io, _ := serve(t, sio.Config{})
	for _, name := range []string{"connect", "connection", "new_namespace"} {
		assert.PanicsWithValue(t, `sio: OnServerSide("`+name+
			`") would never be called: use OnConnection or OnNewNamespace`,
			func() { io.OnServerSide(name, func() {}) })
	}
	io.OnServerSide("disconnect", func() {})
}
