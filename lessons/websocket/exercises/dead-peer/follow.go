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
	// TODO: this waits forever for a server that is gone, and never connects a second time.
	conn, err := dial(ctx)
	if err != nil {
		return
	}
	for {
		frame, err := conn.Read()
		if err != nil {
			return
		}
		if frame.Kind == Text {
			show(frame.Payload)
		}
	}
}
