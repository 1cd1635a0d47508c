//go:build unix

package tap

import (
	"net"
	"syscall"
)

// socket writes without waiting. One goroutine may use it at a time.
type socket struct {
	raw syscall.RawConn
}

func newSocket(c net.Conn) socket {
	if s, ok := c.(syscall.Conn); ok {
		raw, _ := s.SyscallConn()
		return socket{raw}
	}
	return socket{}
}

func (s socket) ok() bool { return s.raw != nil }

// tryWrite returns how much the kernel took.
func (s socket) tryWrite(p []byte) (n int, err error) {
	closed := s.raw.Write(func(fd uintptr) bool {
		if n, err = syscall.Write(int(fd), p); err != nil {
			n = 0
		}
		if err == syscall.EAGAIN || err == syscall.EINTR {
			err = nil
		}
		return true // or RawConn would wait
	})
	if closed != nil {
		return 0, closed
	}
	return n, err
}
