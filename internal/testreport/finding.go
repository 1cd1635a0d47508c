package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"realtimelab/internal/gotest"
)

// findingLines bounds the lines shown of one failure.
const findingLines = 25

// finding is the first failure in a test's output.
type finding struct {
	where   string   // file:line below the module's root; empty if no line of ours is named
	text    []string // nil if the output names no failure
	certain bool     // text is a failure; otherwise it may be a log line
	proof   bool     // text is a data race, a panic or a leak: one run proves a fault
}

var (
	ofCompiler = regexp.MustCompile(`^(\S+\.go:\d+):`)
	located    = regexp.MustCompile(`^\s+([\w.-]+\.go:\d+): ?(.*)`)
	trace      = regexp.MustCompile(`^\s+Error Trace:\s+(\S+\.go:\d+)`)
	frame      = regexp.MustCompile(`^\s+(/\S+\.go:\d+)`)
)

// find reads a failed test's output up to its first failure: a data race, a panic, a leak,
// a failed assertion of testify, or a message of t.Error and its like. The last has the
// form of t.Log, so a log line counts only where nothing else is found.
func (s *summary) find(r *gotest.Result) finding {
	for i, line := range r.Output {
		rest := r.Output[i:]
		switch {
		case strings.HasPrefix(line, "WARNING: DATA RACE"):
			return finding{s.firstFrame(rest), until(rest, "=================="), true, true}
		case strings.HasPrefix(line, "panic: "), strings.HasPrefix(line, "fatal error: "):
			return finding{s.firstFrame(rest), until(rest, ""), true, true}
		case strings.HasPrefix(line, "goleak: "),
			strings.Contains(line, "found unexpected goroutines"):
			return finding{s.firstFrame(rest), rest[:min(len(rest), findingLines)], true, true}
		case trace.MatchString(line):
			return finding{s.below(r, traced(rest)), assertion(rest[1:]), true, false}
		}
	}
	for i, line := range r.Output {
		if m := located.FindStringSubmatch(line); m != nil {
			text := append([]string{m[2]}, r.Output[i+1:]...)
			return finding{s.below(r, m[1]), text[:min(len(text), findingLines)], false, false}
		}
	}
	if r.Test == "" {
		for _, line := range r.Output { // of the compiler
			if m := ofCompiler.FindStringSubmatch(line); m != nil {
				return finding{m[1], r.Output[:min(len(r.Output), findingLines)], true, true}
			}
		}
	}
	return finding{}
}

// traced returns the line of the test in testify's trace, which begins with the helper that failed.
func traced(lines []string) string {
	first := trace.FindStringSubmatch(lines[0])[1]
	at := first
	for _, line := range lines[1:] {
		if strings.Contains(at, "_test.go:") {
			return at
		}
		if at = strings.TrimSpace(line); !strings.Contains(at, ".go:") ||
			strings.HasPrefix(at, "Error:") {
			break
		}
	}
	return first
}

// assertion returns testify's block after its trace, without the line with the test's name.
func assertion(lines []string) []string {
	var text []string
	for _, line := range lines {
		if located.MatchString(line) && len(text) > 0 {
			break // the next failure
		}
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "Error:"))
		if strings.HasPrefix(line, "Test:") {
			continue
		}
		if strings.Contains(line, ".go:") && len(text) == 0 {
			continue // more of the trace
		}
		if line != "" && len(text) < findingLines {
			text = append(text, line)
		}
	}
	return text
}

// until returns the lines before the first line equal to end.
func until(lines []string, end string) []string {
	for i, line := range lines {
		if i > 0 && line == end || i == findingLines {
			return lines[:i]
		}
	}
	return lines
}

// firstFrame returns the first line of this module's source in a stack trace.
func (s *summary) firstFrame(lines []string) string {
	for _, line := range lines {
		if m := frame.FindStringSubmatch(line); m != nil {
			if where, err := filepath.Rel(s.root, m[1]); err == nil && filepath.IsLocal(where) {
				return filepath.ToSlash(where)
			}
		}
	}
	return ""
}

// below returns a place in the source, relative to the module's root.
func (s *summary) below(r *gotest.Result, where string) string {
	if filepath.IsAbs(where) {
		if rel, err := filepath.Rel(s.root, where); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel)
		}
		return where
	}
	return fmt.Sprintf("%s/%s", strings.TrimPrefix(r.Path, module), where)
}
