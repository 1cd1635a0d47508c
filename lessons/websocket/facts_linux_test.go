package websocket

import (
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Go turns TCP keepalive on for every connection that a listener accepts, with these figures.
func TestKeepaliveOfAcceptedConnections(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	accepted, err := l.Accept()
	require.NoError(t, err)
	defer accepted.Close()
	raw, err := accepted.(*net.TCPConn).SyscallConn()
	require.NoError(t, err)
	option := func(level, name int) (value int) {
		require.NoError(t, raw.Control(func(fd uintptr) {
			value, err = syscall.GetsockoptInt(int(fd), level, name)
		}))
		require.NoError(t, err)
		return value
	}
	assert.NotZero(t, option(syscall.SOL_SOCKET, syscall.SO_KEEPALIVE))
	assert.Equal(t, 15, option(syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE))
	assert.Equal(t, 15, option(syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL))
	assert.Equal(t, 9, option(syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT))
	says(t, "15 s idle, then nine probes 15 s apart", "空闲 15 秒后开始，每 15 秒探测一次，共九次")
}
