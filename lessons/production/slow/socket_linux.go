package slow

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// readTCP reads what the kernel knows about the sending side of a connection. It returns nil if the
// connection is not TCP.
func readTCP(c net.Conn) *tcpState {
	raw := rawConn(c)
	if raw == nil {
		return nil
	}
	var state *tcpState
	_ = raw.Control(func(fd uintptr) {
		queued, err := unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
		if err != nil {
			return
		}
		unsent, err := unix.IoctlGetInt(int(fd), unix.SIOCOUTQNSD)
		if err != nil {
			return
		}
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			return
		}
		state = &tcpState{Unsent: unsent, InFlight: queued - unsent, Window: int(info.Snd_wnd)}
	})
	return state
}

// smallReceiveBuffer is a net.Dialer.Control: the connection gets a receive buffer of 8 KiB, which
// the kernel doubles. It is set before the connection, so that the window is small from the start.
func smallReceiveBuffer(_, _ string, c syscall.RawConn) error {
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
	})
	if err != nil {
		return err
	}
	return failed
}

// rawConn returns the socket of a connection, or nil if it has none.
func rawConn(c net.Conn) syscall.RawConn {
	socket, ok := under[syscall.Conn](c)
	if !ok {
		return nil
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}
