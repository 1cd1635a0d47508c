// Package deadpeer follows a server over a WebSocket and notices when the server is silent.
package deadpeer

import (
	"context"
	"time"
)

// Pause is the time between two attempts to connect.
const Pause = time.Second

// Kind is the kind of a frame.
type Kind int

// The kinds.
const (
	Text Kind = iota
	Ping
	Pong
)

// Frame is one frame that the server has sent.
type Frame struct {
	Kind    Kind
	Payload string
}

// Conn is a WebSocket connection. It is correct as it is, and any goroutine may call its methods.
type Conn interface {
	// Read blocks until a frame arrives, the read deadline passes, or Close is called. After its
	// first error, every Read returns an error.
	Read() (Frame, error)

	// SetReadDeadline ends every Read at time t, including one that is blocked now.
	SetReadDeadline(t time.Time) error

	// Pong answers a ping.
	Pong(payload string) error

	Close() error
}

// Dial connects to the server. It gives up when ctx ends; an open connection does not depend on
// ctx.
type Dial func(ctx context.Context) (Conn, error)

// Follow passes each text message of the server to show, reconnects whenever the connection is
// lost, and returns when ctx ends. A connection is lost when nothing arrives for the time silence.
func Follow(ctx context.Context, dial Dial, silence time.Duration, show func(text string)) {
	for ctx.Err() == nil {
		once(ctx, dial, silence, show)
		select {
		case <-time.After(Pause):
		case <-ctx.Done():
		}
	}
}

// once connects and reads until the connection is lost.
func once(ctx context.Context, dial Dial, silence time.Duration, show func(text string)) {
	dialing, cancel := context.WithTimeout(ctx, silence)
	conn, err := dial(dialing)
	cancel()
	if err != nil {
		return
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends a Read that is blocked
	defer stop()
	for {
		if err := conn.SetReadDeadline(time.Now().Add(silence)); err != nil {
			return
		}
		frame, err := conn.Read()
		if err != nil {
			return
		}
		switch frame.Kind {
		case Text:
			show(frame.Payload)
		case Ping:
			if err := conn.Pong(frame.Payload); err != nil {
				return
			}
		}
	}
}
