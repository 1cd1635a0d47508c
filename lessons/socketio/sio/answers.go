package sio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// ErrTimeout says that an acknowledgement did not come within Timeout.
var ErrTimeout = errors.New("operation has timed out")

// within bounds ctx by the flags' timeout, if there is one, with ErrTimeout as cause.
func (f Flags) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if f.Timeout == 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, f.Timeout, ErrTimeout)
}

// Answer is one client's acknowledgement of a broadcast.
type Answer struct {
	Socket string // the id; empty if the client's server does not say it
	Args   Args   // the arguments of the acknowledgement
}

// MissingAnswersError is the error of EmitWithAck of a broadcast that not every client has
// acknowledged. The answers of the others are returned beside it.
type MissingAnswersError struct {
	// Sockets are the ids of the clients that have not answered. Behind them stands "" for each
	// client of another server, which has only said how many it asks. A server that said nothing is
	// not counted here; Err says so.
	Sockets []string

	// Err is ErrTimeout, the context's error, the adapter's, or ErrDisconnected if every missing
	// client has disconnected.
	Err error
}

// Error names the clients that are known.
func (e *MissingAnswersError) Error() string {
	known := slices.DeleteFunc(slices.Clone(e.Sockets), func(id string) bool { return id == "" })
	if unknown := len(e.Sockets) - len(known); unknown > 0 {
		known = append(known, fmt.Sprintf("%d on other servers", unknown))
	}
	if len(known) == 0 {
		return fmt.Sprintf("sio: %v", e.Err)
	}
	return fmt.Sprintf("sio: %v: no answer from %s", e.Err, strings.Join(known, ", "))
}

// Unwrap returns Err.
func (e *MissingAnswersError) Unwrap() error { return e.Err }

// AskAll sends an event with target's EmitWithAck, and decodes the first argument of each
// acknowledgement into a T; an empty one is the zero value. The results are in the order in which
// they came. target is a Broadcast, *Namespace, *Server or *ParentNamespace. The error is that of
// EmitWithAck, a *MissingAnswersError perhaps, joined with one for each answer that does not fit
// into a T, which is left out.
func AskAll[T any](ctx context.Context, target interface {
	EmitWithAck(ctx context.Context, event string, args ...any) ([]Answer, error)
}, event string, args ...any) ([]T, error) {
	got, err := target.EmitWithAck(ctx, event, args...)
	answers := make([]T, 0, len(got))
	for _, answer := range got {
		var value T
		if answer.Args.Len() > 0 {
			if misfit := answer.Args.Decode(0, &value); misfit != nil {
				err = errors.Join(err, fmt.Errorf("answer of %q: %w", answer.Socket, misfit))
				continue
			}
		}
		answers = append(answers, value)
	}
	return answers, err
}

// Answers collects the acknowledgements of one broadcast, for an Adapter. Its methods may be called
// from any goroutine and in any order, except that Wait comes after Expect.
type Answers struct {
	mu       sync.Mutex
	answers  []Answer
	heard    map[string]bool // the sockets of this server that answered (true) or disconnected (false)
	asked    []string        // the sockets of this server that were asked; known after Expect
	expected bool            // Expect was called
	servers  int             // other servers that have not said how many clients they ask
	clients  int             // clients of other servers that have not answered
	complete chan struct{}   // closed when nothing is missing
}

// NewAnswers returns a collection that expects nothing yet.
func NewAnswers() *Answers {
	return &Answers{heard: map[string]bool{}, complete: make(chan struct{})}
}

// Take adds the answer of a client of this server, or with an error records that it has
// disconnected. It has the signature that MemoryAdapter.Ask calls.
func (a *Answers) Take(answer Answer, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.heard[answer.Socket] = err == nil
	if err == nil {
		a.answers = append(a.answers, answer)
	}
	a.check()
}

// TakeRemote adds what another server has sent: the number of clients that it asks, once, and then
// their answers, each of which counts one client less.
func (a *Answers) TakeRemote(clients int, answers ...Answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(answers) == 0 {
		a.servers--
	}
	a.clients += clients - len(answers)
	a.answers = append(a.answers, answers...)
	a.check()
}

// Expect sets who was asked: the sockets of this server, and the number of other servers. It is
// called once.
func (a *Answers) Expect(sockets []string, servers int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked, a.servers, a.expected = sockets, a.servers+servers, true
	a.check()
}

// check closes complete when nothing is missing. The caller holds mu.
func (a *Answers) check() {
	if a.expected && len(a.heard) == len(a.asked) && a.servers <= 0 && a.clients <= 0 {
		a.expected = false // closed only once
		close(a.complete)
	}
}

// Wait returns when all have answered or disconnected, or when ctx ends: the answers in the order
// in which they came, nil or the clients that are missing, and the number of other servers that
// have said nothing.
func (a *Answers) Wait(ctx context.Context) (answers []Answer, missing *MissingAnswersError, silent int) {
	var cause error = ErrDisconnected
	select {
	case <-a.complete:
	case <-ctx.Done():
		cause = context.Cause(ctx)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	silent = max(0, a.servers)
	var sockets []string
	for _, socket := range a.asked {
		if !a.heard[socket] {
			sockets = append(sockets, socket)
		}
	}
	sockets = append(sockets, make([]string, max(0, a.clients))...)
	if len(sockets) > 0 || silent > 0 {
		missing = &MissingAnswersError{Sockets: sockets, Err: cause}
	}
	return slices.Clip(a.answers), missing, silent
}
