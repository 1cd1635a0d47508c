package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = "../.."

// The limits of README, outside code and tables.
const (
	maxWords      = 900
	maxCharacters = 2600 // of README.zh-CN.md: about as long to read
)

var (
	fenced  = regexp.MustCompile("(?ms)^```.*?^```$")
	comment = regexp.MustCompile(`(?s)<!--.*?-->`)
	table   = regexp.MustCompile(`(?m)^\|.*$`)
)

// read returns a file of the repository.
func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	require.NoError(t, err)
	return string(data)
}

// prose returns a document without code, tables and comments.
func prose(text string) string {
	for _, part := range []*regexp.Regexp{fenced, comment, table} {
		text = part.ReplaceAllString(text, "")
	}
	return text
}

func TestReadmeIsShort(t *testing.T) {
	assert.Equal(t, "a\n\n\nb\n\n", prose("a\n<!-- c -->\n```\nd\n```\nb\n| e |\n"))
	assert.LessOrEqual(t, len(strings.Fields(prose(read(t, "README.md")))), maxWords,
		"words; move details to docs/")
	assert.LessOrEqual(t, utf8.RuneCountInString(prose(read(t, "README.zh-CN.md"))), maxCharacters,
		"characters; move details to docs/")
}

// A pair is a document in both languages.
type pair struct{ en, zh string }

// pairs returns README and the documents of docs that have a translation.
func pairs(t *testing.T) []pair {
	all := []pair{{"README.md", "README.zh-CN.md"}}
	found, err := filepath.Glob(filepath.Join(root, "docs", "*.zh.md"))
	require.NoError(t, err)
	for _, file := range found {
		zh := "docs/" + filepath.Base(file)
		all = append(all, pair{strings.TrimSuffix(zh, ".zh.md") + ".md", zh})
	}
	require.Greater(t, len(all), 4)
	return all
}

// An outline is the part of a document that both languages share.
type outline struct {
	Headings []int    // their levels
	Code     []string // the blocks of code, without comments; of a program's output, its numbers
	Flags    []string // of the commands, in the text and the tables
	Rows     int      // of the tables
	Images   []string
	Links    []string // the documents that have no translation
}

var (
	heading = regexp.MustCompile(`(?m)^(#+) `)
	// a remark follows # or spaces
	codeComment = regexp.MustCompile(`(?m)[ \t]*#.*$|[ \t]{2,}.*$`)
	number      = regexp.MustCompile(`\d[\d.]*`)
	emptyLines  = regexp.MustCompile(`\n\n+`)
	flagNamed   = regexp.MustCompile("`[^`]*--[a-z][^`]*`")
	oneFlag     = regexp.MustCompile(`--[a-z][a-z0-9-]*`)
	image       = regexp.MustCompile(`!\[[^\]]*\]\(([^)]+)\)`)
	link        = regexp.MustCompile(`\]\(([^)#]*)(#[^)]*)?\)`)
)

func outlineOf(text string) (o outline) {
	for _, block := range fenced.FindAllString(text, -1) {
		if strings.HasPrefix(block, "```output\n") { // in the language of the document
			block = strings.Join(number.FindAllString(block, -1), " ")
		}
		block = strings.ReplaceAll(block, ".summary.zh", ".summary.en")
		if strings.HasPrefix(block, "```\n") { // of a shell: each language has its own comments
			block = emptyLines.ReplaceAllString(codeComment.ReplaceAllString(block, ""), "\n")
		}
		o.Code = append(o.Code, block)
	}
	text = fenced.ReplaceAllString(text, "")
	for _, code := range flagNamed.FindAllString(text, -1) {
		o.Flags = append(o.Flags, oneFlag.FindAllString(code, -1)...)
	}
	slices.Sort(o.Flags)
	o.Flags = slices.Compact(o.Flags)
	o.Rows = len(table.FindAllString(text, -1))
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		o.Headings = append(o.Headings, len(m[1]))
	}
	for _, m := range image.FindAllStringSubmatch(text, -1) {
		o.Images = append(o.Images, m[1])
	}
	for _, m := range link.FindAllStringSubmatch(text, -1) {
		o.Links = append(o.Links, strings.NewReplacer(".zh-CN.md", ".md", ".zh.md", ".md").
			Replace(m[1]))
	}
	return o
}

