package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/gotest"
	"realtimelab/internal/lang"
	"realtimelab/internal/terminal"
)

// testScreen runs a lesson's tests and lists them as they end.
type testScreen struct {
	*ui
	entry      *entry
	background *background

	report  gotest.Report
	job     *testJob // the last one; nil before the first
	running bool
	err     error // of the run, other than that tests failed

	failures bool // only those are listed
	filter   *prompt
	cursor   cursor // in listed; follows while it is at the last
	output   *pager // of the test that is open; nil for none
}

type (
	testJob  = job[gotest.Event, struct{}]
	testTold = told[gotest.Event, struct{}]
)

func newTests(u *ui, e *entry, b *background) *testScreen {
	t := &testScreen{ui: u, entry: e, background: b}
	t.filter = newPrompt(func() { t.cursor.at = 0 })
	return t
}

// startTests runs the tests of a lesson's folder.
func (b *background) startTests(folder string) *testJob {
	return startJob(b, func(ctx context.Context, tell func(gotest.Event)) (struct{}, error) {
		return struct{}{}, b.config.Test(ctx, folder, tell)
	})
}

func (t *testScreen) title() string {
	return t.entry.Title.In(t.lang) + " · " + t.say("tests", "测试")
}

func (t *testScreen) search() *prompt {
	if t.output != nil {
		return t.output.find
	}
	return t.filter
}

// back closes the output of a test.
func (t *testScreen) back() (tea.Cmd, bool) {
	open := t.output != nil
	t.output = nil
	return nil, open
}

func (t *testScreen) commands() []command {
	run := actRun.on(t.start).as("run the tests", "运行测试")
	if t.running {
		run = actStop.on(t.stop)
	}
	text := actText.on(func() tea.Cmd { return t.visit(t.entry.text) })
	if t.output != nil {
		return append([]command{run, text}, t.output.commands()...)
	}
	failures := actFailures.then(func() { t.failures, t.cursor.at = !t.failures, 0 })
	if t.failures {
		failures = failures.as("all tests", "全部测试")
	}
	count := func() int { return len(t.listed()) }
	all := []command{run, actOpen.then(t.open).as("output", "输出"), failures, text}
	all = append(all, t.filter.filters(func(by int) { t.cursor.move(by, count()) })...)
	return append(all, t.cursor.commands(count)...)
}

// start begins a run.
func (t *testScreen) start() tea.Cmd {
	if t.running {
		return nil
	}
	t.running, t.job, t.err, t.report = true, nil, nil, gotest.Report{}
	t.cursor, t.output = cursor{}, nil
	return begin(t, func() *testJob { return t.background.startTests(t.entry.Folder) })
}

// stop ends the run.
func (t *testScreen) stop() tea.Cmd {
	if t.job == nil {
		return nil // it is about to begin
	}
	run := t.job
	return func() tea.Msg { run.cancel(); return nil }
}

func (t *testScreen) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case testTold:
		return t.take(msg)
	case tea.MouseMsg:
		t.mouse(msg)
	}
	return nil
}

func (t *testScreen) take(said testTold) tea.Cmd {
	t.job = said.job
	following := t.cursor.at >= len(t.listed())-1
	for _, e := range said.news {
		t.report.Add(e)
	}
	if following && t.output == nil {
		t.cursor.move(far, len(t.listed()))
	}
	if said.end == nil {
		return said.job.next(t)
	}
	t.running = false
	if !errors.Is(said.end.err, gotest.ErrFailed) {
		t.err = said.end.err
	}
	for i, result := range t.listed() {
		if result.State == gotest.Failed {
			t.cursor.at = i // where the reader wants to look first
			break
		}
	}
	return nil
}

// listed returns the tests that are shown: subtests only if they failed.
func (t *testScreen) listed() []*gotest.Result {
	var all []*gotest.Result
	for _, r := range t.report.Results {
		shown := r.State == gotest.Failed || !t.failures && !r.Subtest()
		if shown && matches(r.Name()+" "+r.Package, t.filter.value()) {
			all = append(all, r)
		}
	}
	return all
}

// counts returns the number of tests in each state, without subtests: as many as the list has.
func (t *testScreen) counts() (c [gotest.Skipped + 1]int) {
	for _, r := range t.report.Results {
		if !r.Subtest() {
			c[r.State]++
		}
	}
	return c
}

// open shows what the selected test printed.
func (t *testScreen) open() {
	all := t.listed()
	i := t.cursor.at
	if i >= len(all) {
		return
	}
	t.output = newPager(t.ui, false)
	var b strings.Builder
	b.WriteString(t.line(all[i], true) + "\n\n")
	for _, line := range all[i].Output {
		b.WriteString(terminal.Clean(line) + "\n")
	}
	if len(all[i].Output) == 0 {
		b.WriteString(soft.Render(t.say("It printed nothing.", "没有输出。")))
	}
	t.output.set(b.String())
}

