package terminal

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Wrap breaks the lines of s that are wider than width cells. It breaks at spaces, and between
// Chinese characters, which have none. A word wider than a line is broken anywhere. Continuation
// lines are indented as their first line, behind its bullet or number. Colours and other styles
// continue on the next line. The width is at least two cells.
func Wrap(s string, width int) string {
	var b strings.Builder
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		if ansi.StringWidth(line) <= width {
			b.WriteString(line)
			continue
		}
		wrapLine(&b, line, max(width, 2))
	}
	return b.String()
}

// A unit is text that stays together on a line.
type unit struct {
	text  string // with the escape sequences before it
	width int
	space bool
}

func wrapLine(b *strings.Builder, line string, width int) {
	indent := hanging(line)
	if indent > width/2 {
		indent = 0
	}
	active, at, spaces, spaced := "", 0, "", 0
	for _, u := range units(line, width-indent) {
		active = styleAfter(active, u.text)
		if u.space {
			spaces, spaced = spaces+u.text, spaced+u.width
			continue
		}
		if at > 0 && at+spaced+u.width > width {
			b.WriteString(escapes(spaces))
			if active != "" {
				b.WriteString("\x1b[0m")
			}
			b.WriteString("\n" + strings.Repeat(" ", indent) + active)
			at, spaces, spaced = indent, "", 0
		}
		b.WriteString(spaces + u.text)
		at, spaces, spaced = at+spaced+u.width, "", 0
	}
	b.WriteString(escapes(spaces))
}

// units splits a line. No unit is wider than the limit.
func units(line string, limit int) (all []unit) {
	var now unit
	glue := false // the next character stays with now
	flush := func() {
		if now.width > 0 {
			all = append(all, now)
			now = unit{}
		}
	}
	for state := byte(0); line != ""; {
		seq, w, n, next := ansi.DecodeSequence(line, state, nil)
		state, line = next, line[n:]
		if w == 0 {
			now.text += seq
			continue
		}
		r, _ := utf8.DecodeRuneInString(seq)
		space, closes := r == ' ', strings.ContainsRune(closing, r)
		switch {
		case now.width+w > limit, space != now.space && now.width > 0, Wide(r) && !closes && !glue:
			flush()
		case now.width > 0 && !closes && !glue && endsWide(now.text):
			flush()
		}
		now.text, now.width, now.space = now.text+seq, now.width+w, space
		glue = strings.ContainsRune(opening, r)
	}
	if now.text != "" {
		all = append(all, now)
	}
	return all
}

// Punctuation that may not begin a line, and that may not end one.
const (
	closing = "，。、；：？！）》」』】”’…,.;:?!)]}"
	opening = "（《「『【“‘([{"
)

// Wide reports whether r is a Chinese character or its punctuation: a line may break before and
// after it.
func Wide(r rune) bool {
	return unicode.Is(unicode.Han, r) || r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xffef
}

func endsWide(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(ansi.Strip(s))
	return Wide(r)
}

// hanging returns the indent of a line's continuation: its spaces, and a bullet, a number or "//"
// with the space after it.
func hanging(line string) int {
	plain := ansi.Strip(line)
	rest := strings.TrimLeft(plain, " ")
	n := len(plain) - len(rest)
	mark, _, found := strings.Cut(rest, " ")
	if found && (mark == "•" || mark == "■" || mark == "│" || mark == "//" ||
		strings.HasSuffix(mark, ".") && strings.Trim(mark, "0123456789.") == "") {
		n += ansi.StringWidth(mark) + 1
	}
	return n
}

// styleAfter returns the escape sequences in force after s.
func styleAfter(active, s string) string {
	for state := byte(0); s != ""; {
		seq, _, n, next := ansi.DecodeSequence(s, state, nil)
		state, s = next, s[n:]
		switch {
		case seq == "\x1b[0m" || seq == "\x1b[m":
			active = ""
		case strings.HasPrefix(seq, "\x1b["):
			active += seq
		}
	}
	return active
}

// escapes returns s without its spaces.
func escapes(s string) string { return strings.ReplaceAll(s, " ", "") }
