package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"realtimelab/internal/gotest"
	"realtimelab/internal/lang"
	"realtimelab/internal/terminal"
)

const module = "realtimelab/"

// slowest is the number of slowest tests, and of slowest packages, that a report names.
const slowest = 5

// span is the time during which the tests of a package ran, without their compiling.
type span struct {
	pkg         string
	start, stop time.Time
}

// took returns the length of the span, 0 if the tests never started.
func (s span) took() time.Duration {
	if s.start.IsZero() {
		return 0
	}
	return s.stop.Sub(s.start)
}

// summary follows a run and prints its report.
type summary struct {
	root  string
	args  []string // of go test
	out   io.Writer
	began time.Time

	run     gotest.Report
	printed map[*gotest.Result]bool

	passed, failed, skipped int
	packages                []span
	starts                  map[string]time.Time
	doubtful                []*gotest.Result  // failures that a second try may clear
	noise                   map[string]string // test → the first line it printed past t.Log
}

func newSummary(root string, args []string, out io.Writer) *summary {
	return &summary{
		root: root, args: args, out: out, began: time.Now(),
		printed: map[*gotest.Result]bool{}, noise: map[string]string{},
		starts: map[string]time.Time{},
	}
}

// counts returns the last line of a report.
func (s *summary) counts() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", s.passed, s.failed, s.skipped)
}

func (s *summary) add(e gotest.Event) {
	s.run.Add(e)
	if e.Test != "" {
		return
	}
	switch e.Action {
	case "start":
		s.starts[e.Package] = time.Now()
	case "pass", "fail":
		s.packages = append(s.packages, span{e.Package, s.starts[e.Package], time.Now()})
		s.ended(e.Package)
	case "skip":
		s.ended(e.Package)
	}
}

// ended counts the tests of a package that has ended and prints its failures.
func (s *summary) ended(pkg string) {
	var results []*gotest.Result
	parents := map[string]bool{}
	for _, r := range s.run.Results {
		if r.Path == pkg && !s.printed[r] {
			s.printed[r] = true
			results = append(results, r)
			if i := strings.LastIndexByte(r.Test, '/'); i >= 0 {
				parents[r.Test[:i]] = true
			}
		}
	}
	found := map[string]finding{}
	for _, r := range results {
		if r.State == gotest.Failed {
			found[r.Test] = s.find(r)
		}
	}
	var unfinished []string
	for _, r := range results {
		f := found[r.Test]
		switch {
		case r.State == gotest.Failed && f.certain:
			s.fail(r, f)
		case r.State == gotest.Failed && (anyFailed(results, r.Test) || explained(found, r.Test)):
			// It failed because of a subtest, or because the test around it ended.
		case r.State == gotest.Failed && r.Unfinished:
			s.failed++
			unfinished = append(unfinished, r.Test)
		case r.State == gotest.Failed:
			s.fail(r, f)
		case parents[r.Test]:
		case r.State == gotest.Skipped:
			s.skipped++
		default:
			s.passed++
			s.listen(r)
		}
	}
	if len(unfinished) > 0 {
		fmt.Fprintf(s.out, "did not finish in %s: %s\n\n", strings.TrimPrefix(pkg, module),
			strings.Join(unfinished, ", "))
	}
}

// fail counts a failure and prints it.
func (s *summary) fail(r *gotest.Result, f finding) {
	s.failed++
	if r.Test != "" && !r.Unfinished && !f.proof {
		s.doubtful = append(s.doubtful, r)
	}
	s.print(r, f)
}

// anyFailed reports whether a subtest of the test failed.
func anyFailed(results []*gotest.Result, test string) bool {
	return slices.ContainsFunc(results, func(r *gotest.Result) bool {
		return r.State == gotest.Failed && strings.HasPrefix(r.Test, test+"/")
	})
}

// explained reports whether the panic of a test around this one explains its failure: go test
// reports the panic of a subtest on the outermost test.
func explained(found map[string]finding, test string) bool {
	for i := strings.LastIndexByte(test, '/'); i >= 0; i = strings.LastIndexByte(test[:i], '/') {
		if f := found[test[:i]]; f.certain && strings.Contains(f.text[0], "repanicked]") {
			return true
		}
	}
	return false
}

// listen records a passed test that printed something: a passing run must be silent. Text of t.Log
// and t.Output is indented, and go test prints it only for failed tests.
func (s *summary) listen(r *gotest.Result) {
	for _, line := range r.Output {
		if line != "" && !strings.HasPrefix(line, "    ") {
			s.noise[strings.TrimPrefix(r.Path, module)+" "+r.Test] = line
			return
		}
	}
}

