package lessons

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/diagram"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/markdown"
)

var codeInHTML = regexp.MustCompile(`<code>[^<]*(<span[^>]*>[^<]*</span>[^<]*)*</code>`)

// TestMarkdownIsRead: no mark of Markdown is left in a text that a reader sees. CommonMark reads
// the second ** of "**强调。**之后" as text, for one, because a full stop stands before it.
func TestMarkdownIsRead(t *testing.T) {
	check := func(name, text string) {
		html := codeInHTML.ReplaceAllString(markdown.HTML{}.Render(markdown.Parse(text)), "")
		for _, mark := range []string{"**", "`", "](", "{{"} {
			if at := strings.Index(html, mark); at >= 0 {
				assert.Fail(t, "Markdown that is not read", "%s: %q", name,
					html[max(at-60, 0):min(at+60, len(html))])
			}
		}
	}
	files := 0
	for _, l := range All() {
		for _, language := range []lang.Lang{lang.English, lang.Chinese} {
			text, err := l.Expand(language)
			require.NoError(t, err)
			check(l.Name+" "+string(language), text)
		}
		if l.Exercises == nil {
			continue
		}
		require.NoError(t, fs.WalkDir(l.Exercises, ".",
			func(path string, _ fs.DirEntry, err error) error {
				if err == nil && strings.HasSuffix(path, ".md") {
					files++
					var text []byte
					text, err = fs.ReadFile(l.Exercises, path)
					check(l.Name+" "+path, string(text))
				}
				return err
			}))
	}
	assert.Greater(t, files, 50)
}

// TestHintsNeedNoCommand: a hint also stands in a page and beside an editor, so it names a demo and
// not the command that starts it.
func TestHintsNeedNoCommand(t *testing.T) {
	hints := 0
	for _, l := range All() {
		if l.Exercises == nil {
			continue
		}
		require.NoError(t, fs.WalkDir(l.Exercises, ".",
			func(path string, _ fs.DirEntry, err error) error {
				if err != nil || !strings.HasSuffix(path, ".md") {
					return err
				}
				text, err := fs.ReadFile(l.Exercises, path)
				for _, section := range strings.Split(string(text), "\n## ")[1:] {
					hints++
					assert.NotRegexp(t, "`(lab|go (run|test)|node|npm|curl) ", section, path)
				}
				return err
			}))
	}
	assert.Greater(t, hints, 200)
}

// TestBothLanguagesHaveTheSameSections: a link to a section leads to the same one in both.
func TestBothLanguagesHaveTheSameSections(t *testing.T) {
	for _, l := range All() {
		levels := func(text string) (all []int) {
			for _, h := range markdown.Parse(text).Headings {
				all = append(all, h.Level)
			}
			return all
		}
		assert.Equal(t, levels(l.Body.EN), levels(l.Body.ZH), l.Name)
	}
}

// TestParagraphsAreShort: a paragraph or an item of a list has at most five sentences.
func TestParagraphsAreShort(t *testing.T) {
	for _, l := range All() {
		for language, text := range map[string]string{"en": l.Body.EN, "zh": l.Body.ZH} {
			for _, p := range paragraphs(text) {
				assert.LessOrEqual(t, sentences(p), 5, "%s %s: %s", l.Name, language, p)
			}
		}
	}
	assert.Equal(t, 6, sentences("One. Two: `a.b. c`! (Three.) Four? 3.5 is 五。六"),
		"a sentence without its stop counts, too")
}

var (
	fence       = regexp.MustCompile("(?ms)^```.*?^```$")
	inlineCode  = regexp.MustCompile("`[^`]*`")
	item        = regexp.MustCompile(`^\s*([-*>]|\d+\.) `)
	sentenceEnd = regexp.MustCompile(`[.!?]+[)"”*]*(\s|$|\p{Han})|[。！？]+`)
)

// paragraphs returns the paragraphs of a text, and the items of its lists.
func paragraphs(text string) (all []string) {
	for block := range strings.SplitSeq(fence.ReplaceAllString(text, ""), "\n\n") {
		for line := range strings.Lines(block) {
			if len(all) == 0 || line == block || item.MatchString(line) ||
				strings.HasPrefix(line, "|") || strings.HasPrefix(block, line) {
				all = append(all, "")
			}
			all[len(all)-1] += line
		}
	}
	return all
}

