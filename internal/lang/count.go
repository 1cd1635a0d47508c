package lang

import "fmt"

// A Count is a number of things, as an argument of a format in two languages: %s is the number with
// its English noun, "1 byte" or "2 bytes", and %d the number alone, as Chinese needs it.
type Count struct {
	n    int64
	noun string
}

// Counted returns n things. The noun is the singular.
func Counted[N int | int64 | uint32 | uint64](n N, noun string) Count {
	return Count{int64(n), noun}
}

// Format prints the count, see fmt.Formatter.
func (c Count) Format(out fmt.State, verb rune) {
	switch {
	case verb == 'd':
		fmt.Fprint(out, c.n)
	case c.n == 1:
		fmt.Fprint(out, "1 ", c.noun)
	default:
		fmt.Fprint(out, c.n, " ", c.noun, "s")
	}
}
