package markdown

import (
	"io"
	"strings"
	"testing"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
	"github.com/stretchr/testify/assert"
)

func output(profile termenv.Profile) *lipgloss.Renderer {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(profile)
	r.SetHasDarkBackground(true)
	return r
}

func TestTerminalWithoutColours(t *testing.T) {
	for source, want := range map[string]string{
		"# One\n\n## Two\n\ntext":          "# One\n\n## Two\n\ntext",
		"**a** *b* `c` &amp; \\*":          "**a** *b* `c` & *",
		"one two three four five":          "one two three four\nfive",
		"十个字十个字十个字，句号。":                    "十个字十个字十个\n字，句号。",
		"- one two three four\n  - b\n- c": "• one two three\n  four\n  • b\n• c",
		"9. a\n10. b b b b b b b b b":      "9. a\n10. b b b b b b b\n    b b",
		"- a\n\n  b\n\n- c":                "• a\n\n  b\n\n• c",
		"> a b c d e f g h i j":            "│ a b c d e f g h\n│ i j",
		"[a](https://b.c) [d](/e)":         "a <https://b.c> d",
		"[a](javascript:b)":                "a",
		"<b>a</b>":                         "<b>a</b>",
		"a\n\n<!-- b -->\n\nc":             "a\n\nc",
		"a \x1b[31mb &#27;]0;c":            `a \x1b[31mb` + "\n" + `\x1b]0;c`,
		"<details><summary>One `a`?</summary>\n\nYes.\n\nSo.\n\n</details>\n\n" +
			"<details><summary>Two?</summary>\n\nNo.\n\n</details>\n\nb": "1. One `a`?\n2. Two?\n\n### Answers\n\n1. Yes.\n\n   So.\n\n2. No.\n\nb",
		"<details><summary>为什么？</summary>\n\n因为。\n\n</details>":                "1. 为什么？\n\n### 答案\n\n1. 因为。",
		"```\nlong lines stay whole\n\n\tx":                                    "  long lines stay whole\n\n      x",
		"```diagram sequence Hi\nA | B\n```":                                   "  Hi\n  A | B",
		"```go a.go#f\nfunc f() {}\n```":                                       "  a.go, f\n  func f() {}",
		"| a | b |\n|---|--:|\n| 1 | 22 |":                                     "a │  b\n──┼───\n1 │ 22",
		"| a | b |\n|---|---|\n| 1 | one two three four |\n| 长 | 字字字字字字字字字字 |": "a  │ b\n───┼──────────────\n1  │ one two three\n   │ four\n长 │ 字字字字字字\n   │ 字字字字",
	} {
		assert.Equal(t, want, Terminal(source, 18, output(termenv.Ascii)), source)
	}
}

func TestTerminalInColours(t *testing.T) {
	text := "# A\n\n## B `c`\n\n**bold** text\n\n```go\nfunc f() // g\n```\n"
	got := Terminal(text, 80, output(termenv.TrueColor))
	assert.Equal(t, " A \n\nB c\n\nbold text\n\n  func f() // g", ansi.Strip(got), "no marks")
	assert.Contains(t, got, "\x1b[1mbold\x1b[0m text")
	assert.Contains(t, got, "func\x1b[0m f() \x1b[", "the keyword and the comment have colours")
	light := output(termenv.TrueColor)
	light.SetHasDarkBackground(false)
	assert.NotEqual(t, got, Terminal(text, 80, light))
}

func TestStylesContinueOnTheNextLine(t *testing.T) {
	got := Terminal("**one two three four**", 10, output(termenv.TrueColor))
	assert.Equal(t, "\x1b[1mone two\x1b[0m\n\x1b[1mthree four\x1b[0m", got)
}

func TestTerminalCode(t *testing.T) {
	const code = "// f\nfunc f() {\n\treturn \"\x1b\"\n}"
	assert.Equal(t, "// f\nfunc f() {\n    return \"\\x1b\"\n}",
		TerminalCode("go", code, output(termenv.Ascii)))
	got := TerminalCode("go", code, output(termenv.TrueColor))
	assert.Contains(t, got, "func\x1b[0m f() {")
	assert.Equal(t, got, strings.ReplaceAll(Terminal("```go\n"+code+"\n```", 80,
		output(termenv.TrueColor)), "\n  ", "\n")[2:])
}

func TestShare(t *testing.T) {
	assert.Equal(t, []int{3, 5}, share([]int{3, 5}, 20), "all fit")
	assert.Equal(t, []int{3, 17}, share([]int{3, 50}, 20), "the widest gives way")
	assert.Equal(t, []int{10, 3, 10}, share([]int{40, 3, 30}, 23))
	assert.Equal(t, []int{4, 4, 1}, share([]int{40, 30, 0}, 2), "never less than four")
}

func FuzzTerminal(f *testing.F) {
	f.Add("# a\n\n- b\n\n| c |\n|---|\n| 十个字 |\n\n> `d` e", 20)
	f.Fuzz(func(t *testing.T, source string, width int) {
		got := Terminal(source, width&127, output(termenv.Ascii))
		assert.NotContains(t, got, "\x1b")
		assert.False(t, strings.ContainsFunc(got, func(r rune) bool {
			return r < ' ' && r != '\n'
		}), "%q", got)
	})
}

func TestHighlightChangesNothing(t *testing.T) {
	for _, code := range []string{
		"package a\n\n// doc\nfunc f() string {\n\treturn `raw` + \"s\" + string('c') // end\n}\n",
		"func (", "\"open", "a\r\nb // c\r\n", "/* open", "",
	} {
		for _, language := range []string{"go", "js", ""} {
			var b strings.Builder
			for _, p := range highlight(language, code) {
				b.WriteString(p.text)
			}
			assert.Equal(t, code, b.String(), "%s: %q", language, code)
		}
	}
}
