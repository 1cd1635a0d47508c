package sio

import (
	"fmt"
	"runtime/debug"
	"sync"
)

// inbox runs a socket's handlers one at a time, in order: on the client's reader
// where that can be lent, else on a goroutine that exists only while there is
// something to run.
type inbox struct {
	server *Server
	panicd func(err error) // told of a handler's panic

	mu      sync.Mutex
	room    sync.Cond // signalled when waiting shrinks, and at the end
	waiting []func()
	running bool
	closed  bool // only last is still taken
}

func (b *inbox) init(server *Server, panicd func(error)) {
	b.server, b.panicd = server, panicd
	b.room.L = &b.mu
}

// put waits for room, so that a client that sends faster than its handlers run
// is not read from.
func (b *inbox) put(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.waiting) >= b.server.config.MaxPending && !b.closed {
		b.room.Wait()
	}
	if !b.closed {
		b.push(f)
	}
}

// take is put for a handler that is the only one: it runs on the caller's goroutine,
// the reader of the client, if that can be lent.
func (b *inbox) take(f func(), lend func(func()) bool) {
	b.mu.Lock()
	if b.running || b.closed {
		b.mu.Unlock()
		b.put(f)
		return
	}
	b.running = true
	b.mu.Unlock()
	if !lend(func() { b.guard(f) }) {
		b.server.engine.Go(func() { b.guard(f); b.run() })
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) > 0 {
		b.server.engine.Go(b.run)
	} else {
		b.running = false
	}
}

// last runs f after the handler that runs now, in place of all that waits.
func (b *inbox) last(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.waiting = nil
	b.push(f)
	b.room.Broadcast()
}

func (b *inbox) push(f func()) {
	b.waiting = append(b.waiting, f)
	if !b.running {
		b.running = true
		b.server.engine.Go(b.run)
	}
}

func (b *inbox) run() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.waiting) > 0 {
		f := b.waiting[0]
		b.waiting = b.waiting[1:]
		b.room.Signal()
		b.mu.Unlock()
		b.guard(f)
		b.mu.Lock()
	}
	b.waiting, b.running = nil, false
}

// guard keeps a handler's panic from ending the process.
func (b *inbox) guard(f func()) {
	defer func() {
		if v := recover(); v != nil {
			b.server.config.Log.Error("handler panicked", "panic", v, "stack", string(debug.Stack()))
			b.panicd(fmt.Errorf("sio: handler panicked: %v", v))
		}
	}()
	f()
}
