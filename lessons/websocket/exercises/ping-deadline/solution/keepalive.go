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
		if err := await(ctx, c, "", every, nil); err != nil {
			return err
		}
		payload := strconv.Itoa(n)
		if err := c.Ping(payload); err != nil {
			return err
		}
		if err := await(ctx, c, payload, timeout, ErrSilent); err != nil {
			return err
		}
	}
}

// await takes pongs until the wanted one comes (nil), the time is over (late), or ctx ends.
func await(ctx context.Context, c Conn, want string, limit time.Duration, late error) error {
	deadline := time.After(limit)
	for {
		select {
		case pong := <-c.Pongs():
			if want != "" && pong == want {
				return nil
			}
		case <-deadline:
			return late
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
