package tap

// An Omitter decides which bytes of one connection are left out of the record. The Tap calls it
// with its lock held, in the order in which the bytes cross.
type Omitter interface {
	// Next judges the first n bytes of p, and n is at least 1. The bytes crossed in direction dir,
	// after the bytes of earlier calls.
	Next(dir Direction, p []byte) (n int, v Verdict)
}

// A Verdict says what to do with bytes that crossed.
type Verdict uint8

// The verdicts. Omitted bytes do not count: the offsets of later bytes continue as if they had not
// been there.
const (
	Record Verdict = iota
	Omit           // leave them out
	// decide together with the next bytes of In, or record them if Out begins before; only for a
	// few bytes from the client
	Wait
	// decide together with the next bytes of the same direction; only for a few bytes
	Hold
	// record them and everything that follows in both directions; Next is not called again
	RecordRest
	OmitRest // omit them and everything that follows in both directions
)
