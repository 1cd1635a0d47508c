package terminal

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/stretchr/testify/assert"
)

func TestWrap(t *testing.T) {
	for in, want := range map[string]string{
		"one two three":         "one two\nthree",
		"一二三四五六":                "一二三四\n五六",
		"一二三四，五":                "一二三\n四，五", // no line begins with a comma
		"一二三（四五":                "一二三\n（四五", // and none ends with an opening bracket
		"HTTP 里只有":              "HTTP 里\n只有",
		"abcdefghijkl":          "abcdefgh\nijkl",
		"• one two three":       "• one\n  two\n  three",
		"// a one two":          "// a one\n   two",
		"\x1b[1mone two three!": "\x1b[1mone two\x1b[0m\n\x1b[1mthree!",
	} {
		assert.Equal(t, want, Wrap(in, 8), in)
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("一二三（四五 one\x1b[1m two", 7)
	f.Fuzz(func(t *testing.T, s string, width int) {
		s, width = strings.ReplaceAll(Clean(s), "\n", " "), 10+width&63
		joined := strings.Map(func(r rune) rune {
			if r == ' ' || r == '\n' {
				return -1
			}
			return r
		}, Wrap(s, width))
		assert.Equal(t, strings.ReplaceAll(s, " ", ""), joined)
		for line := range strings.SplitSeq(Wrap(s, width), "\n") {
			assert.LessOrEqual(t, ansi.StringWidth(strings.TrimRight(line, " ")), width)
		}
	})
}
