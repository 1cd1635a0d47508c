package sio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// ErrTimeout says that an acknowledgement did not arrive within Timeout.
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
	Socket string // the id; empty for a client of another server
	Args   Args   // the arguments of the acknowledgement
}

// MissingAnswersError is the error of EmitWithAck for a broadcast if some clients did not
// acknowledge it. EmitWithAck then also returns the answers of the others.
type MissingAnswersError struct {
	// Sockets are the ids of the clients that have not answered. At the end is "" for each client
	// of another server, because servers report only how many clients they ask. Clients of a server
	// that did not report are not counted here; Err says so.
	Sockets []string

	// Err is ErrTimeout, the context's error, the adapter's, or ErrDisconnected if every missing
	// client has disconnected.
	Err error
}

// Error lists the ids in Sockets and counts the others.
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
// acknowledgement into a T; an empty one is the zero value. The results are in the order of their
// arrival. target is a Broadcast, *Namespace, *Server or *ParentNamespace. An answer that does not
// fit into a T is left out. The error is that of EmitWithAck, such as a *MissingAnswersError,
// joined with one for each answer that was left out.
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
	mu      sync.Mutex
	answers []Answer
	// the sockets of this server that answered (true) or disconnected (false)
	heard    map[string]bool
	asked    []string      // the sockets of this server that were asked; known after Expect
	expected bool          // Expect was called
	servers  int           // other servers that have not said how many clients they ask
	clients  int           // clients of other servers that have not answered
	complete chan struct{} // closed when nothing is missing
}

// NewAnswers returns an empty collection.
func NewAnswers() *Answers {
	return &Answers{heard: map[string]bool{}, complete: make(chan struct{})}
}

// Take adds the answer of a client of this server, or, with an error, records that the client has
// disconnected. It is the callback for MemoryAdapter.Ask.
func (a *Answers) Take(answer Answer, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.heard[answer.Socket] = err == nil
	if err == nil {
		a.answers = append(a.answers, answer)
	}
	a.check()
}

// TakeRemote adds a message of another server: first the number of clients that it asks, then their
// answers. Each answer reduces that number by one.
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

// Wait blocks until all clients have answered or disconnected, or ctx ends. It returns the answers
// in the order of their arrival, the missing clients or nil, and the number of other servers that
// have not reported.
func (a *Answers) Wait(ctx context.Context) (answers []Answer, missing *MissingAnswersError,
	silent int) {
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
