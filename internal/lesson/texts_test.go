package lesson

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the code into the texts")

// shown matches a piece of code in a document. The comment before it names the region of the source
// that it must equal.
var shown = regexp.MustCompile("(?s)(<!-- code: ([^ ]+) -->\n```[a-z]+\n).*?(```\n)")

// TestTextsShowTheSource compares the code in README and the documents with the programs that run.
func TestTextsShowTheSource(t *testing.T) {
	root := filepath.Join("..", "..")
	for text, pieces := range map[string]int{
		"README.md": 1, "README.zh-CN.md": 1, "docs/from-node.md": 5,
		"docs/first-program.md": 3, "docs/first-program.zh.md": 3, "docs/features.md": 1,
		"docs/features.zh.md":         1,
		"docs/contributing/lesson.md": 2, "docs/contributing/demo.md": 5,
		"docs/contributing/decoder.md": 4,
	} {
		t.Run(text, func(t *testing.T) {
			file := filepath.Join(root, filepath.FromSlash(text))
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Len(t, shown.FindAllIndex(data, -1), pieces, "pieces of code with their source")
			want := shown.ReplaceAllFunc(data, func(old []byte) []byte {
				part := shown.FindSubmatch(old)
				region := Region
				if strings.Contains(string(part[2]), ".js#") {
					region = ScriptRegion
				}
				code, err := region(os.DirFS(root), string(part[2]))
				require.NoError(t, err)
				if code[len(code)-1] != '\n' {
					code += "\n"
				}
				return []byte(string(part[1]) + code + string(part[3]))
			})
			if *update {
				require.NoError(t, os.WriteFile(file, want, 0o644))
				return
			}
			assert.Equal(t, string(want), string(data), "go test ./internal/lesson -update")
		})
	}
}
