package sio

import (
	"fmt"
	"runtime/debug"
	"sync"

	"realtimelab/lessons/socketio/siopacket"
)

// inbox runs a socket's handlers one at a time, in order: on the client's reader
// where that can be lent, else on a goroutine that exists only while there is
// something to run.
type inbox struct {
	server *Server
	panicd func(err error) // told of a handler's panic

	mu      sync.Mutex
	room    waiters // for waiting to shrink, or the end
	waiting []pending
	size    int // of what waits
	running bool
	closed  bool // only last is still taken
}

func (b *inbox) init(server *Server, panicd func(error)) {
	b.server, b.panicd = server, panicd
}

// pending is what waits for its turn.
type pending struct {
	run  func()
	size int // of the packet that it takes, in bytes
}

func sizeOf(p siopacket.Packet) int {
	size := len(p.Data)
	for _, attachment := range p.Attachments {
		size += len(attachment)
	}
	return size
}

// maxPendingSize bounds what waits in one inbox, beside Config.MaxPending. A single
// packet may be larger.
const maxPendingSize = 4 << 20

// lender runs a function on the calling goroutine, and reports whether it did: the
// client's reader, if the caller is that.
type lender func(func()) bool

// nobody lends.
func nobody(func()) bool { return false }

// put runs f.run on the caller's goroutine if nothing else runs and lend takes it. Else
// f waits for its turn, and put for room, so that a client that sends faster than its
// handlers run is not read from.
func (b *inbox) put(f pending, lend lender) {
	if !b.begin(f) {
		return
	}
	lent := lend(func() { b.guard(f.run) })
	b.mu.Lock()
	defer b.mu.Unlock()
	if !lent && !b.closed {
		b.push(f)
	}
	b.start()
}

// begin reports whether f is to run now; if something else runs, it queues f.
func (b *inbox) begin(f pending) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for (len(b.waiting) >= b.server.config.MaxPending || b.size >= maxPendingSize) && !b.closed {
		b.room.wait(&b.mu)
	}
	if b.closed {
		return false
	}
	now := !b.running
	if !now {
		b.push(f)
	}
	b.running = true
	return now
}

// push appends to what waits. The caller holds mu.
func (b *inbox) push(f pending) {
	b.waiting = append(b.waiting, f)
	b.size += f.size
}

// last runs f after the handler that runs now, in place of all that waits; if nothing
// runs, on the caller's goroutine where lend takes it.
func (b *inbox) last(f func(), lend lender) {
	if b.close(f) && !lend(b.run) {
		b.server.engine.Go(b.run)
	}
}

// close leaves f as all that is to run, and reports whether the caller is to see to it.
func (b *inbox) close(f func()) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := !b.running
	b.closed, b.running = true, true
	b.waiting, b.size = []pending{{run: f}}, 0
	b.room.wake()
	return now
}

// start runs what waits, if anything does. Nothing runs now, and the caller holds mu.
func (b *inbox) start() {
	b.running = len(b.waiting) > 0
	if b.running {
		b.server.engine.Go(b.run)
	}
}

func (b *inbox) run() {
	for f := b.next(); f != nil; f = b.next() {
		b.guard(f)
	}
}

// next is what is to run now, nil at the end.
func (b *inbox) next() func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) == 0 {
		b.waiting, b.running = nil, false
		return nil
	}
	f := b.waiting[0]
	b.waiting, b.size = b.waiting[1:], b.size-f.size
	b.room.wake()
	return f.run
}

// guard runs a handler. If that ends its goroutine, as a test's FailNow does, another
// runs what waits.
func (b *inbox) guard(f func()) {
	returned := false
	defer func() {
		if !returned {
			b.server.engine.Go(b.run)
		}
	}()
	b.server.guard(f, b.panicd)
	returned = true
}

// guard keeps a handler's panic from ending the process. panicd is told of it.
func (s *Server) guard(f func(), panicd func(error)) {
	defer func() {
		if v := recover(); v != nil {
			s.config.Log.Error("handler panicked", "panic", v, "stack", string(debug.Stack()))
			panicd(fmt.Errorf("sio: handler panicked: %v", v))
		}
	}()
	f()
}