// print prints a failure: the test, where, what, and how to run it again.
func (s *summary) print(r *gotest.Result, f finding) {
	pkg := strings.TrimPrefix(r.Path, module)
	fmt.Fprintf(s.out, "FAIL %s  (%s, %s)\n", r.Name(), pkg, r.Elapsed.Round(10*time.Millisecond))
	if f.where != "" {
		fmt.Fprintln(s.out, "  "+f.where)
	}
	text := f.text
	if text == nil {
		text = r.Output[max(0, len(r.Output)-findingLines):]
	}
	for _, line := range text {
		fmt.Fprintln(s.out, "    "+terminal.Clean(strings.TrimPrefix(line, "    ")))
	}
	fmt.Fprintf(s.out, "  again: %s\n\n", s.again(r))
	if os.Getenv("CI") == "true" && len(r.Output) > len(text) {
		// the log file does not outlive the machine
		fmt.Fprintf(s.out, "  all that %s printed:\n", r.Name())
		for _, line := range r.Output {
			fmt.Fprintln(s.out, "    "+terminal.Clean(line))
		}
		fmt.Fprintln(s.out)
	}
}

// again returns the command that runs a test again, with the flags of this run that matter for it.
func (s *summary) again(r *gotest.Result) string {
	words := []string{"go test"}
	for _, arg := range s.only(r) {
		if strings.HasPrefix(arg, "^") {
			arg = "'" + arg + "'"
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}

// only returns the arguments of go test that run one test.
func (s *summary) only(r *gotest.Result) []string {
	args := []string{"-count=1"}
	for _, arg := range s.args {
		if arg == "-race" || arg == "-short" {
			args = append(args, arg)
		}
	}
	if r.Test != "" {
		parts := strings.Split(r.Test, "/")
		for i, p := range parts {
			parts[i] = "^" + quoteMeta(p) + "$"
		}
		args = append(args, "-run", strings.Join(parts, "/"))
	}
	return append(args, "./"+strings.TrimPrefix(r.Path, module))
}

// quoteMeta escapes the special characters of regular expressions and of single-quoted shell words.
func quoteMeta(name string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case r == '\'':
			b.WriteByte('.')
		case strings.ContainsRune(`\.+*?()|[]{}^$`, r):
			b.WriteString(`\` + string(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// end prints what concerns the whole run.
func (s *summary) end(took time.Duration) {
	for _, name := range slices.Sorted(maps.Keys(s.noise)) {
		fmt.Fprintf(s.out, "not silent: %s printed %.120q\n", name, s.noise[name])
	}
	s.printSkips()
	s.printSlowest()
	s.printPackages()
	fmt.Fprintf(s.out, "%s in %s, %s\n",
		lang.Counted(s.passed+s.failed+s.skipped, "test"),
		lang.Counted(len(s.packages), "package"), took.Round(100*time.Millisecond))
}

// printSkips prints each reason for skipping once.
func (s *summary) printSkips() {
	reasons := map[string]int{}
	for _, r := range s.run.Results {
		if r.State != gotest.Skipped {
			continue
		}
		reason := "no reason given"
		if len(r.Output) > 0 {
			_, text, found := strings.Cut(r.Output[len(r.Output)-1], ".go:")
			if _, after, ok := strings.Cut(text, ": "); found && ok {
				reason = after
			}
		}
		reasons[reason]++
	}
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		fmt.Fprintf(s.out, "skipped %d: %s\n", reasons[reason], reason)
	}
}

func (s *summary) printSlowest() {
	var tests []*gotest.Result
	for _, r := range s.run.Results {
		if r.Test != "" && !r.Subtest() {
			tests = append(tests, r)
		}
	}
	slices.SortStableFunc(tests, func(a, b *gotest.Result) int {
		return cmp.Compare(b.Elapsed, a.Elapsed)
	})
	var names []string
	for _, r := range tests[:min(slowest, len(tests))] {
		names = append(names, fmt.Sprintf("%s %s %.1fs", strings.TrimPrefix(r.Path, module), r.Test,
			r.Elapsed.Seconds()))
	}
	if len(names) > 0 {
		fmt.Fprintln(s.out, "slowest: "+strings.Join(names, ", "))
	}
}

// printPackages prints the packages whose tests ran longest, with their times in the run: a long
// package that begins late leaves the other cores idle at the end.
func (s *summary) printPackages() {
	spans := slices.Clone(s.packages)
	slices.SortStableFunc(spans, func(a, b span) int { return cmp.Compare(b.took(), a.took()) })
	var names []string
	for _, p := range spans[:min(slowest, len(spans))] {
		if p.took() > 0 {
			at := func(t time.Time) float64 { return t.Sub(s.began).Seconds() }
			names = append(names, fmt.Sprintf("%s %.1fs (%.0fs to %.0fs)",
				strings.TrimPrefix(p.pkg, module), p.took().Seconds(), at(p.start), at(p.stop)))
		}
	}
	if len(names) > 0 {
		fmt.Fprintln(s.out, "slowest packages: "+strings.Join(names, ", "))
	}
}
