package slow

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// closeTime is how long a connection that ends may take for the write under way, its close frame
// and the client's answer.
const closeTime = time.Second

// A client is one connection that receives the broadcast.
type client struct {
	name  string
	queue *queue
	sent  atomic.Int64 // number of the newest message written

	send func(message) error // writes a message to the connection
	turn chan struct{}       // capacity 1: full while somebody writes
	// deadline ends a write under way at a time; nil for a client without a connection
	deadline func(time.Time) error

	ctx context.Context // its cause says why the connection ends
	end context.CancelCauseFunc
}

func newClient(name string, send func(message) error) *client {
	ctx, end := context.WithCancelCause(context.Background())
	return &client{name: name, queue: newQueue(), send: send, turn: make(chan struct{}, 1),
		ctx: ctx, end: end}
}

// write writes a message and blocks until the connection has taken it. A failed write ends the
// connection.
func (c *client) write(m message) {
	select {
	case c.turn <- struct{}{}:
	case <-c.ctx.Done():
		return
	}
	defer func() { <-c.turn }()
	if err := c.send(m); err != nil {
		c.end(err)
		return
	}
	c.sent.Store(m.n)
}

// writeQueued writes what the queue holds until the connection ends.
func (c *client) writeQueued() {
	for c.ctx.Err() == nil {
		if m, ok := c.queue.pop(); ok {
			c.write(m)
			continue
		}
		select {
		case <-c.queue.more:
		case <-c.ctx.Done():
		}
	}
}

// socket returns the send of a client on a WebSocket. Each write may take as long as limit says.
func socket(ws *websocket.Conn, limit func() time.Duration) func(message) error {
	return func(m message) error {
		_ = ws.SetWriteDeadline(time.Now().Add(limit()))
		err := ws.WritePreparedMessage(m.frame)
		if late := net.Error(nil); errors.As(err, &late) && late.Timeout() {
			return errStuck
		}
		return err
	}
}

// serve runs a client's connection to its end.
func (c *client) serve(ws *websocket.Conn) {
	var reading, writing sync.WaitGroup
	reading.Go(func() { c.end(discard(ws)) })
	writing.Go(c.writeQueued)
	<-c.ctx.Done()
	cut := time.AfterFunc(closeTime, func() { _ = ws.NetConn().Close() })
	defer cut.Stop()
	writing.Wait()
	if code, reason := closing(context.Cause(c.ctx)); code != 0 {
		_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason),
			time.Now().Add(closeTime))
	} else {
		_ = ws.NetConn().Close()
	}
	reading.Wait()
	_ = ws.Close()
}

// closing returns the close frame for a reason, or 0 if no frame can be written.
func closing(reason error) (code int, text string) {
	switch reason {
	case errTooSlow, errTooMuch:
		return websocket.CloseTryAgainLater, reason.Error()
	case errGoingAway:
		return websocket.CloseGoingAway, ""
	}
	return 0, ""
}

// discard reads until the connection ends. Clients have nothing to say.
func discard(ws *websocket.Conn) error {
	ws.SetReadLimit(1 << 10)
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			return err
		}
	}
}

// under returns the first connection below c, c included, that has the methods of T.
func under[T any](c net.Conn) (found T, ok bool) {
	for c != nil {
		if found, ok = c.(T); ok {
			return found, true
		}
		wrapper, wraps := c.(interface{ NetConn() net.Conn })
		if !wraps {
			break
		}
		c = wrapper.NetConn()
	}
	return found, false
}