func sentences(paragraph string) int {
	text := item.ReplaceAllString(inlineCode.ReplaceAllString(strings.TrimSpace(paragraph), "x"),
		"")
	n := 0
	for _, s := range sentenceEnd.Split(text, -1) {
		if strings.ContainsFunc(s, unicode.IsLetter) {
			n++
		}
	}
	return n
}

var drawing = regexp.MustCompile("(?ms)^```diagram (\\w+) ([^\n]+)\n(.*?)^```$")

// TestDiagramsAreDrawn: both languages have the same diagrams, and each can be drawn.
func TestDiagramsAreDrawn(t *testing.T) {
	total := 0
	for _, l := range All() {
		kinds := func(text string) (all []string) {
			for _, m := range drawing.FindAllStringSubmatch(text, -1) {
				_, err := diagram.SVG(m[1], m[2], m[3])
				assert.NoError(t, err, l.Name)
				all = append(all, m[1])
			}
			return all
		}
		en := kinds(l.Body.EN)
		assert.Equal(t, en, kinds(l.Body.ZH), l.Name)
		assert.Equal(t, strings.Count(l.Body.EN, "```diagram"), len(en),
			"%s: a diagram has a kind and a title", l.Name)
		total += len(en)
	}
	assert.GreaterOrEqual(t, total, 5)
}

var callout = regexp.MustCompile(`(?m)^> \*\*(?:See it yourself|动手看)\*\*[:：](.*)$`)

// TestEveryLessonIsTried: a lesson begins with the last one's limit, and has steps to see, what is
// missing and answered questions, the same number in both languages.
func TestEveryLessonIsTried(t *testing.T) {
	for _, l := range All() {
		count := func(language lang.Lang, missing string) (steps, answers int) {
			text := l.Body.In(language)
			assert.Contains(t, text, "\n## "+missing+"\n", l.Name)
			for _, step := range callout.FindAllStringSubmatch(text, -1) {
				assert.Contains(t, step[1], "`", "%s: a step names a demo or a command: %s", l.Name,
					step[1])
				steps++
			}
			assert.Equal(t, strings.Count(text, "\n> "), steps,
				"%s: every quotation is a step", l.Name)
			return steps, strings.Count(text, "\n<details><summary>")
		}
		steps, answers := count(lang.English, "What is still missing")
		stepsZH, answersZH := count(lang.Chinese, "还缺什么")
		assert.Equal(t, steps, stepsZH, l.Name)
		assert.Equal(t, answers, answersZH, l.Name)
		assert.GreaterOrEqual(t, steps, 2, l.Name)
		assert.GreaterOrEqual(t, answers, 3, l.Name)
	}
}

// TestLessonsShowBothSides: a lesson with a demo shows code of the server and of the page.
func TestLessonsShowBothSides(t *testing.T) {
	for _, l := range All() {
		for _, language := range []lang.Lang{lang.English, lang.Chinese} {
			if text := l.Body.In(language); len(l.Demos) > 0 {
				assert.Contains(t, text, `{{code "pages/`, "%s %s", l.Name, language)
				assert.Regexp(t, `\{\{code "[a-z/]+\.go#`, text, "%s %s", l.Name, language)
			}
		}
	}
}

// TestLanesAreWhole: each lane has a name of its own, a title in both languages, and every client.
func TestLanesAreWhole(t *testing.T) {
	names := map[string]bool{}
	for _, l := range lesson.Lanes(All()) {
		assert.Regexp(t, `^[a-z0-9-]+$`, l.Name)
		assert.False(t, names[l.Name], "%s is there twice", l.Name)
		names[l.Name] = true
		assert.NotEmpty(t, l.Title.EN, l.Name)
		assert.NotEmpty(t, l.Title.ZH, l.Name)
		assert.NotNil(t, l.Dial, l.Name)
		assert.Equal(t, l.Lossy, l.Ask == nil,
			"%s: only a lane that may lose an answer has no Ask", l.Name)
	}
	assert.Len(t, names, 14)
}
