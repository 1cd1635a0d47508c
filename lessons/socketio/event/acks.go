package event

import (
	"sync"

	"realtimelab/lessons/socketio/siopacket"
)

// Acks holds the functions of one socket that await acknowledgements, by the ids of its events. The
// zero value is ready. The methods may be called from any goroutine.
type Acks struct {
	mu     sync.Mutex // not held while a function runs
	wanted map[uint64]func(Args, error)
	closed error // the error of Close; nil before
}

// Expect registers f, which is called once: with the acknowledgement of the event, or with the
// error of Fail or Close. Forget takes it back. f must not block; it is called without a lock.
func (a *Acks) Expect(id uint64, f func(Args, error)) {
	if !a.ExpectIfOpen(id, f) {
		a.mu.Lock()
		closed := a.closed
		a.mu.Unlock()
		f(Args{}, closed)
	}
}

// ExpectIfOpen is Expect for a caller that holds a lock: it never calls f itself. After Close it
// reports false, and f is never called.
func (a *Acks) ExpectIfOpen(id uint64, f func(Args, error)) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed != nil {
		return false
	}
	if a.wanted == nil {
		a.wanted = map[uint64]func(Args, error){}
	}
	a.wanted[id] = f
	return true
}

// Forget removes the function of an event. It is not called after Forget has returned, unless
// Resolve has already taken it.
func (a *Acks) Forget(id uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.wanted, id)
}

// Resolve passes an ACK to the function that Expect or ExpectIfOpen has registered for its id. An
// unexpected ACK is ignored.
func (a *Acks) Resolve(p siopacket.Packet) {
	a.mu.Lock()
	f := a.wanted[p.ID]
	delete(a.wanted, p.ID)
	a.mu.Unlock()
	if f != nil {
		f(NewArgs(p.Args(), p.Attachments), nil)
	}
}

// Fail calls the registered functions with err, when the connection that would bring the
// acknowledgements is lost.
func (a *Acks) Fail(err error) { a.fail(err, false) }

// Close is Fail, and fails every later Expect with err too.
func (a *Acks) Close(err error) { a.fail(err, true) }

func (a *Acks) fail(err error, forever bool) {
	a.mu.Lock()
	wanted := a.wanted
	a.wanted = nil
	if forever {
		a.closed = err
	}
	a.mu.Unlock()
	for _, f := range wanted {
		f(Args{}, err)
	}
}
