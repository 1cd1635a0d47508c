package tui

import (
	"context"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/workspace"
	"realtimelab/internal/lang"
)

// exerciseScreen shows the list of exercises, and one open exercise at a time.
// Nothing is written before an exercise is opened.
type exerciseScreen struct {
	*ui
	background *background

	loading   bool // or loaded
	all       []exercise.Exercise
	workspace *workspace.Workspace // nil until the student's folder is there; used by work alone
	states    map[string]exercise.State
	nextUp    string // the exercise to do next, "" if all are solved

	cancel context.CancelFunc // ends the work under way; nil without any
	doing  lang.Text          // what it is
	err    error              // of the last one

	watching bool      // what is saved is checked
	watch    *watchJob // nil before it has begun
	pending  []string  // were saved and wait for their check

	selected int // in all
	cursor   cursor
	filter   *prompt

	opened   bool
	paths    []string // the student's files of the open exercise
	document document
	shown    layout // of document, in pager
	pager    *pager
}

func newExercises(u *ui, b *background) *exerciseScreen {
	x := &exerciseScreen{ui: u, background: b, pager: newPager(u, false)}
	x.filter = newPrompt(func() { x.move(0) })
	return x
}

func (x *exerciseScreen) title() string {
	if x.opened {
		return x.say("Exercises", "练习") + " · " + x.all[x.selected].Name
	}
	return x.say("Exercises", "练习")
}

func (x *exerciseScreen) search() *prompt {
	if x.opened {
		return x.pager.find
	}
	return x.filter
}

func (x *exerciseScreen) commands() []command {
	if len(x.all) == 0 {
		return nil
	}
	watch := actWatch.on(x.toggleWatch)
	if x.watching {
		watch = watch.as("stop watching", "停止监视")
	}
	next := actUpNext.on(x.goToNext)
	var all []command
	if x.cancel != nil {
		all = append(all, actStop.then(x.cancel))
	}
	if !x.opened {
		if len(x.lines()) > 0 {
			all = append(all, actOpen.on(func() tea.Cmd { return x.open(x.selected) }))
		}
		all = append(all, next, actCheckAll.on(x.checkAll), watch)
		all = append(all, x.filter.filters(x.move)...)
		return append(all, moving(x.move, x.cursor.page)...)
	}
	e := x.all[x.selected]
	all = append(all,
		actRun.on(func() tea.Cmd { return x.check(e.Name) }).as("check", "检查"),
		actHint.on(func() tea.Cmd { return x.hint(e) }),
		actEdit.on(func() tea.Cmd { return x.edit(e) }),
		watch,
		actDiff.on(func() tea.Cmd { return x.diff(e) }),
		actSolution.on(func() tea.Cmd { return x.solution(e, false) }),
		actText.on(func() tea.Cmd {
			x.turnTo(instructions(e))
			return x.lay()
		}).as("instructions", "题目"),
		actReset.then(func() { x.askReset(e) }),
		next,
		actCopy.on(func() tea.Cmd {
			return ask(copyText{text: x.paths[0]})
		}).as("copy the path", "复制路径"))
	return append(all, x.pager.commands()...)
}

func (x *exerciseScreen) askReset(e exercise.Exercise) {
	x.confirm(x.say("Start again? Your files are kept in a backup.",
		"从头开始？你现有的内容会备份。"), func() tea.Cmd {
		return x.reset(e)
	})
}

// resized loads the exercises when they are first shown, and lays out the document.
func (x *exerciseScreen) resized() tea.Cmd {
	if !x.loading {
		x.loading = true
		return x.load()
	}
	return x.lay()
}

func (x *exerciseScreen) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case workDone:
		return x.take(msg)
	case laid:
		if msg.document == x.document && msg.as == x.layout() {
			x.shown = msg.as
			x.pager.set(msg.text)
		}
	case watchTold:
		return x.saved(msg)
	case edited:
		return x.edited(msg)
	case tea.MouseMsg:
		return x.mouse(msg)
	}
	return nil
}

// take shows what work led to, and goes on with what was saved meanwhile.
func (x *exerciseScreen) take(d workDone) tea.Cmd {
	x.cancel, x.err = nil, d.err
	if d.all != nil {
		x.all = d.all
	}
	if d.workspace != nil {
		x.workspace, x.states, x.nextUp = d.workspace, d.states, d.next
	}
	if d.question != nil {
		x.question = d.question
	}
	if d.notice != "" {
		x.notice = d.notice
	}
	if d.document != nil {
		if i := x.index(d.document.of); !x.opened || i != x.selected {
			x.look(i)
		}
		x.turnTo(*d.document)
	}
	if len(x.pending) > 0 && d.err == nil && d.question == nil {
		name := x.pending[0]
		x.pending = x.pending[1:]
		return tea.Batch(x.lay(), x.check(name))
	}
	x.pending = nil
	return x.lay()
}

// index returns the place of an exercise in all, -1 if it is not there.
func (x *exerciseScreen) index(name string) int {
	return slices.IndexFunc(x.all, func(e exercise.Exercise) bool { return e.Name == name })
}

// look leaves the list for an exercise.
func (x *exerciseScreen) look(i int) {
	x.selected, x.opened, x.paths = i, true, x.files(x.all[i])
}

// turnTo shows a document from its beginning.
func (x *exerciseScreen) turnTo(d document) {
	x.document, x.shown = d, layout{}
	x.pager.set("")
	x.pager.top()
}

// back ends a check under way, else leaves the document, and the exercise.
func (x *exerciseScreen) back() (tea.Cmd, bool) {
	switch {
	case x.cancel != nil:
		x.cancel()
		return nil, true
	case x.opened && x.document.kind != theTask:
		x.turnTo(instructions(x.all[x.selected]))
		return x.lay(), true
	case x.opened:
		x.opened = false
		return nil, true
	}
	return nil, false
}

// next returns where the exercise to do next is in all: the first without a folder, -1 if all are
// solved.
func (x *exerciseScreen) next() int {
	if x.workspace == nil {
		return 0
	}
	return x.index(x.nextUp)
}

func (x *exerciseScreen) goToNext() tea.Cmd {
	i := x.next()
	if i < 0 {
		return ask(noticed{workspace.AllSolved.In(x.lang)})
	}
	return x.open(i)
}

func (x *exerciseScreen) mouse(m tea.MouseMsg) tea.Cmd {
	switch {
	case len(x.all) == 0:
		return nil
	case x.opened:
		return x.pager.mouse(m)
	case wheel(m) != 0:
		x.move(wheel(m))
		return nil
	}
	lines := x.lines()
	i := x.cursor.mouse(m, exerciseHead, len(lines))
	switch {
	case i < 0 || lines[i].index < 0:
		return nil
	case lines[i].index == x.selected:
		return x.open(x.selected)
	}
	x.selected = lines[i].index
	return nil
}
