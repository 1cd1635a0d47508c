package sio_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
)

func TestCompressFalseLeavesAMessageAsItIs(t *testing.T) {
	text := strings.Repeat("x", 5000)
	server, url := serve(t,
		sio.Config{Engine: engineio.Config{PerMessageDeflate: &engineio.PerMessageDeflate{}}})
	var wire countingConn
	a := dialThrough(t, url, &wire)
	a.write("40")
	a.read()
	server.Emit("x", text)
	assert.Equal(t, `42["x","`+text+`"]`, a.read())
	assert.Less(t, wire.read.Swap(0), int64(1000))
	server.Compress(false).Emit("x", text)
	assert.Equal(t, `42["x","`+text+`"]`, a.read())
	assert.Greater(t, wire.read.Load(), int64(5000))
}
