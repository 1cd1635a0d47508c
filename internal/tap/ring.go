package tap

import (
	"math/bits"
	"time"
)

// entry is an event as stored in the ring. Its bytes are stored separately, in the ring's byte
// array.
type entry struct {
	peer *Peer
	time time.Time
	kind Kind
	dir  Direction

	offset int64 // in the stream of its direction
	size   int   // bytes that crossed
	pos    uint64
	kept   int // bytes in the ring
}

// ring holds the newest events and their bytes. The indices only increase: the ring holds the
// events in [first, next) and the bytes in [tail, head). Both arrays start small and double up to
// their limit.
type ring struct {
	entries    []entry
	maxEntries int
	first      uint64
	next       uint64

	bytes      []byte
	maxBytes   int
	tail, head uint64
}

func newRing(maxBytes, maxEntries int) ring {
	return ring{maxBytes: powerOfTwo(maxBytes), maxEntries: powerOfTwo(maxEntries)}
}

func powerOfTwo(n int) int { return 1 << bits.Len(uint(max(n, 2)-1)) }

// add appends an event and returns the number of bytes of p that were kept.
func (r *ring) add(e entry, p []byte) (kept int) {
	p = p[:min(len(p), r.maxBytes/2)]
	for r.next-r.first >= uint64(r.maxEntries) ||
		r.head-r.tail+uint64(len(p)) > uint64(r.maxBytes) {
		r.drop()
	}
	r.grow(len(p))
	e.pos, e.kept = r.head, len(p)
	r.put(p)
	r.entries[r.next&uint64(len(r.entries)-1)] = e
	r.next++
	return len(p)
}

// drop removes the oldest event.
func (r *ring) drop() {
	e := r.at(r.first)
	r.tail = e.pos + uint64(e.kept)
	*e = entry{}
	r.first++
}

func (r *ring) at(seq uint64) *entry { return &r.entries[seq&uint64(len(r.entries)-1)] }

// put copies p to the head and wraps around at the end of the array.
func (r *ring) put(p []byte) {
	for len(p) > 0 {
		n := copy(r.bytes[r.head&uint64(len(r.bytes)-1):], p)
		r.head += uint64(n)
		p = p[n:]
	}
}

// appendBytes appends the bytes of an event to dst.
func (r *ring) appendBytes(dst []byte, e *entry) []byte {
	for pos, left := e.pos, e.kept; left > 0; {
		at := int(pos & uint64(len(r.bytes)-1))
		n := min(left, len(r.bytes)-at)
		dst = append(dst, r.bytes[at:at+n]...)
		pos, left = pos+uint64(n), left-n
	}
	return dst
}

// grow makes room for another event of n bytes.
func (r *ring) grow(n int) {
	if held := int(r.next - r.first); held >= len(r.entries) {
		old := *r
		r.entries = make([]entry, min(r.maxEntries, max(64, 2*len(old.entries))))
		for seq := old.first; seq < old.next; seq++ {
			*r.at(seq) = *old.at(seq)
		}
	}
	if need := int(r.head-r.tail) + n; need > len(r.bytes) {
		old := *r
		r.bytes = make([]byte, min(r.maxBytes, powerOfTwo(max(16<<10, need))))
		held := old.appendBytes(nil, &entry{pos: old.tail, kept: int(old.head - old.tail)})
		r.head = old.tail
		r.put(held)
	}
}

// unread returns the number of events and bytes added since seq.
func (r *ring) unread(seq uint64) (events, bytes int) {
	if seq >= r.next {
		return 0, 0
	}
	return int(r.next - seq), int(r.head - r.at(seq).pos)
}
