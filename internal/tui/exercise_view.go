package tui

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/workspace"
	"realtimelab/internal/lang"
	"realtimelab/internal/terminal"
)

// sheetKind says what a sheet holds.
type sheetKind int

const (
	theTask sheetKind = iota
	theResult
	theHints
	theDiff
	theSolution
)

// sheet is what is read of an open exercise.
type sheet struct {
	of       string // the exercise
	kind     sheetKind
	body     lang.Text
	markdown bool
}

func instructions(e exercise.Exercise) sheet {
	return sheet{of: e.Name, kind: theTask, body: e.Text, markdown: true}
}

// hintsSoFar are the hints so far, the newest first.
func hintsSoFar(e exercise.Exercise, number int) sheet {
	var en, zh strings.Builder
	for i := min(number, len(e.Hints)) - 1; i >= 0; i-- {
		fmt.Fprintf(&en, "**Hint %d of %d**\n\n%s\n\n", i+1, len(e.Hints), e.Hints[i].EN)
		fmt.Fprintf(&zh, "**提示 %d，共 %d 个**\n\n%s\n\n", i+1, len(e.Hints), e.Hints[i].ZH)
	}
	return sheet{of: e.Name, kind: theHints, body: lang.Text{EN: en.String(), ZH: zh.String()}, markdown: true}
}

// result returns the sheet with a report and the advice after it.
func result(r exercise.Report, a workspace.Advice) *sheet {
	text := func(l lang.Lang) string {
		return r.Render(l, exercise.Style{}) + "\n" + a.Render(l, workspace.Moves{Hint: "h", Solution: "s", Next: "n"})
	}
	return &sheet{of: r.Name, kind: theResult, body: lang.Text{EN: text(lang.English), ZH: text(lang.Chinese)}}
}

// laid is a sheet that was laid out.
type laid struct {
	to    *exerciseScreen
	sheet sheet
	as    layout
	text  string
}

func (l laid) recipient() screen { return l.to }

func (x *exerciseScreen) layout() layout { return layout{x.lang, min(x.width-2, textWidth)} }

// lay lays the sheet out, unless it is laid out so already.
func (x *exerciseScreen) lay() tea.Cmd {
	as, s := x.layout(), x.sheet
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

// exerciseHead are the lines above the list or the sheet.
const exerciseHead = 3

func (x *exerciseScreen) view(width, height int) string {
	rule := soft.Render(strings.Repeat("─", width)) + "\n"
	if !x.opened {
		return x.progress(width) + "\n" + x.status(width) + "\n" + rule + x.list(width, height-exerciseHead)
	}
	return x.about(width) + "\n" + x.status(width) + "\n" + rule + x.pager.view(width-1, height-exerciseHead)
}

// status is the work under way, a question, a problem, or the folder.
func (x *exerciseScreen) status(width int) string {
	switch {
	case x.sure != nil:
		return cut(" "+busy.Render(x.sure.text.In(x.lang))+bold.Render("  y / n"), width)
	case x.cancel != nil:
		return cut(" "+busy.Render("… "+x.doing.In(x.lang)), width)
	case x.err != nil:
		return cut(" "+bad.Render("✗ "+Reason(x.err, x.lang)), width)
	case x.desk == nil:
		return cut(" "+soft.Render(x.say("They are written when you open one: ", "打开一个练习时才会写入：")+x.stage.config.ExerciseFolder), width)
	case x.opened:
		return cut(" "+soft.Render(strings.Join(x.paths, "  ")), width)
	}
	return cut(" "+soft.Render(x.desk.Dir), width)
}

func (x *exerciseScreen) progress(width int) string {
	if len(x.all) == 0 {
		return ""
	}
	cells := min(40, width/2)
	return ends(" "+good.Render(exercise.Bar(x.solved(), len(x.all), cells))+fmt.Sprintf(" %d/%d", x.solved(), len(x.all)), x.watching(), width)
}

func (x *exerciseScreen) watching() string {
	if x.watch == nil {
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
	page := map[sheetKind]string{
		theTask: x.say("instructions", "题目"), theResult: x.say("result", "结果"), theHints: x.say("hints", "提示"),
		theDiff: x.say("what you changed", "你的改动"), theSolution: x.say("our solution", "我们的答案"),
	}[x.sheet.kind]
	left := " " + x.mark(e) + " " + bold.Render(e.Name) + soft.Render("  "+e.Kind.Title().In(x.lang)+"  "+strings.Repeat("*", e.Level)+"  ") + page
	return ends(left, x.watching(), width)
}

// mark is how far the student is with an exercise.
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
	index   int // in all
}

func (x *exerciseScreen) lines() (lines []listLine) {
	group := ""
	for i, e := range x.all {
		if h := e.Heading(x.lessonTitle(e.Lesson)).In(x.lang); h != group {
			group = h
			lines = append(lines, listLine{heading: group})
		}
		lines = append(lines, listLine{index: i})
	}
	return lines
}

func (x *exerciseScreen) lessonTitle(name string) lang.Text {
	for _, l := range x.stage.config.Lessons {
		if l.Name == name {
			return l.Title
		}
	}
	return lang.Same(name)
}

func (x *exerciseScreen) list(width, height int) string {
	lines := x.lines()
	at := 0
	for i, l := range lines {
		if l.heading == "" && l.index == x.selected {
			at = i
		}
	}
	if at == 1 {
		at = 0 // the first heading is in sight with its first exercise
	}
	x.first = window(x.first, at, len(lines), height)
	var b strings.Builder
	for _, l := range lines[x.first:min(x.first+height, len(lines))] {
		if l.heading != "" {
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
	case x.desk != nil && i == x.next():
		pointer = accent.Render("→ ")
	}
	left := pointer + x.mark(e) + " " + name + " " + busy.Render(fit(strings.Repeat("*", e.Level), 3)) + "  " + e.Title.In(x.lang)
	return ends(left, soft.Render("  "+e.Kind.Title().In(x.lang)+" "), width)
}

// summary is the progress in a word, for the home screen.
func (x *exerciseScreen) summary() string {
	if x.desk == nil {
		return ""
	}
	return good.Render(fmt.Sprintf(x.say("✓ %d of %d solved", "✓ 完成 %d，共 %d"), x.solved(), len(x.all)))
}

// label and detail are for the home screen.
func (x *exerciseScreen) label() (name, key string) { return x.say("Exercises", "练习"), "e" }

func (x *exerciseScreen) detail() string {
	return x.say("Finish, fix, predict, build: small tasks, checked at once, with hints. You work on your own files.",
		"补全、修错、预测、自己实现：小任务，马上检查，还有提示。你修改的是自己的文件。")
}
