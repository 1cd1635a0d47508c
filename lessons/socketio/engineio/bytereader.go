package engineio

import (
	"io"
	"net"
	"sync"
)

// byteReader reads a connection through a buffer that it holds only while there
// is something in it, where the connection can be waited for without one.
type byteReader struct {
	conn net.Conn
	wait waiter

	buf        *[readBuffer]byte // nil while there is nothing in it
	start, end int
}

// readBuffer is enough for the packets of a chat; larger messages take more
// reads. It is no smaller than the buffer of an http.Server.
const readBuffer = 4096

var readBuffers = sync.Pool{New: func() any { return new([readBuffer]byte) }}

func (r *byteReader) init(conn net.Conn) {
	r.conn = conn
	r.wait.init(conn)
}

// unread puts back what has been read of the connection already.
func (r *byteReader) unread(data []byte) {
	r.buf = readBuffers.Get().(*[readBuffer]byte)
	r.start, r.end = 0, copy(r.buf[:], data)
}

func (r *byteReader) buffered() int { return r.end - r.start }

// await waits until there is something to be read, or an error.
func (r *byteReader) await() {
	if r.buffered() == 0 {
		r.fill()
	}
}

// next returns the next n bytes, which are good until the next call. n is at
// most 8.
func (r *byteReader) next(n int) ([]byte, error) {
	for r.buffered() < n {
		if err := r.fill(); err != nil {
			if err == io.EOF && r.buffered() > 0 {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	r.start += n
	return r.buf[r.start-n : r.start], nil
}

// upTo returns between 1 and n of the next bytes, which are good until the next
// call.
func (r *byteReader) upTo(n int) ([]byte, error) {
	if r.buffered() == 0 {
		if err := r.fill(); err == io.EOF {
			return nil, io.ErrUnexpectedEOF
		} else if err != nil {
			return nil, err
		}
	}
	n = min(n, r.buffered())
	r.start += n
	return r.buf[r.start-n : r.start], nil
}

// fill reads at least one byte more.
func (r *byteReader) fill() error {
	if r.buffered() == 0 {
		r.release()
		return r.firstFill()
	}
	if r.end == readBuffer {
		r.end = copy(r.buf[:], r.buf[r.start:r.end])
		r.start = 0
	}
	n, err := r.conn.Read(r.buf[r.end:])
	r.end += n
	if n > 0 {
		return nil
	}
	return err
}

// firstFill takes a buffer when there is something to put into it.
func (r *byteReader) firstFill() error {
	buf, n, err := r.wait.read()
	if err == errCannotWait {
		buf = readBuffers.Get().(*[readBuffer]byte)
		n, err = r.conn.Read(buf[:])
	}
	r.buf, r.start, r.end = buf, 0, n
	switch {
	case n > 0:
		return nil
	case err == nil:
		err = io.EOF
	}
	r.release()
	return err
}

// release gives an empty buffer back.
func (r *byteReader) release() {
	if r.buf != nil && r.buffered() == 0 {
		readBuffers.Put(r.buf)
		r.buf, r.start, r.end = nil, 0, 0
	}
}
