// Package fixpage checks exercises of the kind "fix the page". Its JavaScript is a browser's world
// with a virtual clock and a network that the checks control. The same code runs in a page's
// sandboxed frame, in a headless browser, and in Node.
package fixpage

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"sync"

	"realtimelab/internal/exercise"
	"realtimelab/internal/lang"
	"realtimelab/web/client"
)

//go:embed *.js
var files embed.FS

// Policy is the Content-Security-Policy of the frame. The frame has an origin of its own, even when
// it is opened by itself, and may load nothing and connect to nothing. It runs the student's code
// in a worker.
const Policy = "sandbox allow-scripts; default-src 'none'; script-src " +
	"'unsafe-inline' 'unsafe-eval'; worker-src blob:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

// Frame returns the document of the frame. It takes one message, {harness, library, check, code},
// and answers with several; see frame.js.
func Frame() string {
	return "<!doctype html>\n<meta charset=\"utf-8\">\n<title>Check</title>\n<script>\n" +
		read("frame.js") + "</script>\n"
}

// Harness returns the script that runs before an exercise's check.js.
var Harness = sync.OnceValue(func() string {
	var all strings.Builder
	for _, name := range []string{"clock.js", "events.js", "attributes.js", "selectors.js",
		"elements.js", "network.js", "server.js", "world.js", "checks.js"} {
		all.WriteString(read(name))
	}
	return all.String()
})

// Library returns the Socket.IO client of the pages.
var Library = sync.OnceValue(func() string {
	data, err := fs.ReadFile(client.Files(), "socket.io.js")
	if err != nil {
		panic(err) // an embedded file
	}
	return string(data)
})

// Runner returns the program that runs checks in Node.
func Runner() string { return read("node.js") }

func read(name string) string {
	data, err := files.ReadFile(name)
	if err != nil {
		panic(err) // an embedded file
	}
	return string(data)
}

// scriptFile is an exercise's check.
const scriptFile = "check.js"

// Script returns the check of an exercise.
func Script(e exercise.Exercise) (string, error) {
	data, err := fs.ReadFile(e.Files(), scriptFile)
	return string(data), err
}

var stepLine = regexp.MustCompile(`(?m)^check\("((?:[^"\\]|\\.)*)",\s*"((?:[^"\\]|\\.)*)",`)

// Steps returns the names of the check's steps. A check.js declares each with check("…", "…", f) at
// the start of a line.
func Steps(e exercise.Exercise) (names []lang.Text, err error) {
	script, err := Script(e)
	if err != nil {
		return nil, err
	}
	for _, m := range stepLine.FindAllStringSubmatch(script, -1) {
		names = append(names, lang.Text{EN: m[1], ZH: m[2]})
	}
	if n := strings.Count("\n"+script, "\ncheck("); n != len(names) || n == 0 {
		return nil, fmt.Errorf("%s of %s: %d steps, %d of them with two names", scriptFile, e.Name,
			n, len(names))
	}
	return names, nil
}

// NewReport returns the report of a check that has not run.
func NewReport(e exercise.Exercise) (exercise.Report, error) {
	steps, err := Steps(e)
	return exercise.NewReport(e, len(steps)), err
}

// A Result is the outcome of a check, as the scripts report it.
type Result struct {
	Passing int      `json:"passing"`
	Printed []string `json:"printed"`
	Problem *struct {
		// idea, syntax, throws, time, or harness for a fault of the check itself
		Cause string `json:"cause"`
		EN    string `json:"en"`
		ZH    string `json:"zh"`
		Line  int    `json:"line"` // of page.js; 0 if unknown
	} `json:"problem"`
}

var causes = map[string]exercise.Cause{"idea": exercise.Idea, "syntax": exercise.Compile,
	"throws": exercise.Panic, "time": exercise.Time}

// Report returns the report of a check that has run on that code. An error means that the check
// itself is wrong.
func (result Result) Report(e exercise.Exercise, code string) (exercise.Report, error) {
	r, err := NewReport(e)
	if err != nil {
		return r, err
	}
	r.Passing, r.Output = result.Passing, strings.Join(result.Printed, "\n")
	found := result.Problem
	if found == nil {
		r.Passed = result.Passing == r.Steps
		if !r.Passed {
			return r, fmt.Errorf("%s of %s ran %d of %d steps", scriptFile, e.Name, result.Passing,
				r.Steps)
		}
		return r, nil
	}
	if steps, err := Steps(e); err == nil && result.Passing < len(steps) {
		r.Step = steps[result.Passing]
	}
	cause, known := causes[found.Cause]
	if !known {
		return r, fmt.Errorf("%s of %s: %s", scriptFile, e.Name, found.EN)
	}
	r.Problem = exercise.NewProblem(cause, found.EN, found.ZH)
	if lines := strings.Split(code, "\n"); found.Line > 0 && found.Line <= len(lines) {
		r.Problem.Lines = []exercise.SourceLine{{File: exercise.PageFile, Line: found.Line,
			Text: strings.TrimRight(lines[found.Line-1], "\r")}}
	}
	return r, nil
}