// TestBothLanguagesSayTheSame compares the headings, the code, the flags, the tables, the images
// and the links of the documents.
func TestBothLanguagesSayTheSame(t *testing.T) {
	assert.NotEqual(t, outlineOf("## a"), outlineOf("# a"))
	assert.NotEqual(t, outlineOf("[a](b.md)"), outlineOf("[a](c.md)"))
	assert.NotEqual(t, outlineOf("```\nls a # b\n```"), outlineOf("```\nls\n```"))
	assert.NotEqual(t, outlineOf("with `a --b`"), outlineOf("`a --c`"))
	assert.NotEqual(t, outlineOf("| a |\n| b |"), outlineOf("| a |"))
	assert.NotEqual(t, outlineOf("```output\n7 late\n```"),
		outlineOf("```output\n8 晚\n```"))
	assert.Equal(t, outlineOf("```output\n7 late, 0.5\n```"),
		outlineOf("```output\n晚 7，0.5\n```"))
	assert.Equal(t, outlineOf("[a](b.zh.md)\n```\nls # b\n```"),
		outlineOf("[甲](b.md)\n```\nls # 乙\n```"))
	for _, p := range pairs(t) {
		en, zh := outlineOf(read(t, p.en)), outlineOf(read(t, p.zh))
		assert.Equal(t, en.Headings, zh.Headings, p.zh)
		assert.Equal(t, en.Code, zh.Code, p.zh)
		assert.Equal(t, en.Flags, zh.Flags, p.zh)
		assert.Equal(t, en.Rows, zh.Rows, p.zh)
		assert.Equal(t, en.Images, zh.Images, p.zh)
		assert.ElementsMatch(t, en.Links, zh.Links, p.zh)
	}
}

// documents returns the Markdown files for readers of the repository.
func documents(t *testing.T) (all []string) {
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", "web/client/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		require.NoError(t, err)
		require.NotEmpty(t, found, pattern)
		for _, file := range found {
			name, err := filepath.Rel(root, file)
			require.NoError(t, err)
			all = append(all, filepath.ToSlash(name))
		}
	}
	return all
}

var notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// anchors returns the fragments that a code host gives to the headings of a document.
func anchors(text string) map[string]bool {
	all := map[string]bool{}
	for _, line := range strings.Split(fenced.ReplaceAllString(text, ""), "\n") {
		if heading.MatchString(line) {
			title := strings.TrimLeft(line, "# ")
			all["#"+strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(title), ""),
				" ", "-")] = true
		}
	}
	return all
}

// TestLinksLeadToFiles: a relative link leads to a file, and its fragment to a heading.
func TestLinksLeadToFiles(t *testing.T) {
	assert.Equal(t, map[string]bool{"#windows-macos-and-linux": true},
		anchors("# Windows, macOS and Linux\n"))
	links := 0
	for _, name := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(fenced.ReplaceAllString(read(t, name), ""),
			-1) {
			if strings.Contains(m[1], ":") || strings.Contains(m[1], "`") {
				continue
			}
			links++
			to := name
			if m[1] != "" {
				to = filepath.ToSlash(filepath.Join(filepath.Dir(name), m[1]))
			}
			_, err := os.Stat(filepath.Join(root, filepath.FromSlash(to)))
			if assert.NoError(t, err, "%s links %s", name, m[1]) && m[2] != "" &&
				strings.HasSuffix(to, ".md") {
				assert.Contains(t, anchors(read(t, to)), m[2], "%s links %s%s", name, m[1], m[2])
			}
		}
	}
	assert.Greater(t, links, 100)
}

// TestFeaturesNameTheirTests: each test that docs/features.md names exists.
func TestFeaturesNameTheirTests(t *testing.T) {
	tests := map[string]bool{}
	require.NoError(t, filepath.WalkDir(root,
		func(name string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() && entry.Name() == "node_modules" {
				return filepath.SkipDir
			}
			if !strings.HasSuffix(name, "_test.go") {
				return nil
			}
			data, err := os.ReadFile(name)
			for _, m := range testName.FindAllStringSubmatch(string(data), -1) {
				tests[m[1]] = true
			}
			return err
		}))
	for _, file := range []string{"docs/features.md", "docs/features.zh.md"} {
		named := testNamed.FindAllStringSubmatch(read(t, file), -1)
		assert.Greater(t, len(named), 30)
		for _, m := range named {
			found := tests[m[1]]
			for test := range tests {
				found = found || m[2] != "" && strings.HasPrefix(test, m[1])
			}
			assert.True(t, found, "%s names %s", file, m[0])
		}
	}
}

var (
	testName  = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	testNamed = regexp.MustCompile("`(Test\\w+)(…?)`")
)
