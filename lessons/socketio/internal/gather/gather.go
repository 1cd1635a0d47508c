// Package gather is the connection below a WebSocket: it gathers the frames of several messages
// into one write, and never waits for the peer.
package gather

import (
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// A Conn gathers what is written to it. Flush writes all of it in one system call, and never waits
// for the peer; FlushAll waits. Only one goroutine may read.
type Conn struct {
	net.Conn
	onClose func()

	flushing sync.Mutex // held by Flush and FlushAll
	writer   tryWriter  // guarded by flushing

	early   []byte // what the peer sent before Conn was made; owned by the reader
	readErr error  // why the connection cannot be read; owned by the reader

	mu       sync.Mutex // guards what follows
	gathered *[]byte    // nil if there is nothing
	writeErr error
	expires  time.Time // zero: never
}

// A tryWriter writes as much as the peer takes without waiting.
type tryWriter interface {
	TryWrite(p []byte) (int, error)
}

// nothing is the tryWriter of a connection that cannot be written to without waiting.
type nothing struct{}

func (nothing) TryWrite([]byte) (int, error) { return 0, nil }

// buffers holds the buffers of Conn.gathered.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// maxBuffer bounds what a buffer keeps between writes.
const maxBuffer = 128 << 10

// NewConn makes a Conn of a connection. Its reader first gets early, what the peer has sent
// already. Close calls onClose.
func NewConn(conn net.Conn, early []byte, onClose func()) *Conn {
	return &Conn{Conn: conn, writer: newWriter(conn), onClose: onClose, early: slices.Clone(early)}
}

// Read implements net.Conn.
func (c *Conn) Read(p []byte) (int, error) {
	if len(c.early) > 0 {
		n := copy(p, c.early)
		c.early = c.early[n:]
		return n, nil
	}
	n, err := c.Conn.Read(p)
	if err != nil {
		c.readErr = err
	}
	return n, err
}

// Write gathers p. It fails once the connection could not be written to.
func (c *Conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writeErr != nil {
		return 0, c.writeErr
	}
	if c.gathered == nil {
		c.gathered = buffers.Get().(*[]byte)
	}
	*c.gathered = append(*c.gathered, p...)
	return len(p), nil
}

// SetWriteDeadline does nothing: Write does not wait. Expire bounds the connection.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline does nothing, for a library that would take Expire back.
func (c *Conn) SetDeadline(time.Time) error { return nil }

// Flush writes what was gathered. It reports false if the connection does not take all of it at
// once; then the caller has to call FlushAll. A connection with TLS takes nothing at once, and one
// that wraps a socket, such as that of a wire tap, takes small pieces.
func (c *Conn) Flush() (done bool, err error) {
	if !c.flushing.TryLock() {
		return false, nil
	}
	defer c.flushing.Unlock()
	buf := c.takeGathered()
	if buf == nil {
		return true, c.WriteErr()
	}
	n, err := c.writer.TryWrite(*buf)
	if err != nil || n == len(*buf) {
		c.recycle(buf)
		return true, c.fail(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	rest := append((*buf)[:0], (*buf)[n:]...)
	if c.gathered != nil { // by Write, meanwhile
		rest = append(rest, *c.gathered...)
		c.recycle(c.gathered)
	}
	*buf = rest
	c.gathered = buf
	return false, nil
}

// FlushAll writes what was gathered, and waits until the client has taken it, as long as Expire
// allows. It calls progress, which may be nil, each time the client has taken a part.
func (c *Conn) FlushAll(progress func()) error {
	c.flushing.Lock()
	defer c.flushing.Unlock()
	for buf := c.takeGathered(); buf != nil; buf = c.takeGathered() {
		for part := range slices.Chunk(*buf, maxPart) {
			if _, err := c.Conn.Write(part); err != nil {
				return c.fail(err)
			}
			if progress != nil {
				progress()
			}
		}
		c.recycle(buf)
	}
	return c.WriteErr()
}

func (c *Conn) takeGathered() *[]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	buf := c.gathered
	c.gathered = nil
	return buf
}

func (c *Conn) recycle(buf *[]byte) {
	if cap(*buf) <= maxBuffer {
		*buf = (*buf)[:0]
		buffers.Put(buf)
	}
}

// ReadErr is why the connection cannot be read, or nil. It is for the reader.
func (c *Conn) ReadErr() error { return c.readErr }

// WriteErr is why nothing more can be written, or nil.
func (c *Conn) WriteErr() error { return c.fail(nil) }

func (c *Conn) fail(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writeErr == nil {
		c.writeErr = err
	}
	return c.writeErr
}

// Expire bounds the rest of the connection's life. A bound that ends earlier stays.
func (c *Conn) Expire(after time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := time.Now().Add(after); c.expires.IsZero() || at.Before(c.expires) {
		c.expires = at
		c.Conn.SetDeadline(at)
	}
}

// Persist takes Expire back.
func (c *Conn) Persist() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expires = time.Time{}
	c.Conn.SetDeadline(c.expires)
}

// maxPart is how much FlushAll writes at a time.
const maxPart = 64 << 10

// maxDrain bounds what Drain throws away, in bytes.
const maxDrain = 4 << 20

// Drain ends the writing side and reads until the peer has closed, so that the last frames arrive
// before the connection is reset. Expire bounds it.
func (c *Conn) Drain() {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	io.Copy(io.Discard, io.LimitReader(c.Conn, maxDrain))
}

// Close closes the connection at once.
func (c *Conn) Close() error {
	c.onClose()
	return c.Conn.Close()
}
