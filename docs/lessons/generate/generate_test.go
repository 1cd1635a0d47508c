package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
)

// TestFilesAreCurrent fails when a text or the code that it shows has changed since the files were
// written. To write them: go generate ./docs/lessons/generate
func TestFilesAreCurrent(t *testing.T) {
	want, err := generate()
	require.NoError(t, err)
	files, err := written("..")
	require.NoError(t, err)
	for _, path := range files {
		assert.Contains(t, want, filepath.Base(path),
			"no lesson has this file; run go generate ./docs/lessons/generate")
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join("..", name))
		require.NoError(t, err)
		if string(got) != text {
			t.Errorf("docs/lessons/%s is stale: run go generate ./docs/lessons/generate", name)
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)

// TestLinksLeadToFiles checks the relative links of the generated files, and that the index of each
// language links its lessons.
func TestLinksLeadToFiles(t *testing.T) {
	files, err := generate()
	require.NoError(t, err)
	for name, text := range files {
		if !strings.HasSuffix(name, ".md") {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.HasPrefix(m[1], "http") {
				continue
			}
			_, err := os.Stat(filepath.Join("..", m[1]))
			assert.NoError(t, err, name)
		}
		list := files[fileName(index, lang.English)]
		if strings.HasSuffix(name, ".zh.md") {
			list = files[fileName(index, lang.Chinese)]
		}
		if !strings.HasPrefix(name, index) {
			assert.Contains(t, list, "]("+name+")")
		}
	}
}

func TestWriteReplaces(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "old.md"), nil, 0o644))
	require.NoError(t, write(folder, map[string]string{"new.md": "a"}))
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	require.NoError(t, err)
	assert.Equal(t, []string{filepath.Join(folder, "new.md")}, names)
}

func TestDraw(t *testing.T) {
	files := map[string]string{}
	text, err := draw(files, "x.zh", lang.Chinese,
		"a\n\n```diagram sequence The upgrade\nA | B\n```\n\nb")
	require.NoError(t, err)
	assert.Equal(t,
		"a\n\n![The upgrade](x.zh-1.svg)\n\n<details><summary>The upgrade: 文字版</summary>\n\n"+
			"```text\nA | B\n```\n\n</details>\n\nb", text)
	assert.Contains(t, files["x.zh-1.svg"], ` xmlns="http://www.w3.org/2000/svg"`)
	_, err = draw(files, "x", lang.English, "```diagram pie A\n```")
	assert.Error(t, err)
}

func TestForHost(t *testing.T) {
	assert.Equal(t, "a\n\n[b.go](../../lessons/x/b.go), `T.m`:\n\n```go\nfunc\n```",
		forHost("a\n\n```go b.go#T.m\nfunc\n```", "lessons/x", lang.English))
	assert.Equal(t, "[b.go](../../lessons/x/b.go):\n\n```go\n",
		forHost("```go b.go\n", "lessons/x", lang.English))
	assert.Equal(t, "[b.js](../../web/pages/a/b.js), `c`:\n\n```js\n",
		forHost("```js pages/a/b.js#c\n", "lessons/x", lang.English))
	assert.Equal(t, "<details><summary>Why <code>a</code>?</summary>\n`b`",
		forHost("<details><summary>Why `a`?</summary>\n`b`", "lessons/x", lang.English))
	assert.Equal(t, "[a](b-c.zh.md)", forHost("[a](/lab/lesson/b-c)", "lessons/x", lang.Chinese))
	assert.Equal(t, "```go\nx", forHost("```go\nx", "lessons/x", lang.English))
}
