package direction

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// eachGoFile calls visit with the path from the root, with slashes, and the text of every file of
// Go, exercises and test data included.
func eachGoFile(t *testing.T, visit func(name string, source []byte)) {
	root := filepath.Join("..", "..")
	require.NoError(t, filepath.WalkDir(root, func(at string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "node_modules" ||
			entry.Name() == "dist" && filepath.Dir(at) == root):
			return fs.SkipDir
		case filepath.Ext(at) != ".go":
			return nil
		}
		source, err := os.ReadFile(at)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, at)
		visit(filepath.ToSlash(name), source)
		return err
	}))
}

// isIn reports whether a path leads through a folder of that name.
func isIn(name, folder string) bool { return strings.Contains("/"+name, "/"+folder+"/") }
