package websocket

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/gorilla/websocket"

	"realtimelab/internal/feed"
	"realtimelab/internal/tcpreset"
)

// queue is how many answers to its own messages a client may leave unread. Chat
// messages do not pass through it: they wait in the feed.
const queue = 16

// message is one WebSocket message, whole.
type message struct {
	kind int // websocket.TextMessage or websocket.BinaryMessage
	data []byte

	written chan<- struct{} // receives a signal when it is written, and has room for it; may be nil
}

// conn is one connection. One goroutine reads, one writes; ctx ends both, and its
// cause says why. gorilla answers pings and close frames itself, while reading.
type conn struct {
	ws  *websocket.Conn
	cfg Config

	ctx context.Context
	end context.CancelCauseFunc

	out chan message // from the reader to the writer
}

func newConn(ws *websocket.Conn, cfg Config) *conn {
	ctx, end := context.WithCancelCause(context.Background())
	return &conn{ws: ws, cfg: cfg, ctx: ctx, end: end, out: make(chan message, queue)}
}

// serve runs the connection to its end and returns the reason. take gets each message that arrives,
// on the reader's goroutine; its error ends the connection. The writer sends the messages of sub,
// which may be nil, and the messages that take puts into out.
func (c *conn) serve(take func(message) error, sub *feed.Subscription) error {
	written := make(chan struct{})
	go func() {
		defer close(written)
		c.end(c.writeLoop(sub))
		c.sayClose(context.Cause(c.ctx))
	}()
	err := c.readLoop(take)
	c.end(err)
	<-written
	var answered *websocket.CloseError
	if !errors.As(err, &answered) {
		c.drain()
	}
	_ = c.ws.Close()
	return context.Cause(c.ctx)
}

// readLoop is the reader. Each message and pong extends the read deadline, and the
// writer's pings make sure that a live client always has a pong to send.
func (c *conn) readLoop(take func(message) error) error {
	c.ws.SetReadLimit(c.cfg.MaxMessage)
	c.alive()
	c.ws.SetPongHandler(func(string) error {
		c.alive()
		return nil
	})
	for {
		m, err := c.read()
		if isTimeout(err) {
			return errSilent
		}
		if err != nil {
			return err
		}
		c.alive()
		if c.ctx.Err() != nil {
			// a close frame is on its way: what was said before it arrived no longer counts
			continue
		}
		if err := take(m); err != nil {
			return err
		}
	}
}

func (c *conn) alive() {
	_ = c.ws.SetReadDeadline(time.Now().Add(c.cfg.PingInterval + c.cfg.PongTimeout))
}

// read reads one message, all its fragments.
func (c *conn) read() (message, error) {
	kind, r, err := c.ws.NextReader()
	if err != nil {
		return message{}, err
	}
	if kind == websocket.TextMessage {
		r = &textReader{r: r}
	}
	// gorilla's own limit counts bytes before they are inflated.
	data, err := io.ReadAll(io.LimitReader(r, c.cfg.MaxMessage+1))
	if err == nil && int64(len(data)) > c.cfg.MaxMessage {
		err = errTooBig
	}
	return message{kind: kind, data: data}, err
}

// writeLoop is the writer, the only goroutine that sends messages.
func (c *conn) writeLoop(sub *feed.Subscription) error {
	ping := time.NewTicker(c.cfg.PingInterval)
	defer ping.Stop()
	for {
		more, err := c.writeNews(sub)
		if err != nil {
			return err
		}
		select {
		case <-more:
		case m := <-c.out:
			if err = c.write(m); err == nil && m.written != nil {
				m.written <- struct{}{}
			}
		case <-ping.C:
			err = c.written(c.ws.WriteControl(websocket.PingMessage, nil,
				time.Now().Add(c.cfg.WriteTimeout)))
		case <-c.ctx.Done():
			return context.Cause(c.ctx)
		}
		if err != nil {
			return err
		}
	}
}

// writeNews writes what the feed has, one message a frame; more is ready when there is something
// else.
func (c *conn) writeNews(sub *feed.Subscription) (more <-chan struct{}, err error) {
	if sub == nil {
		return nil, nil
	}
	entries, more, err := sub.Take()
	for _, e := range entries {
		if err := c.write(message{kind: websocket.TextMessage, data: e.JSON}); err != nil {
			return nil, err
		}
	}
	return more, err
}

func (c *conn) write(m message) error {
	_ = c.ws.SetWriteDeadline(time.Now().Add(c.cfg.WriteTimeout))
	c.ws.EnableWriteCompression(len(m.data) >= c.cfg.CompressFrom)
	return c.written(c.ws.WriteMessage(m.kind, m.data))
}

// written closes the connection after a write that failed: nothing more can be said
// on it, and the reader need not wait for a client that takes nothing. After a close
// frame a write fails, too, but that connection still has its end to come.
func (c *conn) written(err error) error {
	if err != nil && !errors.Is(err, websocket.ErrCloseSent) {
		_ = c.ws.NetConn().Close()
	}
	return err
}

// abort ends the connection without a close frame.
func (c *conn) abort() {
	c.end(errAborted)
	_ = c.ws.NetConn().Close()
}

// reset is abort with a TCP reset, as when a device between the two gives up on the connection.
func (c *conn) reset() {
	c.end(errAborted)
	tcpreset.Close(c.ws.NetConn())
}

// bound gives the connection CloseTimeout to end, whatever its client does: the write that is under
// way, the last messages and the close handshake share it.
func (c *conn) bound() { time.AfterFunc(c.cfg.CloseTimeout, c.abort) }

// drain reads and throws away what the client still sends after our close frame.
// Closing a socket with unread bytes makes the kernel send a reset, which may
// overtake the close frame and take from the client the reason it was closed for.
func (c *conn) drain() {
	nc := c.ws.NetConn()
	if g, ok := nc.(*guard); ok {
		nc = g.Conn // past the guard, which reads no more after a violation
	}
	if nc.SetReadDeadline(time.Now().Add(c.cfg.CloseTimeout)) != nil {
		return
	}
	if half, ok := nc.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_, _ = io.Copy(io.Discard, nc)
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}
