package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/workspace"
	"realtimelab/internal/lang"
	"realtimelab/internal/terminal"
)

// documentKind says what a document is.
type documentKind int

const (
	theTask documentKind = iota
	theResult
	theHints
	theDiff
	theSolution
)

// document is a text that belongs to the open exercise.
type document struct {
	of       string // the exercise
	kind     documentKind
	body     lang.Text
	markdown bool
}

func instructions(e exercise.Exercise) document {
	return document{of: e.Name, kind: theTask, body: e.Text, markdown: true}
}

// hintsSoFar are the hints so far, the newest first.
func hintsSoFar(e exercise.Exercise, number int) document {
	var en, zh strings.Builder
	for i := min(number, len(e.Hints)) - 1; i >= 0; i-- {
		fmt.Fprintf(&en, "**Hint %d of %d**\n\n%s\n\n", i+1, len(e.Hints), e.Hints[i].EN)
		fmt.Fprintf(&zh, "**提示 %d，共 %d 个**\n\n%s\n\n", i+1, len(e.Hints), e.Hints[i].ZH)
	}
	return document{of: e.Name, kind: theHints, body: lang.Text{EN: en.String(), ZH: zh.String()},
		markdown: true}
}

// result returns the document with a report and the advice after it.
func result(r exercise.Report, a workspace.Advice) *document {
	text := func(l lang.Lang) string {
		return r.Render(l, exercise.Style{}) + "\n" +
			a.Render(l, workspace.Moves{Hint: actHint.keys[0], Solution: actSolution.keys[0],
				Next: actUpNext.keys[0]})
	}
	return &document{of: r.Name, kind: theResult,
		body: lang.Text{EN: text(lang.English), ZH: text(lang.Chinese)}}
}

// laid is a document that was laid out.
type laid struct {
	to       *exerciseScreen
	document document
	as       layout
	text     string
}

func (l laid) recipient() screen { return l.to }

func (x *exerciseScreen) layout() layout { return layout{x.lang, min(x.width-2, textWidth)} }

// lay lays the document out, unless it is laid out so already.
func (x *exerciseScreen) lay() tea.Cmd {
	as, s := x.layout(), x.document
	if !x.opened || as == x.shown || as.width < 1 {
		return nil
	}
	return func() tea.Msg {
		text := s.body.In(as.lang)
		if !s.markdown {
			return laid{x, s, as, marked(text)}
		}
		return laid{x, s, as, setMarkdown(text, as.width)}
	}
}

