package siowebtransport

import (
	"net"
	"sync"
	"time"

	"github.com/quic-go/webtransport-go"
)

// conn is a stream as a net.Conn that ends with its session.
type conn struct {
	*webtransport.Stream
	session *webtransport.Session
	request interface{ Close() error } // the stream of the request that opened the session
	server  *Server
	closing sync.Once
}

func (c *conn) LocalAddr() net.Addr  { return c.session.LocalAddr() }
func (c *conn) RemoteAddr() net.Addr { return c.session.RemoteAddr() }

// linger is how long a client may take to end the session itself. With the session, what
// is on its way is lost.
const linger = 500 * time.Millisecond

// Close ends the reading at once, and the session when the client has had the time to
// hear the last packets. It does not wait for that.
func (c *conn) Close() error {
	c.closing.Do(func() {
		c.SetReadDeadline(time.Now())
		c.Stream.Close()
		c.server.lingering.Go(func() {
			if !c.ends() {
				// This alone is a close with code 0. CloseWithError also asks the browser to stop
				// sending, and the browser then reports a lost connection.
				c.request.Close()
				c.ends()
			}
			c.session.CloseWithError(0, "")
		})
	})
	return nil
}

// ends waits for the client to end the session, and reports whether it did.
func (c *conn) ends() bool {
	select {
	case <-c.session.Context().Done():
		return true
	case <-time.After(linger):
		return false
	}
}
