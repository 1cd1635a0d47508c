package client

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"

	"realtimelab/internal/feed/wire"
)

// An Outbox passes messages to the goroutine that writes to a client's connection, while there is a
// connection. The zero value is ready. Its methods may be called from any goroutine.
type Outbox struct {
	once sync.Once
	out  chan outgoing
}

// outgoing is a message on its way from Send to the writer.
type outgoing struct {
	data []byte
	sent chan error // has room for one
}

// messages returns the channel on which messages wait for a connection.
func (o *Outbox) messages() chan outgoing {
	o.once.Do(func() { o.out = make(chan outgoing) })
	return o.out
}

// Publish is Send for a draft. A draft that a server would refuse returns a *RefusedError at once.
func (o *Outbox) Publish(ctx context.Context, from, text string) error {
	data, err := json.Marshal(wire.Draft{From: from, Text: text})
	if err != nil {
		return err
	}
	if _, err := wire.ParseDraft(data); err != nil {
		return &RefusedError{Status: http.StatusBadRequest, Reason: err.Error()}
	}
	return o.Send(ctx, data)
}

// Send waits for a running Write, and returns the error of its write.
func (o *Outbox) Send(ctx context.Context, data []byte) error {
	m := outgoing{data, make(chan error, 1)}
	select {
	case o.messages() <- m:
		return <-m.sent
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Write passes each message to write, one at a time, until ctx ends.
func (o *Outbox) Write(ctx context.Context, write func(data []byte) error) {
	for {
		select {
		case m := <-o.messages():
			m.sent <- write(m.data)
		case <-ctx.Done():
			return
		}
	}
}
