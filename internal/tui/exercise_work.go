package tui

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/workspace"
	"realtimelab/internal/lang"
)

// workDone is what work on the student's folder led to.
type workDone struct {
	to     *exerciseScreen
	all    []exercise.Exercise  // when they were loaded
	desk   *workspace.Workspace // nil while there is no folder
	states map[string]exercise.State
	next   string // the exercise to do next, "" if all are solved

	sheet  *sheet // to show
	sure   *confirmation
	notice string
	err    error
}

func (d workDone) recipient() screen { return d.to }

// work does one thing with the folder, off the screen. There is one at a time,
// since a Workspace is for one goroutine.
func (x *exerciseScreen) work(doing lang.Text, do func(context.Context, *workDone)) tea.Cmd {
	if x.cancel != nil {
		return ask(noticed{x.say("one thing at a time: esc ends what is under way", "一次只做一件事：按 esc 结束正在进行的操作")})
	}
	ctx, cancel := context.WithCancel(x.stage.ctx)
	x.doing, x.cancel, x.err = doing, cancel, nil
	d := workDone{to: x, desk: x.desk}
	return func() tea.Msg {
		defer cancel()
		if !x.stage.working.Enter() {
			d.err = errClosing
			return d
		}
		defer x.stage.working.Leave()
		do(ctx, &d)
		if ctx.Err() != nil {
			d.sheet, d.notice, d.err = nil, "", context.Canceled
		}
		if d.desk != nil {
			d.states = map[string]exercise.State{}
			for _, e := range d.desk.Catalogue {
				d.states[e.Name] = d.desk.State(e)
			}
			next, _ := d.desk.Next(exercise.Filter{})
			d.next = next.Name
		}
		return d
	}
}

// load finds the exercises, and how far the student is if there is a folder.
func (x *exerciseScreen) load() tea.Cmd {
	config, language := x.stage.config, x.lang
	return x.work(lang.Text{EN: "looking for your exercises", ZH: "正在查找你的练习"}, func(ctx context.Context, d *workDone) {
		if d.all, d.err = exercise.Catalogue(config.Lessons); d.err != nil {
			return
		}
		if _, err := os.Stat(filepath.Join(config.ExerciseFolder, "go.mod")); err == nil {
			openFolder(ctx, d, config.ExerciseFolder, d.all, language)
		}
	})
}

// openFolder prepares the student's folder, and finds out their progress again if
// it was lost.
func openFolder(ctx context.Context, d *workDone, folder string, all []exercise.Exercise, language lang.Lang) {
	desk, err := workspace.Open(folder, all)
	if err != nil {
		d.err = err
		return
	}
	d.desk = desk
	for _, note := range desk.Notes {
		d.notice = note.In(language)
	}
	if desk.NeedsRebuild() {
		d.err = desk.Rebuild(ctx, func(exercise.Report) {})
	}
}

// open shows an exercise, and writes the folder if there is none yet.
func (x *exerciseScreen) open(i int) tea.Cmd {
	x.selected = i
	task := instructions(x.all[i])
	if x.desk != nil {
		x.look(i)
		x.turnTo(task)
		return x.lay()
	}
	folder, all, language := x.stage.config.ExerciseFolder, x.all, x.lang
	return x.work(lang.Text{EN: "writing your exercises", ZH: "正在写入你的练习"}, func(ctx context.Context, d *workDone) {
		openFolder(ctx, d, folder, all, language)
		if d.desk != nil {
			d.sheet = &task
		}
	})
}

// check runs an exercise's check and shows its report.
func (x *exerciseScreen) check(name string) tea.Cmd {
	e := x.all[x.index(name)]
	doing := lang.Text{EN: "checking " + name + " (the first time takes a minute)", ZH: "正在检查 " + name + "（第一次要一分钟左右）"}
	return x.work(doing, func(ctx context.Context, d *workDone) {
		report, err := d.desk.Check(ctx, e, workspace.Options{})
		if err != nil {
			d.err = err
			return
		}
		d.sheet = result(report, d.desk.Advise(report, exercise.Filter{}))
	})
}

// checkAll checks what the student has edited.
func (x *exerciseScreen) checkAll() tea.Cmd {
	if x.desk == nil {
		return ask(noticed{x.say("there is nothing of yours to check yet", "还没有可检查的内容")})
	}
	say := x.say("checked %d, solved %d", "检查了 %d 个，通过 %d 个")
	return x.work(lang.Text{EN: "checking what you have edited", ZH: "正在检查你改过的练习"}, func(ctx context.Context, d *workDone) {
		checked, passed := 0, 0
		d.err = d.desk.CheckAll(ctx, exercise.Filter{}, workspace.Options{}, func(r exercise.Report, done bool) {
			if done {
				checked++
			}
			if r.Passed {
				passed++
			}
		})
		if d.err == nil {
			d.notice = fmt.Sprintf(say, checked, passed)
		}
	})
}

func (x *exerciseScreen) hint(e exercise.Exercise) tea.Cmd {
	return x.work(lang.Text{EN: "a hint", ZH: "提示"}, func(_ context.Context, d *workDone) {
		_, number, err := d.desk.Hint(e)
		if err != nil {
			d.err = err
			return
		}
		s := hintsSoFar(e, number)
		d.sheet = &s
	})
}

