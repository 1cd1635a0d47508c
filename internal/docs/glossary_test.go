package docs

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const glossaryFile = "docs/glossary.md"

// exceptions lists texts that need a word of the glossary's last column: the file and the text
// around it. An unused exception fails the test.
var exceptions = []struct{ file, text string }{
	{"internal/exercise/class/alias.go", "耐心的"}, // a made-up name: the patient one
}

// variants returns the words in backquotes in the last column of the glossary.
func variants(t *testing.T, glossary string) (all []string) {
	t.Helper()
	rows := 0
	for _, line := range strings.Split(glossary, "\n") {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| English ") {
			continue
		}
		require.Len(t, cells, 4, line)
		rows++
		for _, m := range inlineCode.FindAllStringSubmatch(cells[3], -1) {
			all = append(all, m[1])
		}
	}
	require.Greater(t, rows, 20)
	require.Greater(t, len(all), 20)
	return all
}

var inlineCode = regexp.MustCompile("`([^`]+)`")

// find returns the first of the words that stands in a line: an English one as a whole word, in any
// case.
func find(words []string, line string) string {
	lower := strings.ToLower(line)
	for _, word := range words {
		if strings.Contains(lower, strings.ToLower(word)) && pattern(word).MatchString(line) {
			return word
		}
	}
	return ""
}

func pattern(word string) *regexp.Regexp {
	if strings.ContainsFunc(word, han) {
		return regexp.MustCompile(regexp.QuoteMeta(word))
	}
	return regexp.MustCompile(`(?i)\b` + regexp.QuoteMeta(word) + `\b`)
}

var (
	// allText matches files that are text for learners from beginning to end.
	allText = regexp.MustCompile(`\.(md|html)$|(^|/|-)text\.js$|/(steps|course)\.json$`)

	// someText matches files of code that contain texts for learners, in Chinese too.
	someText = regexp.MustCompile(`\.(go|js|mjs)$`)

	notForLearners = regexp.MustCompile(`^internal/docs/|^docs/glossary\.md$|^web/test/`)
)

// beside is how many lines the two languages of a text may lie apart in code.
const beside = 3

// learnersText returns the lines of a file that learners read; the others are empty. Of code, these
// are the lines with Chinese characters and those beside them: its texts stand there in both
// languages.
func learnersText(name, data string) []string {
	if allText.MatchString(name) {
		data = fenced.ReplaceAllStringFunc(data, func(block string) string {
			return strings.Repeat("\n", strings.Count(block, "\n"))
		})
		return strings.Split(data, "\n")
	}
	lines := strings.Split(data, "\n")
	read := make([]string, len(lines))
	for i, line := range lines {
		if strings.ContainsFunc(line, han) {
			from, to := max(i-beside, 0), min(i+beside+1, len(lines))
			copy(read[from:to], lines[from:to])
		}
	}
	return read
}

func han(r rune) bool { return unicode.Is(unicode.Han, r) }

// TestTextsUseTheGlossary looks for the variants that the glossary excludes in every text of a
// learner.
func TestTextsUseTheGlossary(t *testing.T) {
	words := variants(t, read(t, glossaryFile))
	files, needed := textFiles(t), make([]bool, len(exceptions))
	assert.Greater(t, len(files), 800)
	for _, name := range files {
		for n, line := range learnersText(name, read(t, name)) {
			found := find(words, line)
			if found == "" {
				continue
			}
			excepted := slices.IndexFunc(exceptions, func(e struct{ file, text string }) bool {
				return e.file == name && strings.Contains(line, e.text) &&
					find(words, e.text) != ""
			})
			if excepted >= 0 {
				needed[excepted] = true
				continue
			}
			assert.Fail(t, "a word that "+glossaryFile+" excludes", "%s:%d: %s: %s", name,
				n+1, found, strings.TrimSpace(line))
		}
	}
	for i, e := range exceptions {
		assert.True(t, needed[i], "nothing needs the exception of %s: %s", e.file, e.text)
	}
}

// textFiles returns the files of the repository with texts for learners.
func textFiles(t *testing.T) (all []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(root,
		func(file string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			hidden := strings.HasPrefix(entry.Name(), ".") && file != root
			if hidden || entry.Name() == "node_modules" || entry.Name() == "testdata" ||
				strings.HasSuffix(file, filepath.Join("client", "dist")) {
				if entry.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			name, err := filepath.Rel(root, file)
			name = filepath.ToSlash(name)
			if !entry.IsDir() && !notForLearners.MatchString(name) &&
				(allText.MatchString(name) || someText.MatchString(name)) {
				all = append(all, name)
			}
			return err
		}))
	return all
}

func TestLearnersText(t *testing.T) {
	assert.Equal(t, []string{"a", "", "", "", "b"}, learnersText("x.md", "a\n```\nanew\n```\nb"))
	assert.Equal(t, []string{"", "b", "c", "d", `y := "监听"`, "e"},
		learnersText("x.go", "a\nb\nc\nd\ny := \"监听\"\ne"))
	words := []string{"anew", "监听器"}
	assert.Equal(t, "anew", find(words, "Anew."))
	assert.Empty(t, find(words, "Manewra"))
	assert.Equal(t, "监听器", find(words, "一个监听器。"))
}
