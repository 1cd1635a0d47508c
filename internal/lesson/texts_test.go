package lesson

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the code into the texts")

// shown is a piece of code in a text that is read without the lab. The comment before it names the
// region of the source that it must equal.
var shown = regexp.MustCompile("(?s)(<!-- code: ([^ ]+) -->\n```[a-z]+\n).*?(```\n)")

// TestTextsShowTheSource holds the code in README and the documents against the programs that run.
func TestTextsShowTheSource(t *testing.T) {
	root := filepath.Join("..", "..")
	for text, pieces := range map[string]int{"README.md": 3, "README.zh-CN.md": 3, "docs/from-node.md": 5} {
		t.Run(text, func(t *testing.T) {
			file := filepath.Join(root, filepath.FromSlash(text))
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Len(t, shown.FindAllIndex(data, -1), pieces, "pieces of code with their source")
			want := shown.ReplaceAllFunc(data, func(old []byte) []byte {
				part := shown.FindSubmatch(old)
				code, err := Region(os.DirFS(root), string(part[2]))
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
