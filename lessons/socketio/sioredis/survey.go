package sioredis

import (
	"context"
	"errors"
	"fmt"

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

// survey sends a request, and calls take, on this goroutine, with a response of
// each other server. One that take refuses does not count. The error is
// *MissingServers if ctx or RequestTimeout ends the wait.
func (a *adapter) survey(ctx context.Context, r request, take func(response) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, a.config.RequestTimeout, sio.ErrTimeout)
	defer cancel()
	others, err := a.others(ctx)
	if err != nil || others == 0 {
		return err
	}
	responses := make(chan response, others)
	id, forget := a.expect(func(r response) {
		select {
		case responses <- r:
		default: // more than were asked
		}
	})
	defer forget()
	r.ID = id
	a.ask(r)
	for answered := 0; answered < others; {
		select {
		case r := <-responses:
			if err := take(r); err != nil {
				a.refused(err)
				continue
			}
			answered++
		case <-ctx.Done():
			return &MissingServers{answered, others, context.Cause(ctx)}
		case <-a.closed:
			return &MissingServers{answered, others, ErrClosed}
		}
	}
	return nil
}
