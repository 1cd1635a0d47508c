package sio_test

import (
	"net"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

// countingConn counts what a client reads.
type countingConn struct {
	net.Conn
	read atomic.Int64
}

func (c *countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read.Add(int64(n))
	return n, err
}

// dialThrough is dial with permessage-deflate, over wire.
func dialThrough(t *testing.T, url string, wire *countingConn) peer {
	dialer := websocket.Dialer{EnableCompression: true,
		NetDial: func(network, addr string) (net.Conn, error) {
			conn, err := net.Dial(network, addr)
			wire.Conn = conn
			return wire, err
		}}
	conn, _, err := dialer.Dial(url, nil)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	p := peer{t, conn}
	require.Regexp(t, `^0\{`, p.read())
	return p
}
