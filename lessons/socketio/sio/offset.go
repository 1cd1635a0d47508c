package sio

import (
	"cmp"
	"math"
	"strconv"
	"strings"
)

// Offset is the position of a packet in the order of its namespace's packets, for adapters: see
// SessionStore. The ids of a Redis stream are such positions. The zero Offset is before all
// packets.
type Offset struct {
	Time uint64 // compared first; in a Redis stream, milliseconds
	Seq  uint64 // compared second
}

// never is after every packet.
var never = Offset{math.MaxUint64, math.MaxUint64}

// ParseOffset parses the result of String. It returns false for any other text.
func ParseOffset(text string) (o Offset, ok bool) {
	before, behind, both := strings.Cut(text, "-")
	var err1, err2 error
	o.Time, err1 = strconv.ParseUint(before, 10, 64)
	o.Seq, err2 = strconv.ParseUint(behind, 10, 64)
	if !both || err1 != nil || err2 != nil {
		return Offset{}, false
	}
	return o, true
}

// String returns both numbers in decimal, with a hyphen between them.
func (o Offset) String() string {
	return strconv.FormatUint(o.Time, 10) + "-" + strconv.FormatUint(o.Seq, 10)
}

// Before reports whether o comes earlier than p.
func (o Offset) Before(p Offset) bool {
	return cmp.Or(cmp.Compare(o.Time, p.Time), cmp.Compare(o.Seq, p.Seq)) < 0
}

func later(o, p Offset) Offset {
	if o.Before(p) {
		return p
	}
	return o
}
