package exercise_test

import (
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFactKeepalive: a Go server's TCP keepalive settings for each connection.
func TestFactKeepalive(t *testing.T) {
	says(t, "ping-deadline",
		"Go's servers probe a silent connection after 15 s, then every 15 "+
			"s, and give up after nine probes",
		"Go 的服务器在连接安静 15 秒后探测，之后每 15 秒一次，九次没有回应就放弃")
	server, _ := pair(t)
	raw, err := server.(*net.TCPConn).SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) {
		for option, want := range map[[2]int]int{
			{syscall.SOL_SOCKET, syscall.SO_KEEPALIVE}:   1,
			{syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE}:  15,
			{syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL}: 15,
			{syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT}:   9,
		} {
			value, err := syscall.GetsockoptInt(int(fd), option[0], option[1])
			assert.NoError(t, err)
			assert.Equal(t, want, value, "%v", option)
		}
	}))
}
