//go:build unix

package tap

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// socket finds out how the kernel will close a connection.
type socket struct {
	raw syscall.RawConn
}

// newSocket finds the socket of c, or of the connection below c.
func newSocket(c net.Conn) socket {
	for {
		if s, ok := c.(syscall.Conn); ok {
			raw, _ := s.SyscallConn()
			return socket{raw}
		}
		wrapper, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return socket{}
		}
		c = wrapper.NetConn()
	}
}

// fate is the state of a socket that is about to be closed.
type fate struct {
	known  bool
	ended  bool // the client's FIN has arrived
	reset  bool // the client's RST has arrived
	unread bool // bytes from the client are unread: closing sends RST
	abort  bool // SO_LINGER is 0: closing sends RST
}

// fate checks for bytes that arrived but were not read. They decide how the kernel closes the
// connection.
func (s socket) fate() (f fate) {
	if s.raw == nil {
		return fate{}
	}
	_ = s.raw.Control(func(fd uintptr) {
		n, _, err := unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
		switch err {
		case nil:
			f.known, f.ended, f.unread = true, n == 0, n > 0
		case unix.EAGAIN, unix.EINTR:
			f.known = true
		case unix.ECONNRESET:
			f.known, f.reset = true, true
		}
		linger, err := unix.GetsockoptLinger(int(fd), unix.SOL_SOCKET, unix.SO_LINGER)
		f.abort = err == nil && linger.Onoff != 0 && linger.Linger == 0
	})
	return f
}

func isReset(err syscall.Errno) bool      { return err == syscall.ECONNRESET }
func isBrokenPipe(err syscall.Errno) bool { return err == syscall.EPIPE }
