package tap

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSides: both sides of a proxy are recorded, and the counters have only the client's side.
func TestSides(t *testing.T) {
	wire := New(Config{})
	r := wire.NewReader()
	defer r.Close()
	tally := wire.Tally("ann")
	defer tally.Close()
	for _, side := range []Side{ClientSide, ServerSide} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		client, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		server, err := wire.SideListener(l, side).Accept()
		require.NoError(t, err)
		require.NoError(t, l.Close())
		server.(*Conn).Claim("ann", 1)
		_, err = client.Write([]byte("hello"))
		require.NoError(t, err)
		_, err = server.Read(make([]byte, 5))
		require.NoError(t, err)
		_, err = server.Write([]byte("hi"))
		require.NoError(t, err)
		assert.Len(t, wire.Conns(), map[Side]int{ClientSide: 1, ServerSide: 2}[side])
		defer client.Close()
		defer server.Close()
	}
	bytes := map[Side]string{}
	ids := map[uint64]Side{}
	for _, e := range all(r) {
		bytes[e.Peer.Side] += string(e.Bytes)
		ids[e.Peer.ID] = e.Peer.Side
	}
	assert.Equal(t, map[Side]string{ClientSide: "hellohi", ServerSide: "hellohi"}, bytes)
	assert.Equal(t, map[uint64]Side{1: ClientSide, 2: ServerSide}, ids)
	assert.Equal(t, Counters{In: 5, Out: 2, Open: 1, Total: 1}, wire.Counters())
	assert.Equal(t, OwnCounters{In: 5, Out: 2, Open: 1, Total: 1, Claims: 1}, tally.Counters())
}
