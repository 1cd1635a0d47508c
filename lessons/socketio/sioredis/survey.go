package sioredis

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"realtimelab/lessons/socketio/sio"
)

// ErrClosed is why a wait for other servers ends when this one leaves.
var ErrClosed = errors.New("sioredis: the server has left the cluster")

// MissingServers says that not all other servers have answered.
type MissingServers struct {
	Answered, Asked int
	Err             error // sio.ErrTimeout, the context's error, or ErrClosed
}

func (e *MissingServers) Error() string {
	return fmt.Sprintf("sioredis: %v: %d of %d other servers answered", e.Err, e.Answered, e.Asked)
}

func (e *MissingServers) Unwrap() error { return e.Err }

// others is the number of the other servers in this namespace.
func (a *adapter) others(ctx context.Context) (int, error) {
	n, err := serverCount(ctx, a.config.Client, a.channels.request)
	if err != nil {
		return 0, fmt.Errorf("sioredis: counting the servers: %w", err)
	}
	return max(0, n-1), nil
}

// expect has take called with the responses to a request of that id, until
// forget is. It must not wait.
func (a *adapter) expect(take func(response)) (id string, forget func()) {
	id = newID()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pending[id] = take
	return id, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.pending, id)
	}
}

func (a *adapter) expects(id string) func(response) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.pending[id]
}

// survey sends a request, and calls take with a response of each other server,
// one at a time and never after it has returned. One that take refuses does not
// count. The error is *MissingServers if ctx or RequestTimeout ends the wait.
func (a *adapter) survey(ctx context.Context, r request, take func(response) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, a.config.RequestTimeout, sio.ErrTimeout)
	defer cancel()
	others, err := a.others(ctx)
	if err != nil || others == 0 {
		return err
	}
	c := &count{missing: others, done: make(chan struct{})}
	id, forget := a.expect(func(r response) {
		if err := c.take(r, take); err != nil {
			a.refused(err)
		}
	})
	defer forget()
	r.ID = id
	a.ask(r)
	var cause error
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		cause = context.Cause(ctx)
	case <-a.closed:
		cause = ErrClosed
	}
	if missing := c.end(); missing > 0 {
		return &MissingServers{others - missing, others, cause}
	}
	return nil
}

// count is the state of a survey.
type count struct {
	mu      sync.Mutex
	missing int // responses; 0 when it is over
	done    chan struct{}
}

func (c *count) take(r response, take func(response) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.missing == 0 {
		return nil // more than were asked, or too late
	}
	if err := take(r); err != nil {
		return err
	}
	if c.missing--; c.missing == 0 {
		close(c.done)
	}
	return nil
}

// end has take called no more, and returns how many responses are missing.
func (c *count) end() (missing int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	missing, c.missing = c.missing, 0
	return missing
}
