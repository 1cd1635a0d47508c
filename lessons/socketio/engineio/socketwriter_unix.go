//go:build unix

package engineio

import (
	"net"
	"syscall"
)

// socketWriter writes to a socket without waiting for room in its buffer. One
// goroutine may use it at a time.
type socketWriter struct {
	raw syscall.RawConn
	try func(fd uintptr) bool // write, bound once

	frames []byte
	n      int
	err    error
}

// newSocketWriter returns a writer that takes nothing if nc is no plain socket.
func newSocketWriter(nc net.Conn) *socketWriter {
	w := &socketWriter{}
	w.try = w.write
	if conn, ok := nc.(syscall.Conn); ok {
		w.raw, _ = conn.SyscallConn()
	}
	return w
}

// TryWrite returns how much the kernel took, which may be nothing.
func (w *socketWriter) TryWrite(frames []byte) (int, error) {
	if w.raw == nil {
		return 0, nil
	}
	w.frames, w.n, w.err = frames, 0, nil
	if err := w.raw.Write(w.try); err != nil {
		return 0, err
	}
	w.frames = nil
	return w.n, w.err
}

// write always reports that it is done, so that RawConn does not wait.
func (w *socketWriter) write(fd uintptr) bool {
	n, err := syscall.Write(int(fd), w.frames)
	switch {
	case err == nil:
		w.n = n
	case err != syscall.EAGAIN && err != syscall.EINTR:
		w.err = err
	}
	return true
}
