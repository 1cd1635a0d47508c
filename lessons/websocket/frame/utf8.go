package frame

// UTF8 checks text that comes in pieces, which may be cut inside a character
// (section 8.1). The zero value is at the start of a text. It refuses what
// unicode/utf8 refuses: overlong forms, surrogates, above U+10FFFF.
type UTF8 struct {
	need   int  // continuation bytes still to come
	lo, hi byte // the bounds of the next one
}

// Write checks the next piece. It returns len(p), or the index of the first byte
// that no text can have at that place; after that the UTF8 is of no more use.
func (u *UTF8) Write(p []byte) (n int, ok bool) {
	for i, c := range p {
		if u.need > 0 {
			if c < u.lo || c > u.hi {
				return i, false
			}
			u.need--
			u.lo, u.hi = 0x80, 0xBF
			continue
		}
		if c >= 0x80 && !u.lead(c) {
			return i, false
		}
	}
	return len(p), true
}

// lead starts a character of two to four bytes. The bounds of the second byte are in the Unicode
// standard, table 3-7.
func (u *UTF8) lead(c byte) bool {
	u.lo, u.hi = 0x80, 0xBF
	switch {
	case c < 0xC2 || c > 0xF4:
		return false
	case c < 0xE0:
		u.need = 1
	case c < 0xF0:
		u.need = 2
	default:
		u.need = 3
	}
	switch c {
	case 0xE0:
		u.lo = 0xA0
	case 0xED:
		u.hi = 0x9F
	case 0xF0:
		u.lo = 0x90
	case 0xF4:
		u.hi = 0x8F
	}
	return true
}

// Complete tells that the text does not end inside a character.
func (u *UTF8) Complete() bool { return u.need == 0 }

// invalidUTF8 is the index in a whole text where it stops being UTF-8, or -1.
func invalidUTF8(p []byte) int {
	var u UTF8
	if n, ok := u.Write(p); !ok || !u.Complete() {
		return n
	}
	return -1
}
