package sio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"realtimelab/lessons/socketio/siopacket"
)

// Ack answers an event. Only the first call sends; if the client asked for no
// answer, none does.
type Ack func(args ...any)

func (s *Socket) ackFor(p siopacket.Packet) Ack {
	var called atomic.Bool
	return func(args ...any) {
		if !p.HasID || called.Swap(true) {
			return
		}
		data, attachments, err := siopacket.MarshalArgs(args...)
		if err != nil {
			s.report(err)
			return
		}
		s.send(siopacket.Packet{
			Type: siopacket.Ack, Namespace: s.namespace.name, ID: p.ID, HasID: true,
			Data: data, Attachments: attachments,
		}, Flags{})
	}
}

// acks are the answers that a socket is to give. The zero value is ready.
type acks struct {
	mu     sync.Mutex
	wanted map[uint64]func(Args, error)
	closed bool
}

// expect has f called once, from any goroutine: with the answer, or with
// ErrDisconnected. After forget it is not called any more.
func (a *acks) expect(id uint64, f func(Args, error)) {
	a.mu.Lock()
	closed := a.closed
	if !closed {
		if a.wanted == nil {
			a.wanted = map[uint64]func(Args, error){}
		}
		a.wanted[id] = f
	}
	a.mu.Unlock()
	if closed {
		f(Args{}, ErrDisconnected)
	}
}

func (a *acks) forget(id uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.wanted, id)
}

// resolve takes an ACK. One that nobody waits for changes nothing.
func (a *acks) resolve(p siopacket.Packet) {
	a.mu.Lock()
	f := a.wanted[p.ID]
	delete(a.wanted, p.ID)
	a.mu.Unlock()
	if f != nil {
		f(NewArgs(p.Args(), p.Attachments), nil)
	}
}

func (a *acks) close() {
	a.mu.Lock()
	wanted := a.wanted
	a.wanted, a.closed = nil, true
	a.mu.Unlock()
	for _, f := range wanted {
		f(Args{}, ErrDisconnected)
	}
}

// ErrTimeout is an answer that did not come within Timeout.
var ErrTimeout = errors.New("operation has timed out")

// within bounds ctx by the flags' timeout, if there is one, with ErrTimeout as
// cause.
func (f Flags) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if f.Timeout == 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, f.Timeout, ErrTimeout)
}

// Answer is what one client answered to a broadcast.
type Answer struct {
	Socket string // the id; empty where a server of the cluster does not tell it
	Args   Args
}

// MissingAnswers says which clients did not answer a broadcast.
type MissingAnswers struct {
	// Sockets are their ids, in no order. Of another server's clients that
	// did not answer in time, only the number may be known; these are "". Of a
	// server that is silent, not even that; Err then says so.
	Sockets []string

	// Err is ErrTimeout, the context's error, or ErrDisconnected if none of
	// those who are missing is connected any more.
	Err error
}

func (e *MissingAnswers) Error() string {
	known := slices.DeleteFunc(slices.Clone(e.Sockets), func(id string) bool { return id == "" })
	if unknown := len(e.Sockets) - len(known); unknown > 0 {
		known = append(known, fmt.Sprintf("%d on other servers", unknown))
	}
	if len(known) == 0 {
		return fmt.Sprintf("sio: %v", e.Err)
	}
	return fmt.Sprintf("sio: %v: no answer from %s", e.Err, strings.Join(known, ", "))
}

func (e *MissingAnswers) Unwrap() error { return e.Err }

// collector gathers the answers to one broadcast.
type collector struct {
	mu      sync.Mutex
	heard   map[string]error // by socket: nil for an answer
	answers []Answer
	asked   []string // known with expect
	sealed  bool
	done    chan struct{}
}

func newCollector() *collector {
	return &collector{heard: map[string]error{}, done: make(chan struct{})}
}

func (c *collector) take(answer Answer, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard[answer.Socket] = err
	if err == nil {
		c.answers = append(c.answers, answer)
	}
	c.finish()
}

// expect says who was asked, once.
func (c *collector) expect(sockets ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked, c.sealed = sockets, true
	c.finish()
}

// finish ends the wait if it is over. The caller holds mu.
func (c *collector) finish() {
	if c.sealed && len(c.heard) == len(c.asked) {
		close(c.done)
	}
}

// wait returns when everyone has answered or gone, or when ctx ends.
func (c *collector) wait(ctx context.Context) ([]Answer, error) {
	var cause error = ErrDisconnected
	select {
	case <-c.done:
	case <-ctx.Done():
		cause = context.Cause(ctx)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	missing := &MissingAnswers{Err: cause}
	for _, socket := range c.asked {
		if err, heard := c.heard[socket]; !heard || err != nil {
			missing.Sockets = append(missing.Sockets, socket)
		}
	}
	answers := slices.Clip(c.answers)
	if len(missing.Sockets) == 0 {
		return answers, nil
	}
	return answers, missing
}
