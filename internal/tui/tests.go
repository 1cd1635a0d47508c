package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/gotest"
	"realtimelab/internal/terminal"
)

// testScreen runs a lesson's tests and lists them as they end.
type testScreen struct {
	*ui
	course *course
	stage  *stage

	report  gotest.Report
	run     *testRun // the last one that was begun; nil before the first
	running bool
	err     error // of the run, other than that tests failed

	failures bool // only those are listed
	selected int  // in listed; followed while it is the last
	first    int
	open     int // index in listed of the test whose output is shown; -1 for none
	output   *pager
}

// testRun is one run of the tests.
type testRun struct {
	events chan gotest.Event
	done   chan error // receives once, after events is closed
	cancel context.CancelFunc
}

// testBatch is what a run said since the last one.
type testBatch struct {
	to     *testScreen
	run    *testRun
	events []gotest.Event
	ended  bool
	err    error // with ended
}

func (b testBatch) recipient() screen { return b.to }

// maxBatch bounds the events of one message, so that keys come through.
const maxBatch = 256

// startTests runs a lesson's tests; close ends them.
func (s *stage) startTests(name string) *testRun {
	ctx, cancel := context.WithCancel(s.ctx)
	r := &testRun{events: make(chan gotest.Event, maxBatch), done: make(chan error, 1), cancel: cancel}
	if !s.working.Enter() {
		close(r.events)
		r.done <- errClosing
		return r
	}
	go func() {
		defer s.working.Leave()
		defer cancel()
		err := s.config.Test(ctx, name, func(e gotest.Event) {
			select {
			case r.events <- e:
			case <-ctx.Done():
			}
		})
		close(r.events)
		r.done <- err
	}()
	return r
}

// next waits for what a run says, and takes all that is there.
func (t *testScreen) next(r *testRun) tea.Cmd {
	return func() tea.Msg {
		b := testBatch{to: t, run: r}
		e, open := <-r.events
		for open {
			b.events = append(b.events, e)
			if len(b.events) == maxBatch {
				return b
			}
			select {
			case e, open = <-r.events:
			default:
				return b
			}
		}
		b.ended, b.err = true, <-r.done
		return b
	}
}

func (t *testScreen) title() string {
	return t.course.Title.In(t.lang) + " · " + t.say("tests", "测试")
}

func (t *testScreen) typing() bool { return false }

func (t *testScreen) bindings() []key.Binding {
	if t.open >= 0 {
		return []key.Binding{t.bind("↑/↓", "scroll", "滚动")}
	}
	run := t.bind("r", "run", "运行")
	if t.running {
		run = t.bind("r", "stop", "停止")
	}
	return []key.Binding{run, t.bind("enter", "open", "展开"), t.bind("f", "failures only", "只看失败"), t.bind("l", "lesson", "课文"), t.bind("↑/↓", "choose", "选择")}
}

// start begins a run, or ends the one that is under way.
func (t *testScreen) start() tea.Cmd {
	if t.running {
		if t.run == nil {
			return nil // it is about to begin
		}
		run := t.run
		return func() tea.Msg { run.cancel(); return nil }
	}
	t.running, t.run, t.err, t.report = true, nil, nil, gotest.Report{}
	t.selected, t.first, t.open = 0, 0, -1
	return func() tea.Msg {
		return testBatch{to: t, run: t.stage.startTests(t.course.Folder)}
	}
}

func (t *testScreen) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case testBatch:
		return t.take(msg)
	case tea.KeyMsg:
		return t.key(msg)
	case tea.MouseMsg:
		t.mouse(msg)
	}
	return nil
}

func (t *testScreen) take(b testBatch) tea.Cmd {
	t.run = b.run
	following := t.selected >= len(t.listed())-1
	for _, e := range b.events {
		t.report.Add(e)
	}
	if following && t.open < 0 {
		t.selected = max(len(t.listed())-1, 0)
	}
	if !b.ended {
		return t.next(b.run)
	}
	t.running = false
	if !errors.Is(b.err, gotest.ErrFailed) {
		t.err = b.err
	}
	for i, result := range t.listed() {
		if result.State == gotest.Failed {
			t.selected = i // where the reader wants to look first
			break
		}
	}
	return nil
}

