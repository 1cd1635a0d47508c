package markdown

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func slidesOf(source string) []Slide { return HTML{Code: "Code"}.Slides(Parse(source)) }

func TestSlides(t *testing.T) {
	slides := slidesOf(
		"# Talk\n\nOpening.\n\n## One\n\nText.\n\n### Deeper\n\nMore.\n\n## " +
			"Two\n\n## Three\n\nEnd.\n\n## Four\n")
	var got []string
	for _, s := range slides {
		got = append(got, fmt.Sprint(s.Heading.Text, s.Part, strings.TrimSpace(s.HTML)))
	}
	assert.Equal(t, []string{"Talk1<p>Opening.</p>", "One1<p>Text.</p>", "Deeper1<p>More.</p>",
		"Two1", "Three1<p>End.</p>", "Four1"}, got)
}

func TestALongSectionIsSplit(t *testing.T) {
	sentence := strings.Repeat("Some words in a row. ", 10)
	slides := slidesOf("## One\n\n" + strings.Repeat(sentence+"\n\n", 7))
	require.Len(t, slides, 3)
	for i, s := range slides {
		assert.Equal(t, "One", s.Heading.Text)
		assert.Equal(t, i+1, s.Part)
		assert.LessOrEqual(t, strings.Count(s.HTML, "<p>"), 3)
	}
	assert.Equal(t, 7, strings.Count(slides[0].HTML+slides[1].HTML+slides[2].HTML, "<p>"),
		"nothing is lost")
}

func TestAListIsSplitBetweenItems(t *testing.T) {
	var source strings.Builder
	for i := range 20 {
		fmt.Fprintf(&source, "%d. item\n", i+3)
	}
	slides := slidesOf("## One\n\n" + source.String())
	require.Greater(t, len(slides), 1)
	next := 3
	for _, s := range slides {
		assert.True(t, strings.HasPrefix(s.HTML, fmt.Sprintf(`<ol start="%d"><li>item`, next)),
			s.HTML)
		assert.True(t, strings.HasSuffix(s.HTML, "</ol>\n"))
		next += strings.Count(s.HTML, "<li>")
	}
	assert.Equal(t, 23, next)
}

func TestCodeIsSplitAtAnEmptyLine(t *testing.T) {
	function := "func %s() {\n" + strings.Repeat("\twork()\n", 11) + "}\n"
	code := fmt.Sprintf(function, "a") + "\n" + fmt.Sprintf(function, "b")
	slides := slidesOf("## One\n\nLook at it:\n\n```go a.go\n" + code + "```\n")
	require.Len(t, slides, 2)
	assert.Contains(t, slides[0].HTML, "Look at it:", "the sentence stays with its code")
	assert.Contains(t, slides[0].HTML, "(1/2)")
	assert.Contains(t, slides[0].HTML, "> a()")
	assert.NotContains(t, slides[0].HTML, "> b()")
	assert.Contains(t, slides[1].HTML, "</span> b()", "without the empty line")
	for _, part := range splitCode(strings.Repeat("\tx\n", 100)) {
		assert.LessOrEqual(t, strings.Count(part, "\n"), codeLines)
	}
	assert.Len(t, splitCode(code[:strings.Index(code, "\n\n")]), 1)
}

func TestAQuestionComesBeforeItsAnswer(t *testing.T) {
	slides := slidesOf(
		"## One\n\n<details><summary>Why `so`?</summary>\n\nBecause.\n\n</details>\n\nOn.\n")
	require.Len(t, slides, 3)
	assert.Equal(t, "<p class=\"question\">Why <code>so</code>?</p>\n", slides[0].HTML)
	assert.True(t, slides[0].Asks)
	assert.False(t, slides[1].Asks)
	assert.Contains(t, slides[1].HTML, "<p>Because.</p>")
	assert.Equal(t, "<p>On.</p>\n", slides[2].HTML)
}
