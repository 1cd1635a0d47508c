package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"realtimelab/internal/gotest"
)

// mostRetries bounds how many failed tests run again. More failures than that have a common cause.
const mostRetries = 5

// retry runs the failed tests a second time, one after the other, and writes what they print to
// log. It reports whether every test of the run has now passed.
func (s *summary) retry(ctx context.Context, log io.Writer) bool {
	if s.failed != len(s.doubtful) || s.failed > mostRetries {
		return false
	}
	for _, r := range s.doubtful {
		second := newSummary(s.root, s.args, io.Discard)
		err := gotest.Run(ctx, s.root, s.only(r), func(e gotest.Event) {
			io.WriteString(log, e.Output)
			second.add(e)
		})
		if err != nil || second.passed == 0 {
			fmt.Fprintf(s.out, "failed again: %s %s\n", strings.TrimPrefix(r.Path, module), r.Test)
			return false
		}
		s.failed--
		s.passed += second.passed
		fmt.Fprintf(s.out, "flaky: %s %s failed, then passed\n",
			strings.TrimPrefix(r.Path, module), r.Test)
	}
	return true
}
