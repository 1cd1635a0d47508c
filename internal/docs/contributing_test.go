package docs

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/gotool"
	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lesson"
)

const exercisePage = "docs/contributing/exercise.md"

// added matches a file of a worked example, or lines that it adds to the beginning of a list in
// JSON.
var added = regexp.MustCompile("(?ms)^<!-- (file|add): (\\S+) -->\n```[a-z]+\n(.*?)^```$")

// exampleFiles returns the files of a worked example by path, as they are after it is followed.
func exampleFiles(t *testing.T, page string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, m := range added.FindAllStringSubmatch(read(t, page), -1) {
		if m[1] == "file" {
			require.NoFileExists(t, filepath.Join(root, filepath.FromSlash(m[2])),
				"the example adds it")
			files[m[2]] = m[3]
			continue
		}
		head, rest, found := strings.Cut(read(t, m[2]), "[\n")
		require.True(t, found && head == "", m[2])
		files[m[2]] = "[\n" + m[3] + rest
	}
	return files
}

// overlay writes files to a folder, and the JSON that makes the go command see them in the
// repository.
func overlay(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	replace := map[string]string{}
	for name, text := range files {
		to, err := filepath.Abs(filepath.Join(root, filepath.FromSlash(name)))
		require.NoError(t, err)
		from := filepath.Join(folder, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(from), 0o755))
		require.NoError(t, os.WriteFile(from, []byte(text), 0o644))
		replace[to] = from
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	file := filepath.Join(folder, "overlay.json")
	require.NoError(t, os.WriteFile(file, data, 0o644))
	return file
}

// withFiles runs a go command that sees the files of a worked example.
func withFiles(t *testing.T, files map[string]string, args ...string) (output string, err error) {
	t.Helper()
	args = append([]string{args[0], "-overlay", overlay(t, files)}, args[1:]...)
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir, cmd.Env = root, append(gotool.Environ(t.Context()), "GOPROXY=off")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestTheExampleOfAnExerciseIsProved adds the exercise of the page to the lab and proves its check:
// its texts are whole, right solutions pass, and each wrong one gets its own finding.
func TestTheExampleOfAnExerciseIsProved(t *testing.T) {
	need.Time(t)
	files := exampleFiles(t, exercisePage)
	require.Len(t, files, 13)
	out, err := withFiles(t, files, "test", "-v", "./internal/exercise", "-run",
		"TestTexts|TestProof/retry-after")
	require.NoError(t, err, out)
	for _, variant := range []string{"starter", "solution", "right/date-first",
		"wrong/milliseconds", "wrong/past", "wrong/signed"} {
		assert.Contains(t, out, "--- PASS: TestProof/retry-after/"+variant)
	}

	const wrong = "lessons/longpoll/exercises/retry-after/wrong/past.txtar"
	files[wrong] = strings.Replace(files[wrong], "two minutes ago", "an hour ago", 1)
	out, err = withFiles(t, files, "test", "./internal/exercise", "-run",
		"TestTexts|TestProof/retry-after")
	assert.Error(t, err, "a finding that the check does not say fails the proof")
	assert.Contains(t, out, "retry-after/wrong/past")
}

// shownCode matches code that a document shows. It names declarations relative to its own package.
var shownCode = regexp.MustCompile("(?ms)^```go\n.*?^```$")

// reference matches a declaration that a document names by its file:
// internal/feed/feed.go#Feed.Publish.
var reference = regexp.MustCompile(`[\w./-]+\.go#[\w.]+`)

// TestDocumentsNameDeclarations: each declaration that a document names exists, and so does each
// folder that the drawing of the architecture names.
func TestDocumentsNameDeclarations(t *testing.T) {
	repository := os.DirFS(root)
	named := 0
	for _, name := range documents(t) {
		if strings.HasPrefix(name, "docs/lessons/") {
			continue // generated from the source
		}
		text := shownCode.ReplaceAllString(read(t, name), "")
		for _, ref := range reference.FindAllString(text, -1) {
			if name == "docs/contributing/lesson.md" && !strings.Contains(ref, "/") {
				ref = "lessons/longpoll/" + ref // a lesson names its own code this way
			}
			named++
			_, err := lesson.Region(repository, ref)
			assert.NoError(t, err, name)
		}
	}
	assert.Greater(t, named, 30)

	drawing := fenced.FindString(read(t, "docs/architecture.md"))
	folders := folder.FindAllString(drawing, -1)
	assert.Greater(t, len(folders), 15)
	for _, f := range folders {
		assert.DirExists(t, filepath.Join(root, filepath.FromSlash(f)), "docs/architecture.md")
	}
}

var folder = regexp.MustCompile(`\b(?:cmd|internal|lessons|web)(?:/\w+)+`)
