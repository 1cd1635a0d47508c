package gotest

import (
	"path"
	"strings"
	"time"
)

// State is the progress of a test.
type State int

// The states.
const (
	Running State = iota
	Passed
	Failed
	Skipped
)

// Result is one test, or one package that failed outside its tests.
type Result struct {
	Path    string // import path of the package
	Package string // the last part of Path
	Test    string // empty: the package itself
	State   State
	Elapsed time.Duration
	Output  []string // lines; bounded

	Unfinished bool // Failed because the test binary ended before the test did

	partial bool // the last line of Output has not ended
}

// outputLines bounds the output lines that are kept of one test.
const outputLines = 500

// Report holds the state of a run.
type Report struct {
	Results []*Result // in the order in which they began
	Counts  [Skipped + 1]int

	byName   map[[2]string]*Result
	packages map[string]*Result // by path: output outside tests
}

// Add takes the run's next event.
func (r *Report) Add(e Event) {
	if e.Package == "" {
		e.Package, _, _ = strings.Cut(e.ImportPath, " ")
	}
	if e.Test == "" {
		r.addPackage(e)
		return
	}
	t := r.byName[[2]string{e.Package, e.Test}]
	if t == nil {
		if r.byName == nil {
			r.byName = map[[2]string]*Result{}
		}
		t = &Result{Path: e.Package, Package: path.Base(e.Package), Test: e.Test}
		r.byName[[2]string{e.Package, e.Test}] = t
		r.Results = append(r.Results, t)
		r.Counts[Running]++
	}
	switch e.Action {
	case "output":
		if t.partial || !framing(e.Output) {
			t.say(e.Output)
		}
	case "pass":
		r.end(t, Passed, e)
	case "fail":
		r.end(t, Failed, e)
	case "skip":
		r.end(t, Skipped, e)
	}
}

func (r *Report) end(t *Result, s State, e Event) {
	r.Counts[t.State]--
	r.Counts[s]++
	t.State = s
	t.Elapsed = time.Duration(e.Elapsed * float64(time.Second))
}

// addPackage collects a package's output outside its tests. A failed package becomes a result of
// its own if it printed something (it did not compile, or leaked), or if none of its tests failed.
func (r *Report) addPackage(e Event) {
	p := r.pkg(e.Package)
	switch e.Action {
	case "output", "build-output":
		if !verdict(e.Output) {
			p.say(e.Output)
		}
	case "fail":
		if e.FailedBuild != "" && p.Output == nil {
			name, _, _ := strings.Cut(e.FailedBuild, " ")
			p.Output = r.pkg(name).Output
		}
		r.endUnfinished(e.Package)
		if len(p.Output) > 0 || !r.failedIn(e.Package) {
			r.Results = append(r.Results, p)
			r.Counts[Running]++
			r.end(p, Failed, e)
		}
	}
}

func (r *Report) pkg(name string) *Result {
	if r.packages[name] == nil {
		if r.packages == nil {
			r.packages = map[string]*Result{}
		}
		r.packages[name] = &Result{Path: name, Package: path.Base(name)}
	}
	return r.packages[name]
}

// endUnfinished fails the tests that a package's panic or timeout interrupted.
func (r *Report) endUnfinished(pkg string) {
	for _, t := range r.Results {
		if t.Path == pkg && t.State == Running {
			t.Unfinished = true
			t.partial = false
			t.say("did not finish: the test binary ended first")
			r.end(t, Failed, Event{})
		}
	}
}

func (r *Report) failedIn(pkg string) bool {
	for name, t := range r.byName {
		if name[0] == pkg && t.State == Failed {
			return true
		}
	}
	return false
}

// say adds a line. A long one comes in pieces, of which only the last ends with a newline.
func (t *Result) say(output string) {
	line := strings.TrimRight(output, "\r\n")
	switch {
	case t.partial:
		t.Output[len(t.Output)-1] += line
	case len(t.Output) < outputLines:
		t.Output = append(t.Output, line)
	default:
		return
	}
	t.partial = !strings.HasSuffix(output, "\n")
}

// framing reports whether the go command prints the line around a test.
func framing(line string) bool {
	line = strings.TrimLeft(line, " ")
	return strings.HasPrefix(line, "=== ") || strings.HasPrefix(line, "--- ")
}

// verdict reports whether the line is the result of a whole package.
func verdict(line string) bool {
	line = strings.TrimRight(line, "\r\n")
	return line == "PASS" || line == "FAIL" || strings.HasPrefix(line, "exit status ") ||
		strings.HasPrefix(line, "ok  \t") ||
		strings.HasPrefix(line, "?   \t") || strings.HasPrefix(line, "FAIL\t")
}

// Subtest reports whether the test is part of another.
func (t *Result) Subtest() bool { return strings.Contains(t.Test, "/") }

// Name returns the test's name, or a name for the whole package.
func (t *Result) Name() string {
	if t.Test == "" {
		return "package " + t.Package
	}
	return t.Test
}