func (x *exerciseScreen) diff(e exercise.Exercise) tea.Cmd {
	same := x.say("you have changed nothing yet", "你还没有改动")
	return x.work(lang.Text{EN: "comparing", ZH: "正在比较"}, func(_ context.Context, d *workDone) {
		text, err := d.desk.Diff(e)
		d.err = err
		if text == "" {
			d.notice = same
			return
		}
		d.sheet = &sheet{of: e.Name, kind: theDiff, body: lang.Same(text)}
	})
}

// solution shows ours, and asks first if the student has none.
func (x *exerciseScreen) solution(e exercise.Exercise, force bool) tea.Cmd {
	return x.work(lang.Text{EN: "the solution", ZH: "答案"}, func(_ context.Context, d *workDone) {
		files, err := d.desk.ShowSolution(e, force)
		if errors.Is(err, workspace.ErrUnsolved) {
			d.sure = &confirmation{lang.Text{EN: "Not solved yet. See the solution all the same?", ZH: "还没有通过。仍然要看答案吗？"}, func() tea.Cmd { return x.solution(e, true) }}
			return
		}
		if err != nil {
			d.err = err
			return
		}
		var b strings.Builder
		for _, name := range slices.Sorted(maps.Keys(files)) {
			fmt.Fprintf(&b, "// %s\n%s\n", name, files[name])
		}
		d.sheet = &sheet{of: e.Name, kind: theSolution, body: lang.Same(b.String())}
	})
}

func (x *exerciseScreen) reset(e exercise.Exercise) tea.Cmd {
	say := x.say("reset; what you had is in %s", "已重置。你原来的文件在 %s")
	return x.work(lang.Text{EN: "resetting", ZH: "正在重置"}, func(_ context.Context, d *workDone) {
		backup, err := d.desk.Reset(e)
		if err != nil {
			d.err = err
			return
		}
		task := instructions(e)
		d.sheet, d.notice = &task, fmt.Sprintf(say, backup)
	})
}

// files are the student's files of an exercise.
func (x *exerciseScreen) files(e exercise.Exercise) (paths []string) {
	starter, err := e.Starter()
	if err != nil || len(starter) == 0 {
		return []string{x.stage.config.ExerciseFolder}
	}
	for _, name := range slices.Sorted(maps.Keys(starter)) {
		paths = append(paths, filepath.Join(x.desk.Folder(e), name))
	}
	return paths
}

// edited tells that the editor has ended.
type edited struct {
	to   *exerciseScreen
	name string
	err  error
}

func (e edited) recipient() screen { return e.to }

// edit opens the student's editor in the terminal.
func (x *exerciseScreen) edit(e exercise.Exercise) tea.Cmd {
	editor := x.stage.config.Editor
	if len(editor) == 0 {
		return ask(noticed{x.say("no editor was found; set EDITOR, or edit ", "没有找到编辑器；请设置 EDITOR，或者自己编辑 ") + x.paths[0]})
	}
	c := exec.Command(editor[0], append(slices.Clone(editor[1:]), x.paths...)...)
	return tea.ExecProcess(c, func(err error) tea.Msg { return edited{x, e.Name, err} })
}

func (x *exerciseScreen) edited(msg edited) tea.Cmd {
	switch {
	case msg.err != nil:
		x.err = fmt.Errorf("the editor: %w", msg.err)
		return nil
	case x.watch != nil:
		return nil // it is checked already
	}
	return x.check(msg.name)
}

// watch tells which exercises were saved.
type watch struct {
	saved  chan string
	cancel context.CancelFunc
}

// saved is one that was.
type saved struct {
	to    *exerciseScreen
	watch *watch
	name  string
	ended bool
	err   error
}

func (s saved) recipient() screen { return s.to }

// toggleWatch begins or ends to check what is saved.
func (x *exerciseScreen) toggleWatch() tea.Cmd {
	if x.watch != nil {
		x.watch.cancel()
		x.watch = nil
		return nil
	}
	if x.desk == nil {
		return ask(noticed{x.say("open an exercise first", "请先打开一个练习")})
	}
	ctx, cancel := context.WithCancel(x.stage.ctx)
	w, desk := &watch{make(chan string), cancel}, x.desk
	x.watch = w
	return func() tea.Msg {
		if !x.stage.working.Enter() {
			cancel()
			return saved{to: x, watch: w, ended: true, err: errClosing}
		}
		events, err := desk.Watch(ctx, 0)
		if err != nil {
			x.stage.working.Leave()
			cancel()
			return saved{to: x, watch: w, ended: true, err: fmt.Errorf("no file events here: %w (lab exercise watch --poll does without)", err)}
		}
		go func() {
			defer x.stage.working.Leave()
			defer close(w.saved)
			for e := range events {
				select {
				case w.saved <- e.Name:
				case <-ctx.Done():
				}
			}
		}()
		return x.awaitSave(w)()
	}
}

func (x *exerciseScreen) awaitSave(w *watch) tea.Cmd {
	return func() tea.Msg {
		name, open := <-w.saved
		return saved{to: x, watch: w, name: name, ended: !open}
	}
}

func (x *exerciseScreen) saved(msg saved) tea.Cmd {
	switch {
	case msg.ended && msg.watch == x.watch:
		x.watch, x.err = nil, msg.err
		return nil
	case msg.ended:
		return nil
	case x.cancel != nil:
		if !slices.Contains(x.pending, msg.name) {
			x.pending = append(x.pending, msg.name)
		}
		return x.awaitSave(msg.watch)
	}
	return tea.Batch(x.awaitSave(msg.watch), x.check(msg.name))
}