// listed are the tests that are shown: of subtests only those that did not pass.
func (t *testScreen) listed() []*gotest.Result {
	var all []*gotest.Result
	for _, r := range t.report.Results {
		if r.State == gotest.Failed || !t.failures && !r.Subtest() {
			all = append(all, r)
		}
	}
	return all
}

func (t *testScreen) key(k tea.KeyMsg) tea.Cmd {
	if t.open >= 0 {
		if s := k.String(); s == "esc" || s == "enter" || s == "left" {
			t.open = -1
			return nil
		}
		return t.output.update(k)
	}
	switch k.String() {
	case "esc", "left", "backspace":
		return ask(goBack{})
	case "l":
		return ask(goTo{t.course.text})
	case "r":
		return t.start()
	case "f":
		t.failures = !t.failures
		t.selected = 0
	case "enter", "right":
		t.show(t.selected)
	default:
		count := len(t.listed())
		t.selected = choose(t.selected, step(k, t.height/2, count), count)
	}
	return nil
}

// show opens what a test printed.
func (t *testScreen) show(i int) {
	all := t.listed()
	if i >= len(all) {
		return
	}
	t.open, t.output = i, newPager(false)
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
	switch {
	case t.open >= 0:
		t.output.update(m)
	case wheel(m) != 0:
		t.selected = choose(t.selected, wheel(m), len(t.listed()))
	case m.Button == tea.MouseButtonLeft && m.Action == tea.MouseActionPress:
		if i := t.first + m.Y - testHead; m.Y >= testHead && i < len(t.listed()) {
			if i == t.selected {
				t.show(i)
			}
			t.selected = i
		}
	}
}

func (t *testScreen) view(width, height int) string {
	head := " " + t.status() + "\n" + soft.Render(strings.Repeat("─", width)) + "\n"
	if t.open >= 0 {
		return head + t.output.view(width-1, height-testHead)
	}
	if t.err != nil {
		head += terminal.Wrap(" "+bad.Render(t.reason()), width-1) + "\n"
	}
	all := t.listed()
	if len(all) == 0 {
		return head + "\n " + soft.Render(t.empty())
	}
	lines := height - testHead
	t.first = window(t.first, t.selected, len(all), lines)
	var b strings.Builder
	for i := t.first; i < min(t.first+lines, len(all)); i++ {
		mark := "  "
		if i == t.selected {
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
	case t.run == nil:
		return t.say("Press r to run the tests of this lesson.", "按 r 运行本课的测试。")
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
	took := ""
	if r.State != gotest.Running {
		took = "  " + r.Elapsed.Round(10*time.Millisecond).String()
	}
	return style.Render(mark) + " " + r.Name() + soft.Render("  "+r.Package+took)
}

// status is the run in numbers.
func (t *testScreen) status() string {
	state := t.say("not run yet", "尚未运行")
	switch {
	case t.running:
		state = busy.Render(t.say("… running", "… 运行中"))
	case t.err != nil:
		state = bad.Render(t.say("✗ did not run to the end", "✗ 未能运行完"))
	case t.run != nil && t.report.Counts[gotest.Failed] > 0:
		state = bad.Render(t.say("✗ failed", "✗ 失败"))
	case t.run != nil:
		state = good.Render(t.say("✓ passed", "✓ 通过"))
	}
	c := t.report.Counts
	if t.run == nil {
		return state
	}
	return state + soft.Render(fmt.Sprintf(t.say("   %d passed · %d failed · %d skipped", "   %d 通过 · %d 失败 · %d 跳过"), c[gotest.Passed], c[gotest.Failed], c[gotest.Skipped]))
}

// summary is the run in a word or two, for the home screen.
func (t *testScreen) summary() string {
	c := t.report.Counts
	switch {
	case t.running:
		return busy.Render(fmt.Sprintf(t.say("… %d tests passed", "… %d 个测试通过"), c[gotest.Passed]))
	case t.run == nil:
		return ""
	case c[gotest.Failed] > 0 || t.err != nil:
		return bad.Render(fmt.Sprintf(t.say("✗ %d tests failed", "✗ %d 个测试失败"), c[gotest.Failed]))
	}
	return good.Render(fmt.Sprintf(t.say("✓ %d tests passed", "✓ %d 个测试通过"), c[gotest.Passed]))
}

// reason says why the tests did not run, and what would help.
func (t *testScreen) reason() string { return Reason(t.err, t.lang) }