// testHead are the lines above the list.
const testHead = 2

func (t *testScreen) mouse(m tea.MouseMsg) {
	if t.output != nil {
		t.output.mouse(m)
		return
	}
	i := t.cursor.mouse(m, testHead, len(t.listed()))
	switch {
	case i < 0:
	case i == t.cursor.at:
		t.open()
	default:
		t.cursor.at = i
	}
}

func (t *testScreen) view(width, height int) string {
	remark := t.filter.view()
	if t.output != nil {
		text := t.output.view(width-1, height-testHead)
		return cut(" "+t.status(), width) + "\n" + rule(width, t.output.status()) + "\n" + text
	}
	all := t.listed()
	lines := height - testHead
	from, to := t.cursor.span(len(all), lines)
	if more := t.more(t.cursor.hidden(len(all))); more != "" {
		remark = strings.TrimSpace(remark + "  " + more)
	}
	head := cut(" "+t.status(), width) + "\n" + rule(width, remark) + "\n"
	if t.err != nil {
		head += terminal.Wrap(" "+bad.Render(t.reason()), width-1) + "\n"
	}
	if len(all) == 0 {
		return head + "\n " + soft.Render(t.empty())
	}
	var b strings.Builder
	for i := from; i < to; i++ {
		mark := "  "
		if i == t.cursor.at {
			mark = accent.Render("▸ ")
		}
		b.WriteString(mark + t.line(all[i], false) + "\n")
	}
	return head + b.String()
}

func (t *testScreen) empty() string {
	switch {
	case t.running:
		return t.say("Building the tests…", "正在编译测试……")
	case t.job == nil:
		return t.say("Press r to run the tests of this lesson.", "按 r 运行本课的测试。")
	case t.filter.value() != "":
		return t.say("No test passes the filter. esc clears it.",
			"没有符合筛选条件的测试。按 esc 清除。")
	case t.failures:
		return t.say("No test failed.", "没有失败的测试。")
	}
	return t.say("No test ran.", "没有运行任何测试。")
}

// line is a test with its state as a mark, and as a word if asked.
func (t *testScreen) line(r *gotest.Result, word bool) string {
	mark, say, style := "…", t.say("running", "运行中"), busy
	switch r.State {
	case gotest.Passed:
		mark, say, style = "✓", t.say("passed", "通过"), good
	case gotest.Failed:
		mark, say, style = "✗", t.say("failed", "失败"), bad
	case gotest.Skipped:
		mark, say, style = "–", t.say("skipped", "跳过"), soft
	}
	if word {
		mark += " " + say
	}
	name := r.Name()
	if r.Subtest() {
		name = "  " + name
	}
	took := ""
	if r.State != gotest.Running {
		took = "  " + r.Elapsed.Round(10*time.Millisecond).String()
	}
	return style.Render(mark) + " " + name + soft.Render("  "+r.Package+took)
}

// status is the run in numbers.
func (t *testScreen) status() string {
	state := t.say("not run yet", "尚未运行")
	switch {
	case t.running:
		state = busy.Render(t.say("… running", "… 运行中"))
	case t.err != nil:
		state = bad.Render(t.say("✗ did not run to the end", "✗ 未能运行完"))
	case t.job != nil && t.counts()[gotest.Failed] > 0:
		state = bad.Render(t.say("✗ failed", "✗ 失败"))
	case t.job != nil:
		state = good.Render(t.say("✓ passed", "✓ 通过"))
	}
	c := t.counts()
	if t.job == nil {
		return state
	}
	return state + soft.Render(fmt.Sprintf(t.say("   %d passed · %d failed · %d skipped",
		"   %d 通过 · %d 失败 · %d 跳过"), c[gotest.Passed], c[gotest.Failed], c[gotest.Skipped]))
}

// summary is the run in a word or two, for the home screen.
func (t *testScreen) summary() string {
	c := t.counts()
	switch {
	case t.running:
		return busy.Render(fmt.Sprintf(t.say("… %s passed", "… %d 个测试通过"),
			lang.Counted(c[gotest.Passed], "test")))
	case t.job == nil:
		return ""
	case c[gotest.Failed] > 0 || t.err != nil:
		return bad.Render(fmt.Sprintf(t.say("✗ %s failed", "✗ %d 个测试失败"),
			lang.Counted(c[gotest.Failed], "test")))
	}
	return good.Render(fmt.Sprintf(t.say("✓ %s passed", "✓ %d 个测试通过"),
		lang.Counted(c[gotest.Passed], "test")))
}

// reason says why the tests did not run, and what would help.
func (t *testScreen) reason() string { return Reason(t.err, t.lang) }
