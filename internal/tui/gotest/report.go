package gotest

import (
	"path"
	"strings"
	"time"
)

// State is where a test stands.
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
	Package string // the last part of its path
	Test    string // empty: the package itself
	State   State
	Elapsed time.Duration
	Output  []string // lines; bounded
}

// outputLines are kept of one test.
const outputLines = 500

// Report is what is known of a run.
type Report struct {
	Results []*Result // in the order of their beginning
	Counts  [Skipped + 1]int

	byName   map[[2]string]*Result
	packages map[string]*Result // what a package says outside its tests
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
		t = &Result{Package: path.Base(e.Package), Test: e.Test}
		r.byName[[2]string{e.Package, e.Test}] = t
		r.Results = append(r.Results, t)
		r.Counts[Running]++
	}
	switch e.Action {
	case "output":
		if !framing(e.Output) {
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

// addPackage makes a result of a package only if it failed and none of its tests did:
// it was not built, or panicked, or leaked.
func (r *Report) addPackage(e Event) {
	p := r.packages[e.Package]
	if p == nil {
		if r.packages == nil {
			r.packages = map[string]*Result{}
		}
		p = &Result{Package: path.Base(e.Package)}
		r.packages[e.Package] = p
	}
	switch e.Action {
	case "output", "build-output":
		p.say(e.Output)
	case "fail":
		if !r.failedIn(e.Package) {
			r.Results = append(r.Results, p)
			r.Counts[Running]++
			r.end(p, Failed, e)
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

func (t *Result) say(output string) {
	if len(t.Output) < outputLines {
		t.Output = append(t.Output, strings.TrimRight(output, "\r\n"))
	}
}

// framing is what the go command prints around a test.
func framing(line string) bool {
	line = strings.TrimLeft(line, " ")
	return strings.HasPrefix(line, "=== ") || strings.HasPrefix(line, "--- ")
}

// Subtest reports whether it is part of another test.
func (t *Result) Subtest() bool { return strings.Contains(t.Test, "/") }

// Name is the test's, or says that it is all of the package.
func (t *Result) Name() string {
	if t.Test == "" {
		return "package " + t.Package
	}
	return t.Test
}
