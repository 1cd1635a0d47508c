package tui

import (
	"context"
	"slices"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/workspace"
	"realtimelab/internal/lang"
)

// exerciseScreen is where a student works: the list, and one exercise at a time.
// Nothing is written before an exercise is opened.
type exerciseScreen struct {
	*ui
	stage *stage

	loading bool // or loaded
	all     []exercise.Exercise
	desk    *workspace.Workspace // nil until the student's folder is there; used by work alone
	states  map[string]exercise.State
	nextUp  string // the exercise to do next, "" if all are solved

	cancel  context.CancelFunc // ends the work under way; nil if there is none
	doing   lang.Text          // what it is
	err     error              // of the last one
	watch   *watch             // nil while saving checks nothing
	pending []string           // were saved while there was work under way

	selected int // in all
	first    int // line of the list at the top
	opened   bool
	paths    []string      // the student's files of the open exercise
	sure     *confirmation // is asked just now
	sheet    sheet
	shown    layout // of sheet, in pager
	pager    *pager
}

// confirmation is a question that y answers.
type confirmation struct {
	text lang.Text
	yes  func() tea.Cmd
}

func newExercises(u *ui, s *stage) *exerciseScreen {
	return &exerciseScreen{ui: u, stage: s, pager: newPager(false)}
}

func (x *exerciseScreen) title() string {
	if x.opened {
		return x.say("Exercises", "练习") + " · " + x.all[x.selected].Name
	}
	return x.say("Exercises", "练习")
}

func (x *exerciseScreen) typing() bool { return x.sure != nil }

func (x *exerciseScreen) bindings() []key.Binding {
	watch := x.bind("w", "check when saved", "保存时检查")
	if x.watch != nil {
		watch = x.bind("w", "stop watching", "停止监视")
	}
	switch {
	case x.sure != nil:
		return []key.Binding{x.bind("y", "yes", "是"), x.bind("n", "no", "否")}
	case !x.opened:
		return []key.Binding{x.bind("enter", "open", "打开"), x.bind("n", "next", "下一个"), x.bind("a", "check all", "全部检查"), watch, x.bind("↑/↓", "choose", "选择")}
	}
	return []key.Binding{
		x.bind("c", "check", "检查"), x.bind("h", "hint", "提示"), x.bind("e", "edit", "编辑"), watch, x.bind("d", "diff", "差异"), x.bind("s", "solution", "答案"),
		x.bind("i", "instructions", "题目"), x.bind("r", "reset", "重置"), x.bind("n", "next", "下一个"), x.bind("y", "copy the path", "复制路径"),
	}
}

// resized loads the exercises when they are first shown, and lays out the sheet.
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
		if msg.sheet == x.sheet && msg.as == x.layout() {
			x.shown = msg.as
			x.pager.set(msg.text)
		}
	case saved:
		return x.saved(msg)
	case edited:
		return x.edited(msg)
	case tea.KeyMsg:
		return x.key(msg)
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
	if d.desk != nil {
		x.desk, x.states, x.nextUp = d.desk, d.states, d.next
	}
	x.sure = d.sure
	if d.notice != "" {
		x.notice = d.notice
	}
	if d.sheet != nil {
		if i := x.index(d.sheet.of); !x.opened || i != x.selected {
			x.look(i)
		}
		x.turnTo(*d.sheet)
	}
	if len(x.pending) > 0 && d.err == nil && x.sure == nil {
		name := x.pending[0]
		x.pending = x.pending[1:]
		return tea.Batch(x.lay(), x.check(name))
	}
	x.pending = nil
	return x.lay()
}

// index is where an exercise is in all, -1 if it is not there.
func (x *exerciseScreen) index(name string) int {
	return slices.IndexFunc(x.all, func(e exercise.Exercise) bool { return e.Name == name })
}

// look leaves the list for an exercise.
func (x *exerciseScreen) look(i int) {
	x.selected, x.opened, x.paths = i, true, x.files(x.all[i])
}

// turnTo shows a sheet from its beginning.
func (x *exerciseScreen) turnTo(s sheet) {
	x.sheet, x.shown = s, layout{}
	x.pager.set("")
	x.pager.port.GotoTop()
}

func (x *exerciseScreen) key(k tea.KeyMsg) tea.Cmd {
	s := k.String()
	switch {
	case x.sure != nil:
		sure := x.sure
		x.sure = nil
		if s == "y" || s == "Y" || s == "enter" {
			return sure.yes()
		}
		return nil
	case s == "esc" || s == "left" || s == "backspace":
		return x.back()
	case len(x.all) == 0:
		return nil
	case s == "w":
		return x.toggleWatch()
	case s == "n":
		return x.goToNext()
	case x.opened:
		return x.openedKey(k)
	}
	switch s {
	case "enter", " ", "right":
		return x.open(x.selected)
	case "a":
		return x.checkAll()
	default:
		x.selected = choose(x.selected, step(k, x.height/2, len(x.all)), len(x.all))
	}
	return nil
}

func (x *exerciseScreen) openedKey(k tea.KeyMsg) tea.Cmd {
	e := x.all[x.selected]
	switch k.String() {
	case "c", "enter":
		return x.check(e.Name)
	case "h":
		return x.hint(e)
	case "e":
		return x.edit(e)
	case "i":
		x.turnTo(instructions(e))
		return x.lay()
	case "d":
		return x.diff(e)
	case "s":
		return x.solution(e, false)
	case "r":
		x.sure = &confirmation{lang.Text{EN: "Start again? Your files are kept in a backup.", ZH: "从头开始？你现有的内容会备份。"}, func() tea.Cmd { return x.reset(e) }}
	case "y":
		return ask(copyText{x.paths[0]})
	default:
		return x.pager.update(k)
	}
	return nil
}

// back ends a check under way, else leaves the sheet, the exercise, the screen.
func (x *exerciseScreen) back() tea.Cmd {
	switch {
	case x.cancel != nil:
		x.cancel()
		return nil
	case x.opened && x.sheet.kind != theTask:
		x.turnTo(instructions(x.all[x.selected]))
		return x.lay()
	case x.opened:
		x.opened = false
		return nil
	}
	return ask(goBack{})
}

// next returns where the exercise to do next is in all: the first without a folder, -1 if all are solved.
func (x *exerciseScreen) next() int {
	if x.desk == nil {
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
	case x.sure != nil || len(x.all) == 0:
	case x.opened:
		return x.pager.update(m)
	case wheel(m) != 0:
		x.selected = choose(x.selected, wheel(m), len(x.all))
	case m.Button == tea.MouseButtonLeft && m.Action == tea.MouseActionPress:
		lines := x.lines()
		i := x.first + m.Y - exerciseHead
		if m.Y < exerciseHead || i >= len(lines) || lines[i].heading != "" {
			return nil
		}
		if lines[i].index == x.selected {
			return x.open(x.selected)
		}
		x.selected = lines[i].index
	}
	return nil
}
