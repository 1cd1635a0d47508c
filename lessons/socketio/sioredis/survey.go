package sioredis

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"realtimelab/lessons/socketio/sio"
)

// ErrClosed is the error of a call that waits for other servers when this server leaves the
// cluster.
var ErrClosed = errors.New("sioredis: the server has left the cluster")

// MissingServersError is the error of FetchSockets and ServerSideEmitWithAck if some servers of the
// cluster did not answer. For EmitWithAck of a broadcast, it is wrapped in a
// *sio.MissingAnswersError.
type MissingServersError struct {
	Answered, Asked int   // numbers of other servers
	Err             error // sio.ErrTimeout, the context's error, or ErrClosed
}

// Error says how many servers answered and why the wait ended.
func (e *MissingServersError) Error() string {
	return fmt.Sprintf("sioredis: %v: %d of %d other servers answered", e.Err, e.Answered, e.Asked)
}

// Unwrap returns Err.
func (e *MissingServersError) Unwrap() error { return e.Err }

// within returns a context that also ends after a timeout, with the cause sio.ErrTimeout, and with
// the adapter, with the cause ErrClosed.
func (a *adapter) within(ctx context.Context, timeout time.Duration) (context.Context,
	context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(a.life, func() { cancel(ErrClosed) })
	ctx, expire := context.WithTimeoutCause(ctx, timeout, sio.ErrTimeout)
	return ctx, func() { stop(); expire(); cancel(nil) }
}

// others returns the number of other servers in this namespace.
func (a *adapter) others(ctx context.Context) (int, error) {
	channel, sharded := a.wire.servers()
	n, err := serverCount(ctx, a.config.Client, channel, sharded)
	if err != nil {
		return 0, fmt.Errorf("sioredis: counting the servers: %w", err)
	}
	return max(0, n-1), nil
}

// expect registers take for the responses to a new request id, until forget is called. take must
// not block.
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

// survey sends a request, and calls take with the response of each other server: one at a time, and
// never after survey has returned. A response for which take returns an error does not count. If
// ctx or RequestTimeout ends the wait, the error is a *MissingServersError.
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
		return nil // a surplus or late response
	}
	if err := take(r); err != nil {
		return err
	}
	if c.missing--; c.missing == 0 {
		close(c.done)
	}
	return nil
}

// end stops the calls of take, and returns the number of missing responses.
func (c *count) end() (missing int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	missing, c.missing = c.missing, 0
	return missing
}
