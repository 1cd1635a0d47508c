//go:build unix

package engineio

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// waiter reads from a socket into a buffer that it takes only when there is
// something to read.
type waiter struct {
	raw syscall.RawConn
	try func(fd uintptr) bool // attempt, bound once

	buf *[readBuffer]byte
	n   int
	err error
}

var errCannotWait = errors.New("engineio: no plain socket")

func (w *waiter) init(conn net.Conn) {
	w.try = w.attempt
	if c, ok := conn.(syscall.Conn); ok {
		w.raw, _ = c.SyscallConn()
	}
}

// read waits, then reads once. The buffer is the caller's, and may be nil if
// nothing was read. At the end, n is 0 and err is nil.
func (w *waiter) read() (buf *[readBuffer]byte, n int, err error) {
	if w.raw == nil {
		return nil, 0, errCannotWait
	}
	w.n, w.err = 0, nil
	err = w.raw.Read(w.try)
	buf, w.buf = w.buf, nil
	if err == nil {
		err = w.err
	}
	return buf, w.n, err
}

// attempt reports whether there is an answer: data, the end, or an error.
func (w *waiter) attempt(fd uintptr) bool {
	w.buf = readBuffers.Get().(*[readBuffer]byte)
	for {
		n, err := syscall.Read(int(fd), w.buf[:])
		switch err {
		case nil:
			w.n = n
			return true
		case syscall.EINTR:
		case syscall.EAGAIN:
			readBuffers.Put(w.buf)
			w.buf = nil
			return false
		default:
			w.err = os.NewSyscallError("read", err)
			return true
		}
	}
}