// marked makes plain lines harmless, and colours them by the mark they begin with.
func marked(text string) string {
	var b strings.Builder
	for line := range splitLines(text) {
		line = terminal.Clean(line)
		switch mark := strings.TrimLeft(line, " "); {
		case strings.HasPrefix(mark, "✓"), strings.HasPrefix(line, "+"):
			line = good.Render(line)
		case strings.HasPrefix(mark, "✗"), strings.HasPrefix(line, "-"):
			line = bad.Render(line)
		case strings.HasPrefix(line, "@@"):
			line = accent.Render(line)
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// exerciseHead are the lines above the list or the document.
const exerciseHead = 3

func (x *exerciseScreen) view(width, height int) string {
	if x.opened {
		text := x.pager.view(width-1, height-exerciseHead)
		return x.about(width) + "\n" + x.status(width) + "\n" + rule(width, x.pager.status()) +
			"\n" + text
	}
	list := x.list(width, height-exerciseHead)
	remark := strings.TrimSpace(x.filter.view() + "  " + x.more(x.cursor.hidden(len(x.lines()))))
	return x.progress(width) + "\n" + x.status(width) + "\n" + rule(width, remark) + "\n" + list
}

// status is the work under way, a question, a problem, or the folder.
func (x *exerciseScreen) status(width int) string {
	switch {
	case x.cancel != nil:
		return cut(" "+busy.Render("… "+x.doing.In(x.lang)), width)
	case x.err != nil:
		return cut(" "+bad.Render("✗ "+Reason(x.err, x.lang)), width)
	case x.workspace == nil:
		return cut(" "+soft.Render(x.say("They are written when you open one, to ",
			"打开一个练习时才会写入：")+x.background.config.ExerciseFolder), width)
	case x.opened:
		return cut(" "+soft.Render(strings.Join(x.paths, "  ")), width)
	}
	return cut(" "+soft.Render(x.workspace.Dir), width)
}

func (x *exerciseScreen) progress(width int) string {
	if len(x.all) == 0 {
		return ""
	}
	cells := min(40, width/2)
	return ends(" "+good.Render(exercise.Bar(x.solved(), len(x.all), cells))+fmt.Sprintf(" %d/%d",
		x.solved(), len(x.all)), x.watchMark(), width)
}

func (x *exerciseScreen) watchMark() string {
	if !x.watching {
		return ""
	}
	return busy.Render(x.say("● checked when saved ", "● 保存时检查 "))
}

func (x *exerciseScreen) solved() (n int) {
	for _, s := range x.states {
		if s == exercise.Done {
			n++
		}
	}
	return n
}

// about is an open exercise in a line.
func (x *exerciseScreen) about(width int) string {
	e := x.all[x.selected]
	page := map[documentKind]string{
		theTask: x.say("instructions", "题目"), theResult: x.say("result", "结果"),
		theHints:    x.say("hints", "提示"),
		theDiff:     x.say("what you changed", "你的改动"),
		theSolution: x.say("our solution", "我们的答案"),
	}[x.document.kind]
	left := " " + x.mark(e) + " " + bold.Render(e.Name) + soft.Render("  "+
		e.Kind.Title().In(x.lang)+"  "+strings.Repeat("*", e.Level)+"  ") + page
	return ends(left, x.watchMark(), width)
}

// mark shows the student's progress with an exercise.
func (x *exerciseScreen) mark(e exercise.Exercise) string {
	switch x.states[e.Name] {
	case exercise.Done:
		return good.Render("✓")
	case exercise.Started:
		return busy.Render("○")
	}
	return soft.Render("·")
}

// listLine is a line of the list: a lesson's title, or an exercise.
type listLine struct {
	heading string
	index   int // in all; -1 for a heading
}

// lines returns the exercises that pass the filter, under the titles of their lessons.
func (x *exerciseScreen) lines() (lines []listLine) {
	group := ""
	for i, e := range x.all {
		h := e.Heading(x.lessonTitle(e.Lesson)).In(x.lang)
		if !matches(strings.Join([]string{e.Name, e.Title.In(x.lang), e.Kind.Title().In(x.lang), h},
			" "), x.filter.value()) {
			continue
		}
		if h != group {
			group = h
			lines = append(lines, listLine{group, -1})
		}
		lines = append(lines, listLine{index: i})
	}
	return lines
}

// move moves the selection in the list, past the titles.
func (x *exerciseScreen) move(by int) {
	lines := x.lines()
	if len(lines) == 0 {
		return
	}
	at := x.lineOf(lines) + by
	at = max(min(at, len(lines)-1), 0)
	if lines[at].index < 0 { // the first line is a title, and an exercise follows every title
		if by > 0 || at == 0 {
			at++
		} else {
			at--
		}
	}
	x.selected = lines[at].index
}

// lineOf returns the line of the selected exercise, the first exercise's if it is not in the list.
func (x *exerciseScreen) lineOf(lines []listLine) int {
	return max(slices.IndexFunc(lines, func(l listLine) bool {
		return l.index == x.selected
	}), min(1, len(lines)))
}

func (x *exerciseScreen) lessonTitle(name string) lang.Text {
	for _, l := range x.background.config.Lessons {
		if l.Name == name {
			return l.Title
		}
	}
	return lang.Same(name)
}

func (x *exerciseScreen) list(width, height int) string {
	lines := x.lines()
	if len(lines) == 0 && len(x.all) > 0 {
		return "\n " + soft.Render(x.say("No exercise passes the filter. esc clears it.",
			"没有符合筛选条件的练习。按 esc 清除。"))
	}
	x.cursor.at = x.lineOf(lines)
	if x.cursor.at == 1 {
		x.cursor.first = 0 // the first title is in sight with its first exercise
	}
	from, to := x.cursor.span(len(lines), height)
	var b strings.Builder
	for _, l := range lines[from:to] {
		if l.index < 0 {
			b.WriteString(" " + bold.Render(l.heading) + "\n")
			continue
		}
		b.WriteString(x.line(l.index, width) + "\n")
	}
	return b.String()
}

func (x *exerciseScreen) line(i, width int) string {
	e := x.all[i]
	pointer, name := "  ", fit(e.Name, 20)
	switch {
	case i == x.selected:
		pointer, name = accent.Render("▸ "), chosen.Render(name)
	case x.workspace != nil && i == x.next():
		pointer = accent.Render("→ ")
	}
	left := pointer + x.mark(e) + " " + name + " " +
		busy.Render(fit(strings.Repeat("*", e.Level), 3)) + "  " + e.Title.In(x.lang)
	return ends(left, soft.Render("  "+e.Kind.Title().In(x.lang)+" "), width)
}

func (x *exerciseScreen) label() string {
	name := x.say("Exercises", "练习")
	if x.workspace == nil {
		return name
	}
	return fmt.Sprintf("%s %d/%d", name, x.solved(), len(x.all))
}
