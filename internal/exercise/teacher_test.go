package exercise_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

var sentenceEnd = regexp.MustCompile(`[.?!](\s|$)|[。？！]`)

// TestTeacher: every solution has its reasons in both languages, and every exercise has wrong
// solutions that a teacher can show.
func TestTeacher(t *testing.T) {
	for _, e := range catalogue(t) {
		why, err := e.Why()
		if !assert.NoError(t, err, "%s: write solution/why.md and solution/why.zh.md", e.Name) {
			continue
		}
		for _, text := range []string{why.EN, why.ZH} {
			sentences := len(sentenceEnd.FindAllString(withoutCode(text), -1))
			assert.True(t, 3 <= sentences && sentences <= 6, "%s: %d sentences:\n%s", e.Name,
				sentences, text)
		}
		assert.NotRegexp(t, `\p{Han}`, why.EN, e.Name)
		assert.Greater(t, strings.IndexFunc(why.ZH, func(r rune) bool {
			return unicode.Is(unicode.Han, r)
		}), -1, e.Name)
		for line := range strings.Lines(why.EN) {
			assert.LessOrEqual(t, utf8.RuneCountInString(line), 101, "%s: %s", e.Name, line)
		}
		wrong, err := e.Wrong()
		assert.NoError(t, err, e.Name)
		assert.GreaterOrEqual(t, len(wrong), 3, e.Name)
		for _, v := range wrong {
			assert.NotEmpty(t, v.Says, "%s %s", e.Name, v.Name)
			assert.NotEmpty(t, v.Changes, "%s %s", e.Name, v.Name)
		}
		_, err = e.Right()
		assert.NoError(t, err, e.Name)
	}
}
