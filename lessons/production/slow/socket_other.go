//go:build !linux

package slow

import (
	"net"
	"syscall"
)

// readTCP returns nil: only Linux tells what a socket has in flight.
func readTCP(net.Conn) *tcpState { return nil }

// smallReceiveBuffer does nothing here. The caller shrinks the buffer after it has connected.
func smallReceiveBuffer(_, _ string, _ syscall.RawConn) error { return nil }
