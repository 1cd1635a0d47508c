package sioredis

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"realtimelab/lessons/socketio/sio"
)

// ErrClosed says that this server has left the cluster, which ends its waits for other servers.
var ErrClosed = errors.New("sioredis: the server has left the cluster")

// MissingServersError is the error of a call that not every other server of the cluster has
// answered: FetchSockets, ServerSideEmitWithAck, and in a *sio.MissingAnswersError EmitWithAck of a
// broadcast.
type MissingServersError struct {
	Answered, Asked int   // numbers of other servers
	Err             error // sio.ErrTimeout, the context's error, or ErrClosed
}

// Error says how many servers have answered, and why the wait has ended.
func (e *MissingServersError) Error() string {
	return fmt.Sprintf("sioredis: %v: %d of %d other servers answered", e.Err, e.Answered, e.Asked)
}

// Unwrap returns Err.
func (e *MissingServersError) Unwrap() error { return e.Err }

// within bounds ctx by a timeout, with sio.ErrTimeout as cause, and by the adapter's end, with
// ErrClosed.
func (a *adapter) within(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(a.life, func() { cancel(ErrClosed) })
	ctx, expire := context.WithTimeoutCause(ctx, timeout, sio.ErrTimeout)
	return ctx, func() { stop(); expire(); cancel(nil) }
}

// others is the number of the other servers in this namespace.
func (a *adapter) others(ctx context.Context) (int, error) {
	n, err := serverCount(ctx, a.config.Client, a.channels.request)
	if err != nil {
		return 0, fmt.Errorf("sioredis: counting the servers: %w", err)
	}
	return max(0, n-1), nil
}

// expect has take called with the responses to a request of that id, until forget is. It must not
// wait.
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

// survey sends a request, and calls take with a response of each other server, one at a time and
// never after it has returned. One that take refuses does not count. The error is
// *MissingServersError if ctx or RequestTimeout ends the wait.
func (a *adapter) survey(ctx context.Context, r request, take func(response) error) error {
	ctx, cancel := a.within(ctx, a.config.RequestTimeout)
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
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
	}
	if missing := c.end(); missing > 0 {
		return &MissingServersError{others - missing, others, context.Cause(ctx)}
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
