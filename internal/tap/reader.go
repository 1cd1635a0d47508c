package tap

// A Reader follows a Tap's events, starting with the oldest one still in the ring. Only one
// goroutine may use it.
type Reader struct {
	// C receives a value when there are events to read. It may receive one value more than
	// necessary.
	C <-chan struct{}

	c   chan struct{}
	tap *Tap

	next uint64 // guarded by tap.mu, as is lazy
	lazy bool

	bytes []byte // of the events that the last Read returned
	lost  uint64
}

// NewReader returns a Reader that starts with the oldest event in the ring. Call Close when done.
func (t *Tap) NewReader() *Reader {
	c := make(chan struct{}, 1)
	r := &Reader{C: c, c: c, tap: t}
	t.mu.Lock()
	defer t.mu.Unlock()
	r.next = t.ring.first
	t.readers = append(t.readers, r)
	if r.due() {
		r.wake()
	}
	return r
}

// Events returns the number of events so far, which is the Seq of the next one.
func (t *Tap) Events() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ring.next
}

// Close stops the Reader. C receives no further values.
func (r *Reader) Close() {
	r.tap.mu.Lock()
	defer r.tap.mu.Unlock()
	for i, other := range r.tap.readers {
		if other == r {
			r.tap.readers = append(r.tap.readers[:i], r.tap.readers[i+1:]...)
			return
		}
	}
}

// Lazy sets whether C waits until half of the ring is unread.
func (r *Reader) Lazy(lazy bool) {
	r.tap.mu.Lock()
	defer r.tap.mu.Unlock()
	r.lazy = lazy
	if r.due() {
		r.wake()
	}
}

// Unread returns the unread fraction of the ring, between 0 and 1.
func (r *Reader) Unread() float64 {
	r.tap.mu.Lock()
	defer r.tap.mu.Unlock()
	return r.unread()
}

func (r *Reader) unread() float64 {
	ring := &r.tap.ring
	events, bytes := ring.unread(max(r.next, ring.first))
	return max(float64(events)/float64(ring.maxEntries), float64(bytes)/float64(ring.maxBytes))
}

// due reports whether C should receive a value. The caller holds tap.mu.
func (r *Reader) due() bool {
	if r.lazy {
		return r.unread() >= 0.5
	}
	return r.next < r.tap.ring.next
}

func (r *Reader) wake() {
	select {
	case r.c <- struct{}{}:
	default:
	}
}

// readBytes is roughly the number of bytes that one Read copies. It limits how long Read holds the
// lock.
const readBytes = 64 << 10

// Read fills dst with the next events and returns their number, which may be 0. It does not block.
// The events' bytes are valid until the next Read.
func (r *Reader) Read(dst []Event) int {
	r.tap.mu.Lock()
	defer r.tap.mu.Unlock()
	ring := &r.tap.ring
	if r.next < ring.first {
		r.lost += ring.first - r.next
		r.next = ring.first
	}
	r.bytes = r.bytes[:0]
	n := 0
	for ; n < len(dst) && r.next < ring.next && len(r.bytes) < readBytes; r.next++ {
		e := ring.at(r.next)
		start := len(r.bytes)
		r.bytes = ring.appendBytes(r.bytes, e)
		dst[n] = Event{r.next, e.peer, e.time, e.kind, e.dir, e.offset, e.size,
			r.bytes[start:len(r.bytes):len(r.bytes)]}
		n++
	}
	return n
}

// Lost returns the number of events that were dropped before this Reader read them.
func (r *Reader) Lost() uint64 { return r.lost }
