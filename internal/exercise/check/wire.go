package check

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// Part is one field of some bytes on the wire, as a Protocol reads them.
type Part struct {
	Name  string
	Value string // the field's content, readable
	Spec  string
}

// Protocol splits bytes into fields. It must accept any bytes, because a student's program may
// write anything.
type Protocol func(wire []byte) []Part

// Wire fails unless yours equals want, byte for byte. The finding compares them field by field.
func Wire(t T, p Protocol, yours, want []byte, en, zh string, args ...any) {
	t.Helper()
	if !bytes.Equal(yours, want) {
		Found(t, Finding{EN: format(en, args), ZH: format(zh, args),
			Fields: Compare(p, yours, want)})
	}
}

// Compare compares the fields of yours and of want, in the order of want. If their fields agree
// although the bytes differ, a last row shows the bytes.
func Compare(p Protocol, yours, want []byte) []Field {
	mine := p(yours)
	var fields []Field
	for _, w := range p(want) {
		f := Field{Name: w.Name, Yours: "missing", Want: w.Value, Spec: w.Spec}
		for i, m := range mine {
			if m.Name == w.Name {
				f.Yours, f.OK = m.Value, m.Value == w.Value
				mine = append(mine[:i:i], mine[i+1:]...)
				break
			}
		}
		fields = append(fields, f)
	}
	for _, m := range mine {
		fields = append(fields, Field{Name: m.Name, Yours: m.Value, Want: "nothing", Spec: m.Spec})
	}
	if !bytes.Equal(yours, want) && allOK(fields) {
		fields = append(fields, Field{Name: "bytes", Yours: Hex(yours), Want: Hex(want)})
	}
	return fields
}

func allOK(fields []Field) bool {
	for _, f := range fields {
		if !f.OK {
			return false
		}
	}
	return true
}

// shown bounds how many bytes of a field are printed.
const shown = 48

// Hex writes bytes as pairs of digits. Of many bytes it writes the first ones.
func Hex(b []byte) string {
	if len(b) == 0 {
		return "nothing"
	}
	if len(b) > shown {
		return fmt.Sprintf("% x … (%d bytes)", b[:shown], len(b))
	}
	return fmt.Sprintf("% x", b)
}

// quote shows text with its control characters escaped, and other bytes in hex.
func quote(b []byte) string {
	if !utf8.Valid(b) {
		return Hex(b)
	}
	cut := b
	if len(b) > 4*shown {
		cut = b[:4*shown]
		for len(cut) > 0 && !utf8.Valid(cut) {
			cut = cut[:len(cut)-1]
		}
	}
	var out []byte
	for _, r := range string(cut) {
		switch {
		case r == '\r' || r == '\n' || r == '\t':
			out = append(out, strconv.QuoteRune(r)[1:3]...)
		case r < 0x20 || r == 0x7f:
			out = fmt.Appendf(out, `\x%02x`, r)
		case !unicode.IsPrint(r):
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	if len(cut) < len(b) {
		return fmt.Sprintf("%s… (%d bytes)", out, len(b))
	}
	if len(out) == 0 {
		return "empty"
	}
	return string(out)
}

// Bytes is the protocol of bytes without structure.
func Bytes(wire []byte) []Part { return []Part{{"bytes", Hex(wire), ""}} }

// Chars is the protocol of text without structure.
func Chars(wire []byte) []Part { return []Part{{"text", quote(wire), ""}} }
