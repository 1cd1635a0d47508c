package xray

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shown is the number of bytes of content in a summary or a value.
const shown = 160

// printable returns at most limit bytes of s as one line for a terminal. Characters that are not
// printable become escapes or dots.
func printable[T string | []byte](s T, limit int) string {
	text := string(s[:min(len(s), limit+utf8.UTFMax)])
	var b strings.Builder
	for i, r := range text {
		if i >= limit {
			break
		}
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == 0x1e:
			b.WriteString("␞")
		case r == utf8.RuneError || !unicode.IsPrint(r):
			b.WriteString("·")
		default:
			b.WriteRune(r)
		}
	}
	if len(s) > limit {
		b.WriteString("…")
	}
	return b.String()
}

// preview returns content on one line: text, or the first bytes in hexadecimal.
func preview(data []byte) string {
	if len(data) == 0 {
		return "⟨⟩"
	}
	if isText(data) {
		return printable(data, shown)
	}
	const most = 16
	if len(data) > most {
		return fmt.Sprintf("⟨% x …⟩", data[:most])
	}
	return fmt.Sprintf("⟨% x⟩", data)
}

// isText reports whether data is UTF-8 without control characters, except white space and the
// record separator. The last character may be incomplete.
func isText(data []byte) bool {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			return len(data)-i < utf8.UTFMax && !utf8.FullRune(data[i:])
		case r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != 0x1e, r == 0x7f:
			return false
		}
		i += n
	}
	return true
}
