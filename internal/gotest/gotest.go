// Package gotest runs tests with the go command and follows them.
package gotest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"realtimelab/internal/gotool"
	"realtimelab/internal/process"
)

// Event is one line of `go test -json`, see `go doc test2json`.
type Event struct {
	Action     string
	Package    string
	ImportPath string // of the compiler's output, instead of Package
	Test       string
	Elapsed    float64 // seconds
	Output     string

	FailedBuild string // in a package's "fail": the ImportPath that did not compile
}

// The reasons why tests cannot run here.
var (
	ErrNoGo     = errors.New("the go command is not installed, or not on PATH")
	ErrOldGo    = errors.New("the go command is older than the lab's source needs")
	ErrNoSource = errors.New("the lab's source is not here")
)

// ErrFailed means that tests failed; the events say which.
var ErrFailed = errors.New("tests failed")

var module = regexp.MustCompile(`(?m)^module\s+realtimelab\s*$`)

// isSource distinguishes the lab's source from a folder of exercises, which is a module of the same
// name.
func isSource(dir string) bool {
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil || !module.Match(mod) {
		return false
	}
	info, err := os.Stat(filepath.Join(dir, "lessons"))
	return err == nil && info.IsDir()
}

// Source finds the root of the lab's source in one of the folders or above it.
func Source(folders ...string) (string, error) {
	for _, dir := range folders {
		for dir != "" {
			if isSource(dir) {
				return dir, nil
			}
			up := filepath.Dir(dir)
			if up == dir {
				break
			}
			dir = up
		}
	}
	return "", ErrNoSource
}

// maxLine bounds a line of the go command's output.
const maxLine = 1 << 20

// maxSaid bounds the part of the go command's standard error that an error quotes.
const maxSaid = 4096

// Run runs `go test` with args in the folder root and calls each for every event,
// in order, in the caller's goroutine. It returns ErrFailed if tests failed. The
// end of ctx kills the go command and all it started.
func Run(ctx context.Context, root string, args []string, each func(Event)) error {
	if _, err := exec.LookPath("go"); err != nil {
		return ErrNoGo
	}
	c := process.New(ctx, "go", append([]string{"test", "-json"}, args...)...)
	c.Dir = root
	c.Env = gotool.Environ(ctx)
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	said := &process.Head{Limit: maxSaid}
	c.Stderr = said
	if err := c.Start(); err != nil {
		return fmt.Errorf("go test: %w", err)
	}
	read := follow(out, each)
	if read != nil {
		c.Cancel()
	}
	ended := c.Wait()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case read != nil:
		return fmt.Errorf("go test: %w", read)
	case tooOld(said.String()):
		return ErrOldGo
	case errors.As(ended, &exit) && exit.ExitCode() == 1:
		return ErrFailed
	case ended != nil:
		return fmt.Errorf("go test: %w\n%s", ended, strings.TrimSpace(said.String()))
	}
	return nil
}

func tooOld(said string) bool {
	_, yes := gotool.TooOld(said)
	return yes
}

// follow reads events to the end. Other lines come from the go command itself.
func follow(out io.Reader, each func(Event)) error {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var e Event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			e = Event{Action: "output", Output: lines.Text() + "\n"}
		}
		each(e)
	}
	return lines.Err()
}
