//go:build unix

package gather

import (
	"crypto/tls"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// newWriter returns what writes to conn at once: to a plain socket as much as the kernel takes, and
// through a connection around one, such as that of a wire tap, a small piece while there is room.
// Through TLS it writes nothing, because what it reads may make it write, too.
func newWriter(conn net.Conn) tryWriter {
	switch c := conn.(type) {
	case *tls.Conn:
	case syscall.Conn:
		if raw, err := c.SyscallConn(); err == nil {
			s := &socket{raw: raw}
			s.attempt = s.write
			return s
		}
	case interface{ NetConn() net.Conn }:
		if plain, ok := c.NetConn().(syscall.Conn); ok {
			if raw, err := plain.SyscallConn(); err == nil {
				w := &wrapped{conn: conn, raw: raw, poll: make([]unix.PollFd, 1)}
				w.ask = w.askRoom
				return w
			}
		}
	}
	return nothing{}
}

// A socket writes to a plain socket. One goroutine may use it at a time.
type socket struct {
	raw     syscall.RawConn
	attempt func(fd uintptr) bool // write, bound once
	data    []byte
	n       int
	err     error
}

// TryWrite returns how many bytes the kernel has taken, which may be none.
func (s *socket) TryWrite(data []byte) (int, error) {
	s.data, s.n, s.err = data, 0, nil
	if err := s.raw.Write(s.attempt); err != nil {
		return 0, err
	}
	s.data = nil
	return s.n, s.err
}

// write always reports that it is done, so that the RawConn does not wait.
func (s *socket) write(fd uintptr) bool {
	n, err := syscall.Write(int(fd), s.data)
	switch {
	case err == nil:
		s.n = n
	case err != syscall.EAGAIN && err != syscall.EINTR:
		s.err = err
	}
	return true
}

// A wrapped writes through a connection that does more with the bytes than its socket. One
// goroutine may use it at a time.
type wrapped struct {
	conn net.Conn
	raw  syscall.RawConn  // the socket
	ask  func(fd uintptr) // askRoom, bound once
	poll []unix.PollFd
	room int // bytes that the socket takes at once, by the last answer of poll
}

const (
	// pollRoom is the number of bytes that a socket takes at once when poll calls it writable. BSD
	// promises so many, and Linux a third of the buffer.
	pollRoom = 2 << 10

	// pieceRoom is charged for each piece besides its bytes, because the kernel keeps it in a
	// buffer of its own.
	pieceRoom = 256
)

// TryWrite writes all of data, or nothing if it is long or the socket has little room.
func (w *wrapped) TryWrite(data []byte) (int, error) {
	need := len(data) + pieceRoom
	if need > pollRoom {
		return 0, nil
	}
	if need > w.room {
		w.room = 0
		if err := w.raw.Control(w.ask); err != nil || w.room == 0 {
			return 0, err
		}
	}
	w.room -= need
	return w.conn.Write(data)
}

func (w *wrapped) askRoom(fd uintptr) {
	w.poll[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLOUT}
	if n, err := unix.Poll(w.poll, 0); err == nil && n == 1 && w.poll[0].Revents&unix.POLLOUT != 0 {
		w.room = pollRoom
	}
}
