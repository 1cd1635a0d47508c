package event

import (
	"fmt"
	"sync"

	"realtimelab/lessons/socketio/siopacket"
)

// An Inbox runs the functions of one socket one at a time, in order. A function runs on the
// goroutine that brings it, if nothing else runs or waits; otherwise it waits for its turn on a
// goroutine that exists only while something waits. Its methods may be called from any goroutine.
type Inbox struct {
	owner   *InboxOwner
	onPanic func(error)

	mu      sync.Mutex // guards what follows; not held while a function runs
	waiting []entry
	bytes   int // of what waits
	running bool
	closed  bool
	room    chan struct{} // closed when there is room; nil while no caller waits for it
	idle    chan struct{} // closed when nothing runs or waits; nil while no caller waits for that
}

type entry struct {
	run    func(siopacket.Packet)
	packet siopacket.Packet
}

// An InboxOwner holds what the inboxes of one server, or of one client, share.
type InboxOwner struct {
	// MaxWaiting and MaxBytes bound what waits in one inbox: see Inbox.Do.
	MaxWaiting, MaxBytes int

	// Go runs a function in a goroutine that the owner waits for.
	Go func(func())

	// LogPanic writes the panic of a function to the log.
	LogPanic func(v any)

	// MaxTotal bounds the bytes that wait in all inboxes together. 0 means no bound.
	MaxTotal int

	mu    sync.Mutex
	total int           // bytes that wait in all the inboxes
	room  chan struct{} // closed when total is below MaxTotal; nil while no caller waits for it
}

// hold adds n bytes, or takes them away if n is negative, and returns a channel like that of
// Inbox.Do.
func (o *InboxOwner) hold(n int) (room <-chan struct{}) {
	if o.MaxTotal == 0 {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.total += n
	switch full := o.total >= o.MaxTotal; {
	case full && o.room == nil:
		o.room = make(chan struct{})
	case !full && o.room != nil:
		close(o.room)
		o.room = nil
	}
	return o.room
}

// Init must be called before any other method. onPanic, which may be nil, is called when a function
// has panicked: its panic does not end the process.
func (b *Inbox) Init(owner *InboxOwner, onPanic func(error)) { b.owner, b.onPanic = owner, onPanic }

// Do runs f with a packet: at once, or when it is its turn. Before it runs f on the caller's
// goroutine it calls inOrder: f has its place then, and another goroutine may bring the next
// packet.
//
// When what waits has reached the owner's bounds, room is not nil. It is closed when there is room
// again: the caller has to stop reading until then. After Close, f is dropped.
func (b *Inbox) Do(f func(siopacket.Packet), p siopacket.Packet,
	inOrder func()) (room <-chan struct{}) {
	b.mu.Lock()
	switch {
	case b.closed:
		b.mu.Unlock()
		return nil
	case b.running:
		defer b.mu.Unlock()
		return b.push(entry{f, p})
	}
	b.running = true
	b.mu.Unlock()
	defer b.runNext()
	defer b.rescue()
	inOrder()
	f(p)
	return nil
}

// Start is Do, but never runs f on the caller's goroutine.
func (b *Inbox) Start(f func(siopacket.Packet), p siopacket.Packet) (room <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil
	}
	room = b.push(entry{f, p})
	if !b.running {
		b.running = true
		b.owner.Go(b.runNext)
	}
	return room
}

// Close drops what waits, and runs f as the last function: after the one that runs now, on another
// goroutine than the caller's.
func (b *Inbox) Close(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.owner.hold(-b.bytes)
	b.waiting, b.bytes = []entry{{run: func(siopacket.Packet) { f() }}}, 0
	b.signal()
	if !b.running {
		b.running = true
		b.owner.Go(b.runNext)
	}
}

// Drain drops what is brought from now on, and returns a channel that is closed when all that was
// brought before has run. Close may still be called: its f then runs as usual, and before that.
func (b *Inbox) Drain() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.signal()
	if b.idle == nil {
		b.idle = make(chan struct{})
	}
	idle := b.idle
	b.settle()
	return idle
}

// settle wakes the callers that wait for an idle inbox, if nothing runs or waits. The caller holds
// mu.
func (b *Inbox) settle() {
	if !b.running && b.idle != nil {
		close(b.idle)
		b.idle = nil
	}
}

func (b *Inbox) push(e entry) (room <-chan struct{}) {
	b.waiting = append(b.waiting, e)
	size := e.packet.Size()
	b.bytes += size
	room = b.owner.hold(size)
	if !b.full() {
		return room
	}
	if b.room == nil {
		b.room = make(chan struct{})
	}
	return b.room
}

func (b *Inbox) full() bool {
	return len(b.waiting) >= b.owner.MaxWaiting || b.bytes >= b.owner.MaxBytes
}

func (b *Inbox) signal() {
	if b.room != nil {
		close(b.room)
		b.room = nil
	}
}

// runNext runs what waits, in a goroutine of its own. It is deferred behind each function, so that
// the rest runs even if the function has ended its goroutine, as a test's FailNow does.
func (b *Inbox) runNext() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) == 0 {
		b.waiting, b.running = nil, false
		b.settle()
		return
	}
	b.owner.Go(b.runWaiting)
}

func (b *Inbox) runWaiting() {
	defer b.runNext()
	for {
		b.mu.Lock()
		if len(b.waiting) == 0 {
			b.mu.Unlock()
			return
		}
		next := b.waiting[0]
		size := next.packet.Size()
		b.waiting, b.bytes = b.waiting[1:], b.bytes-size
		b.owner.hold(-size)
		if !b.full() {
			b.signal()
		}
		b.mu.Unlock()
		b.Guard(func() { next.run(next.packet) })
	}
}

// Guard runs f on the caller's goroutine. Its panic does not end the process: it is logged, and
// Init's onPanic is called.
func (b *Inbox) Guard(f func()) {
	defer b.rescue()
	f()
}

func (b *Inbox) rescue() {
	if v := recover(); v != nil {
		b.owner.LogPanic(v)
		if b.onPanic != nil {
			b.onPanic(fmt.Errorf("handler panicked: %v", v))
		}
	}
}
