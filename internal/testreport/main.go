// Command testreport runs go test and prints a short report: one line and the slowest tests and
// packages if all tests pass, and for each failure the test, its first assertion, the line of the
// assertion, and the command that runs the test again.
//
//	go run ./internal/testreport [-retry] [flags and packages of go test]
//
// With -retry, a few failed tests run a second time, each by itself. A test that passes then counts
// as passed, and the report names it as flaky. A data race, a panic, a leak, and a test that did
// not finish never get a second try.
//
// The last line has the form "12 passed, 0 failed, 1 skipped".
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/mattn/go-isatty"

	"realtimelab/internal/gotest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(2)
	}
	var progress io.Writer = io.Discard
	if isatty.IsTerminal(os.Stderr.Fd()) {
		progress = os.Stderr
	}
	args := os.Args[1:]
	retry := len(args) > 0 && args[0] == "-retry"
	if retry {
		args = args[1:]
	}
	if !run(ctx, root, args, retry, os.Stdout, progress) {
		os.Exit(1)
	}
}

// run runs `go test args` in root, prints each failure as soon as its package has ended, and
// reports whether all tests passed.
func run(ctx context.Context, root string, args []string, retry bool,
	out, progress io.Writer) bool {
	began := time.Now()
	log, err := os.CreateTemp("", "lab-test-*.log")
	if err != nil {
		fmt.Fprintln(out, "testreport:", err)
		return false
	}
	defer log.Close()
	s := newSummary(root, args, out)
	lastShown := time.Time{}
	err = gotest.Run(ctx, root, args, func(e gotest.Event) {
		io.WriteString(log, e.Output)
		s.add(e)
		if time.Since(lastShown) > 200*time.Millisecond {
			lastShown = time.Now()
			fmt.Fprintf(progress, "\r\x1b[K%s  %s  %s", s.counts(),
				time.Since(began).Round(time.Second), strings.TrimPrefix(e.Package, module))
		}
	})
	fmt.Fprint(progress, "\r\x1b[K")
	if retry && errors.Is(err, gotest.ErrFailed) && s.retry(ctx, log) {
		err = nil
	}
	green := err == nil && s.failed == 0 && s.passed > 0
	if err != nil && !errors.Is(err, gotest.ErrFailed) {
		fmt.Fprintln(out, "testreport:", err)
	}
	s.end(time.Since(began))
	if err == nil && s.passed == 0 {
		fmt.Fprintln(out, "testreport: no test ran")
	}
	if green {
		os.Remove(log.Name())
	} else {
		fmt.Fprintln(out, "everything that the tests printed:", log.Name())
	}
	fmt.Fprintln(out, s.counts())
	return green
}
