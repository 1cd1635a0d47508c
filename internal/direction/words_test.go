package direction

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// race matches the word if it does not mean the race detector, a data race, or Promise.race.
var (
	race  = regexp.MustCompile(`(?i)\braces?\b|[/_"]race[_"]|赛跑`)
	meant = regexp.MustCompile(
		`(?i)race detector|data race|-race\b|\brace:|Promise\.race|!?race$|"race",`)
	spoken = []string{".go", ".js", ".html", ".css", ".md"}
)

// TestRaceIsTheRaceDetector: the comparison of the transports is called the comparison, in names,
// code and texts.
func TestRaceIsTheRaceDetector(t *testing.T) {
	root := filepath.Join("..", "..")
	read := 0
	for _, folder := range []string{"cmd", "internal/compare", "internal/host", "internal/lesson",
		"internal/tui", "internal/conformance/pages", "lessons/comparison", "web/pages/compare",
		"docs", "README.md", "README.zh-CN.md"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, filepath.FromSlash(folder)),
			func(name string, entry fs.DirEntry, err error) error {
				if err != nil || entry.IsDir() || !slices.Contains(spoken, filepath.Ext(name)) {
					return err
				}
				assert.NotRegexp(t, `(^|[-_])race`, filepath.Base(name))
				text, err := os.ReadFile(name)
				if err != nil {
					return err
				}
				read++
				for n, line := range strings.Split(string(text), "\n") {
					if race.MatchString(line) && !meant.MatchString(line) {
						assert.Fail(t, "race means the race detector", "%s:%d: %s", name, n+1, line)
					}
				}
				return nil
			}))
	}
	assert.Greater(t, read, 100)
}
