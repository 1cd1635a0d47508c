// Package terminal makes text from clients, programs and other servers safe to print.
//
// A terminal obeys what it is sent: an escape sequence in a client's event name could move
// the cursor, write to the clipboard (OSC 52) or turn the order of the text around. Text that
// others wrote passes through Clean, Writer or JSON where it becomes terminal output.
package terminal

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Clean returns s with everything but printable characters written as Go writes it in a
// string: \n, \x1b, \u202e. A tab becomes four spaces.
func Clean(s string) string { return clean(s, false) }

// CleanLines is Clean for a text of several lines: it keeps the line feeds.
func CleanLines(s string) string { return clean(s, true) }

func clean(s string, lines bool) string {
	if strings.IndexFunc(s, func(r rune) bool { return !safe(r) && (r != '\n' || !lines) }) < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '\t':
			b.WriteString("    ")
		case r == '\n' && lines:
			b.WriteByte('\n')
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return b.String()
}

// safe reports whether a terminal shows r and does nothing else. Invalid UTF-8 reads as
// utf8.RuneError and is not safe.
func safe(r rune) bool { return r != utf8.RuneError && unicode.IsPrint(r) }

// JSON returns encoded JSON with the characters escaped that encoding/json leaves as they
// are and a terminal may obey: DEL, the C1 controls, and the invisible format characters.
func JSON(line []byte) []byte {
	safeOrASCII := func(r rune) bool { return r < 0x7f || unicode.IsPrint(r) }
	if strings.IndexFunc(string(line), func(r rune) bool { return !safeOrASCII(r) }) < 0 {
		return line
	}
	out := make([]byte, 0, len(line)+16)
	for _, r := range string(line) {
		switch {
		case safeOrASCII(r):
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

// A Writer cleans lines on their way to a terminal. It keeps line feeds and tabs, which
// separate the fields of a line.
type Writer struct {
	out io.Writer
}

// NewWriter returns a Writer to out.
func NewWriter(out io.Writer) *Writer { return &Writer{out: out} }

// Write cleans p as one piece: a character that two calls share is escaped byte by byte.
func (w *Writer) Write(p []byte) (int, error) {
	fields := strings.Split(string(p), "\t")
	for i, field := range fields {
		fields[i] = CleanLines(field)
	}
	if _, err := io.WriteString(w.out, strings.Join(fields, "\t")); err != nil {
		return 0, err
	}
	return len(p), nil
}
