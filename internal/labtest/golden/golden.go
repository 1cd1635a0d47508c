// Package golden compares views of terminal screens with files.
package golden

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden views again")

// Sizes lists the sizes of the golden views, the smallest terminal first.
var Sizes = [][2]int{{40, 12}, {60, 20}, {80, 24}, {120, 40}, {160, 50}}

// View asserts that a view is that in testdata/file, without spaces at the ends of lines.
func View(t *testing.T, file, view string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	var trimmed strings.Builder
	for line := range strings.SplitSeq(view, "\n") {
		trimmed.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(trimmed.String()), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), trimmed.String())
}

// Fits asserts that a view has at most so many lines, and no line is wider.
func Fits(t *testing.T, view string, width, height int) {
	t.Helper()
	lines := strings.Split(view, "\n")
	assert.LessOrEqual(t, len(lines), height)
	for _, line := range lines {
		assert.LessOrEqual(t, ansi.StringWidth(line), width, line)
	}
}
