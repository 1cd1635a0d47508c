package gocheck

import (
	"bytes"
	"strings"
	"sync"

	"realtimelab/internal/process"
)

// transcript reads the output of a check as it comes: the steps that passed, the output of the
// student's program, its crash. The testing package marks its own lines, so a program that prints
// "--- PASS" passes no step.
type transcript struct {
	mu      sync.Mutex
	line    []byte // unfinished
	passed  map[string]bool
	nonce   string // evidence prints it
	sealed  bool   // the nonce was seen
	crashed bool

	printed, crash process.Head
}

// frame begins each line of the testing package under -test.v=test2json, even after an unfinished
// line of the program.
const frame = 0x16

// maxOutputLine bounds a line. A longer one is cut into several.
const maxOutputLine = 16 << 10

func (t *transcript) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range b {
		if c == frame || len(t.line) == maxOutputLine {
			t.end()
		}
		t.line = append(t.line, c)
		if c == '\n' {
			t.end()
		}
	}
	return len(b), nil
}

// end takes the line that is complete now. t.mu is held.
func (t *transcript) end() {
	line := t.line
	t.line = t.line[:0]
	if len(line) == 0 {
		return
	}
	if line[0] == frame {
		if name, ok := strings.CutPrefix(string(line[1:]), "--- PASS: "); ok {
			name, _, _ = strings.Cut(name, " ")
			t.passed[name] = true
		}
		return
	}
	for _, start := range []string{"panic: ", "fatal error: ", "WARNING: DATA RACE"} {
		t.crashed = t.crashed || bytes.HasPrefix(line, []byte(start))
	}
	switch {
	case t.crashed:
		_, _ = t.crash.Write(line)
	case t.nonce != "" && bytes.Contains(line, []byte(t.nonce)):
		t.sealed = true
	default:
		_, _ = t.printed.Write(line)
	}
}

// close takes the last line, if it has no end.
func (t *transcript) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end()
}
