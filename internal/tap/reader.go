package tap

// Reader follows a Tap's events from the oldest one that is still held. It is
// for one goroutine.
type Reader struct {
	// C receives when there is something to read. It may receive once more
	// than there is.
	C <-chan struct{}

	c   chan struct{}
	tap *Tap

	next uint64 // guarded by tap.mu, as is lazy
	lazy bool

	bytes []byte // of the events that Read returned last
	lost  uint64
}

// NewReader returns a Reader that starts with the oldest event held. Close ends it.
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

// Close ends the Reader. C receives no more.
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

// Unread is the part of the ring that waits to be read, between 0 and 1.
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

// due tells that C should receive. The caller holds tap.mu.
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

// readBytes is about how many bytes one Read copies, and bounds how long it
// holds the lock.
const readBytes = 64 << 10

// Read fills dst with the next events and returns how many; 0 if there are none
// now. It does not wait. The bytes of the events are valid until the next Read.
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
		if e.pending {
			break
		}
		if e.kind == Data && e.size == 0 {
			continue
		}
		start := len(r.bytes)
		r.bytes = ring.appendBytes(r.bytes, e)
		dst[n] = Event{r.next, e.peer, e.time, e.kind, e.dir, e.offset, e.size, r.bytes[start:len(r.bytes):len(r.bytes)]}
		n++
	}
	return n
}

// Lost is how many events were gone before this Reader came to read them.
func (r *Reader) Lost() uint64 { return r.lost }
