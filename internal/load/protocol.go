package load

import (
	"context"
	"time"
)

// A protocol connects clients, and reads and writes their messages.
type protocol interface {
	// open connects a client and calls its joins. Its errors have causes.
	open(ctx context.Context, c *client) error

	// hear takes a message that a client received, as text or binary. An error ends the connection.
	hear(c *client, now time.Time, data []byte, binary bool) error

	// message returns what a client sends as the message of that number.
	message(c *client, number int) []byte

	// watch sends and checks heartbeats until ctx ends.
	watch(ctx context.Context)
}

func (r *run) newProtocol() protocol {
	switch r.config.As {
	case WebSocket:
		return rawWebSocket{r}
	case SSE:
		return &eventStream{run: r}
	}
	return &socketIO{run: r}
}

// rawWebSocket sends each message in a frame.
type rawWebSocket struct{ *run }

func (p rawWebSocket) open(ctx context.Context, c *client) error {
	conn, in, err := p.openWebSocket(ctx, c, p.config.target.RequestURI())
	if err != nil {
		return err
	}
	s := newSocket(c, conn)
	if !c.joins(s) {
		conn.Close()
		return nil
	}
	s.start(in)
	return nil
}

func (p rawWebSocket) hear(c *client, now time.Time, data []byte, _ bool) error {
	c.labels(now, data)
	return nil
}

func (p rawWebSocket) message(c *client, number int) []byte {
	return p.config.text(p.labeler, number, roomName(c.room()))
}

func (p rawWebSocket) watch(context.Context) {}
