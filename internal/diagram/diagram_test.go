package diagram

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const sequence = `Browser | Server
Browser → Server: GET /ws <b>
Server ✕ Browser: 101
Server: waits
— from here on: frames —
`

const timeline = `        | 0 s  1 s
polling | ?.   ?m^--
? a request
m a message`

// wellFormed fails unless the SVG is XML without scripts and styles.
func wellFormed(t *testing.T, svg string) {
	t.Helper()
	for tokens := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := tokens.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		if e, ok := token.(xml.StartElement); ok {
			assert.Contains(t, []string{"svg", "g", "line", "path", "text", "rect", "circle"},
				e.Name.Local)
			for _, a := range e.Attr {
				assert.NotEqual(t, "style", a.Name.Local)
			}
		}
	}
}

func TestSequence(t *testing.T) {
	svg, err := SVG("sequence", "A & B", sequence)
	require.NoError(t, err)
	wellFormed(t, svg)
	assert.Contains(t, svg, `aria-label="A &amp; B"`)
	assert.Contains(t, svg, `>GET /ws &lt;b&gt;</text>`)
	assert.Equal(t, 1, strings.Count(svg, `<path class="there"`), "one arrow arrives")
	assert.Equal(t, 3, strings.Count(svg, `class="lost"`), "the lost one ends in a cross")
	assert.Contains(t, svg, `class="note"`)
	assert.Contains(t, svg, `>from here on: frames</text>`)
}

func TestFile(t *testing.T) {
	file, err := File("sequence", "A", sequence)
	require.NoError(t, err)
	assert.Contains(t, file, ` xmlns="http://www.w3.org/2000/svg" width="400" height="`)
	classes := map[string]bool{}
	for _, m := range regexp.MustCompile(`class="([a-z]+)"`).FindAllStringSubmatch(file, -1) {
		classes[m[1]] = true
	}
	sheet, err := os.ReadFile(filepath.Join("..", "..", "web", "shared", "diagram.css"))
	require.NoError(t, err)
	for class := range classes {
		if class == "noted" { // like all text
			continue
		}
		assert.Contains(t, style, "."+class+"{", "the file's style")
		assert.Contains(t, string(sheet), ".diagram ."+class+" {", "the page's style")
	}
	_, err = File("pie", "A", "")
	assert.Error(t, err)
}

func TestTimeline(t *testing.T) {
	svg, err := SVG("timeline", "A", timeline)
	require.NoError(t, err)
	wellFormed(t, svg)
	assert.Equal(t, 3, strings.Count(svg, `<path class="there"`),
		"two requests, and one in the legend")
	assert.Equal(t, 2, strings.Count(svg, `<path class="back"`))
	assert.Equal(t, 3, strings.Count(svg, `class="open"`), "and the sign before stays open")
	assert.Contains(t, svg, `>a message</text>`)
	assert.Contains(t, svg, `>1 s</text>`)
}

func TestMistakesAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"A":                         "no participants",
		"A | B\nA → C: x":           `unknown participant "C"`,
		"A | B\nD: x":               `unknown participant "D"`,
		"A | B\nA → B":              "no colon",
		"A | B\nwithout a colon, x": "no colon",
	} {
		_, err := SVG("sequence", "T", text)
		assert.ErrorContains(t, err, want, text)
		assert.ErrorContains(t, err, `"T"`)
	}
	for text, want := range map[string]string{
		"a | x":                           `unknown sign 'x'`,
		"a | ?\nx unknown":                "unknown sign",
		"a | " + strings.Repeat("-", 100): "too long",
	} {
		_, err := SVG("timeline", "T", text)
		assert.ErrorContains(t, err, want, text)
	}
	_, err := SVG("pie", "T", "")
	assert.ErrorContains(t, err, "pie")
}

func TestWrap(t *testing.T) {
	assert.Equal(t, []string{"one two", "three"}, wrap("one two three", 50))
	assert.Equal(t, []string{"一二三", "四五，", "六"}, wrap("一二三四五，六", 39))
	assert.Equal(t, []string{"用 GET", "请求"}, wrap("用 GET 请求", 50))
	assert.Empty(t, wrap("", 10))
}

func FuzzSVG(f *testing.F) {
	f.Add("sequence", sequence)
	f.Add("timeline", timeline)
	f.Fuzz(func(t *testing.T, kind, text string) {
		svg, err := SVG(kind, "title", text)
		if err == nil && !strings.ContainsFunc(text, func(r rune) bool {
			return r < ' ' && r != '\n' || r >= 0xfffd
		}) {
			wellFormed(t, svg)
		}
	})
}
