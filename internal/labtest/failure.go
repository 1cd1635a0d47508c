package labtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// failureDir names the environment variable with the folder that failures are kept in; the system's
// temporary folder otherwise.
const failureDir = "LAB_FAILURES"

// screenshotTimeout is shorter than a step: a page that no longer draws must not cost the other
// files.
const screenshotTimeout = 15 * time.Second

// lastRows is the number of x-ray rows that a failure keeps.
const lastRows = 200

var unsafeInNames = regexp.MustCompile(`[^\w.-]+`)

// keepEvidence writes the state and history of the tab into a new folder and returns its path, or
// an error.
func (tab *Tab) keepEvidence(ctx context.Context) string {
	parent := os.Getenv(failureDir)
	if parent == "" {
		parent = filepath.Join(os.TempDir(), "lab-failures")
	}
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err.Error()
	}
	name := unsafeInNames.ReplaceAllString(tab.t.Name(), "_") + "-" + string(tab.engine) + "-"
	dir, err := os.MkdirTemp(parent, name)
	if err != nil {
		return err.Error()
	}
	var failed error
	keep := func(name string, contents []byte, err error) {
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), contents, 0o644)
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", name, err))
		}
	}
	brief, cancel := context.WithTimeout(ctx, screenshotTimeout)
	png, err := tab.page.screenshot(brief)
	cancel()
	if !errors.Is(err, errNoScreenshot) {
		keep("screenshot.png", png, err)
	}
	text := func(expression string) ([]byte, error) {
		value, err := evalIn[string](ctx, tab, expression)
		return []byte(value), err
	}
	html, err := text(`document.documentElement.outerHTML`)
	keep("page.html", html, err)
	rows, err := text(fmt.Sprintf(
		`fetch("/lab/xray.jsonl").then(async (r) => r.ok ? (await r.text()).split("\n").slice(-%d).join("\n") : "")`, lastRows+1))
	keep("rows.jsonl", rows, err)
	tab.mu.Lock()
	var console strings.Builder
	for _, entry := range tab.console {
		kind := "      "
		if entry.error {
			kind = "error "
		}
		console.WriteString(kind + entry.text + "\n")
	}
	steps := strings.Join(tab.steps, "\n") + "\n"
	tab.mu.Unlock()
	keep("console.txt", []byte(console.String()), nil)
	keep("trace.txt", []byte(steps), nil)
	if failed != nil {
		return dir + " (incomplete: " + failed.Error() + ")"
	}
	return dir
}
