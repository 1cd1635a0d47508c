package docs

import (
	"bufio"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest"
	"realtimelab/internal/labtest/need"
)

var pictures = flag.Bool("pictures", false, "write docs/exercise.png and docs/wall.png")

func TestMain(m *testing.M) { labtest.Main(m) }

// startLab runs the lab, and returns the first URL in its output that has the text.
func startLab(t *testing.T, program, text string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...) // t.Context ends before the tabs do
	cmd.Dir = t.TempDir()
	out, in, err := os.Pipe()
	require.NoError(t, err)
	cmd.Stdout, cmd.Stderr = in, in
	require.NoError(t, cmd.Start())
	require.NoError(t, in.Close())
	found, ended := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if url := address.FindString(lines.Text()); strings.Contains(url, text) {
				select {
				case found <- url:
				default:
				}
			}
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
		<-ended
		out.Close()
	})
	select {
	case url := <-found:
		return url
	case <-ended:
	case <-time.After(time.Minute):
	}
	require.Fail(t, "the lab printed no such address", text)
	return ""
}

var address = regexp.MustCompile(`https?://[^\s]+`)

// TestPicturesOfReadme follows README to the pages that its pictures show. With -pictures it takes
// the pictures again.
func TestPicturesOfReadme(t *testing.T) {
	need.Time(t)
	browser := labtest.NewBrowser(t)
	if *pictures {
		folder, err := filepath.Abs(filepath.Join(root, "docs"))
		require.NoError(t, err)
		t.Setenv("LAB_SCREENSHOTS", folder)
	} else {
		t.Setenv("LAB_SCREENSHOTS", "")
	}

	lab := filepath.Join(t.TempDir(), "lab.exe")
	runWorkspace(t, root, "go build -o "+lab+" ./cmd/lab")

	home := startLab(t, lab, "http", "serve", "--addr", "127.0.0.1:0", "--plain")
	wall := startLab(t, lab, "#key=", "class", "--addr", "127.0.0.1:0", "--rehearse", "30",
		"--lang", "en")

	student := browser.Tab(t) // it ends before the lab does
	student.Viewport(1100, 680)
	student.Open(home + "/lab/exercise/predict-frames?lang=en")
	student.WaitFor(`document.querySelector("#predict textarea")`)
	labtest.Eval[bool](student,
		`document.querySelector("#predict textarea").value = "81 85 48 65 6c 6c 6f", true`)
	student.Click("#predict button")
	student.WaitFor(`!document.getElementById("fields").hidden`)
	labtest.Eval[bool](student, `scrollTo(0, 0), true`)
	student.Screenshot("exercise")

	teacher := browser.Tab(t)
	teacher.Viewport(1280, 720)
	teacher.Open(wall)
	teacher.WaitFor(`[...document.querySelectorAll("#table tbody .sum")].reduce(
		(sum, e) => sum + Number(e.textContent), 0) > 30`)
	teacher.Screenshot("wall")

	assert.Empty(t, student.ConsoleErrors())
	assert.Empty(t, teacher.ConsoleErrors())
}
