package sioclient

import "sync"

// inbox runs a socket's handlers one at a time, in order, on a goroutine that
// exists only while there is something to run.
type inbox struct {
	manager *Manager

	mu      sync.Mutex
	room    sync.Cond // signalled when waiting shrinks, and at the end
	waiting []func()
	running bool
	stopped bool
}

func (b *inbox) init(m *Manager) { b.manager, b.room.L = m, &b.mu }

// put waits for room, so that a server that sends faster than the handlers run
// is not read from. It is for the manager's own goroutines.
func (b *inbox) put(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.waiting) >= b.manager.config.MaxPending && !b.stopped {
		b.room.Wait()
	}
	b.push(f, b.manager.startInside)
}

// tell is put without waiting: for what the socket says of itself.
func (b *inbox) tell(f func(), start func(func()) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.push(f, start)
}

func (b *inbox) push(f func(), start func(func()) bool) {
	b.waiting = append(b.waiting, f)
	if !b.running {
		b.running = start(b.run)
	}
}

// stop lets whoever waits in put go on.
func (b *inbox) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	b.room.Broadcast()
}

func (b *inbox) run() {
	b.mu.Lock()
	defer b.rest()
	for len(b.waiting) > 0 {
		f := b.waiting[0]
		b.waiting = b.waiting[1:]
		b.room.Signal()
		b.guard(f)
	}
	b.waiting = nil
}

// rest lets go of mu. What still waits, where a handler has ended its goroutine
// as a test's FailNow does, runs on another.
func (b *inbox) rest() {
	defer b.mu.Unlock()
	b.running = len(b.waiting) > 0 && b.manager.startInside(b.run)
}

// guard lets go of mu while f runs, and keeps a handler's panic from ending the
// process.
func (b *inbox) guard(f func()) {
	b.mu.Unlock()
	defer b.mu.Lock()
	b.manager.guard(f)
}
