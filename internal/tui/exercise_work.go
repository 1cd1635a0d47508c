package tui

import (
	"cmp"
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
	"realtimelab/internal/host"
	"realtimelab/internal/lang"
)

// workDone is the result of work on the student's folder.
type workDone struct {
	to        *exerciseScreen
	all       []exercise.Exercise  // when they were loaded
	workspace *workspace.Workspace // nil without a folder
	states    map[string]exercise.State
	next      string // the exercise to do next, "" if all are solved

	document *document // to show
	question *question
	notice   string
	err      error
}

func (d workDone) recipient() screen { return d.to }

// work does one thing with the folder, off the screen. There is one at a time,
// since a Workspace is for one goroutine.
func (x *exerciseScreen) work(doing lang.Text, do func(context.Context, *workDone)) tea.Cmd {
	if x.cancel != nil {
		return ask(noticed{x.say("one thing at a time: s stops what is under way",
			"一次只做一件事：按 s 停止正在进行的操作")})
	}
	ctx, cancel := context.WithCancel(x.background.ctx)
	x.doing, x.cancel, x.err = doing, cancel, nil
	d := workDone{to: x, workspace: x.workspace}
	return func() tea.Msg {
		defer cancel()
		if !x.background.jobs.Enter() {
			d.err = host.ErrClosing
			return d
		}
		defer x.background.jobs.Leave()
		do(ctx, &d)
		if ctx.Err() != nil {
			d.document, d.notice, d.err = nil, "", context.Canceled
		}
		if d.workspace != nil {
			d.states = map[string]exercise.State{}
			for _, e := range d.workspace.Catalogue {
				d.states[e.Name] = d.workspace.State(e)
			}
			next, _ := d.workspace.Next(exercise.Filter{})
			d.next = next.Name
		}
		return d
	}
}

// load finds the exercises, and how far the student is if there is a folder.
func (x *exerciseScreen) load() tea.Cmd {
	config, language := x.background.config, x.lang
	return x.work(lang.Text{EN: "looking for your exercises", ZH: "正在查找你的练习"},
		func(ctx context.Context, d *workDone) {
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
func openFolder(ctx context.Context, d *workDone, folder string, all []exercise.Exercise,
	language lang.Lang) {
	opened, err := workspace.Open(folder, all)
	if err != nil {
		d.err = err
		return
	}
	d.workspace = opened
	for _, note := range opened.Notes {
		d.notice = note.In(language)
	}
	if opened.NeedsRebuild() {
		d.err = opened.Rebuild(ctx, func(exercise.Report) {})
	}
}

// open shows an exercise, and writes the folder first if it is missing.
func (x *exerciseScreen) open(i int) tea.Cmd {
	x.selected = i
	task := instructions(x.all[i])
	if x.workspace != nil {
		x.look(i)
		x.turnTo(task)
		return x.lay()
	}
	folder, all, language := x.background.config.ExerciseFolder, x.all, x.lang
	return x.work(lang.Text{EN: "writing your exercises", ZH: "正在写入你的练习"},
		func(ctx context.Context, d *workDone) {
			openFolder(ctx, d, folder, all, language)
			if d.workspace != nil {
				d.document = &task
			}
		})
}

// check runs an exercise's check and shows its report.
func (x *exerciseScreen) check(name string) tea.Cmd {
	e := x.all[x.index(name)]
	doing := lang.Text{EN: "checking " + name + " (the first time takes a minute)",
		ZH: "正在检查 " + name + "（第一次要一分钟左右）"}
	return x.work(doing, func(ctx context.Context, d *workDone) {
		report, err := d.workspace.Check(ctx, e, workspace.Options{})
		if err != nil {
			d.err = err
			return
		}
		d.document = result(report, d.workspace.Advise(report, exercise.Filter{}))
	})
}

// checkAll checks what the student has edited.
func (x *exerciseScreen) checkAll() tea.Cmd {
	if x.workspace == nil {
		return ask(noticed{x.say("there is nothing of yours to check yet", "还没有可检查的内容")})
	}
	say := x.say("checked %d, solved %d", "检查了 %d 个，通过 %d 个")
	return x.work(lang.Text{EN: "checking what you have edited", ZH: "正在检查你改过的练习"},
		func(ctx context.Context, d *workDone) {
			checked, passed := 0, 0
			d.err = d.workspace.CheckAll(ctx, exercise.Filter{}, workspace.Options{},
				func(r exercise.Report, done bool) {
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
		_, number, err := d.workspace.Hint(e)
		if err != nil {
			d.err = err
			return
		}
		s := hintsSoFar(e, number)
		d.document = &s
	})
}

func (x *exerciseScreen) diff(e exercise.Exercise) tea.Cmd {
	same := x.say("you have changed nothing yet", "你还没有改动")
	return x.work(lang.Text{EN: "comparing", ZH: "正在比较"}, func(_ context.Context, d *workDone) {
		text, err := d.workspace.Diff(e)
		d.err = err
		if text == "" {
			d.notice = same
			return
		}
		d.document = &document{of: e.Name, kind: theDiff, body: lang.Same(text)}
	})
}

// solution shows ours, and asks first if the student has none.
func (x *exerciseScreen) solution(e exercise.Exercise, force bool) tea.Cmd {
	anyway := x.say("Not solved yet. See the solution all the same?",
		"还没有通过。仍然要看答案吗？")
	return x.work(lang.Text{EN: "the solution", ZH: "答案"}, func(_ context.Context, d *workDone) {
		files, err := d.workspace.ShowSolution(e, force)
		if errors.Is(err, workspace.ErrUnsolved) {
			d.question = &question{text: anyway, yes: func() tea.Cmd { return x.solution(e, true) }}
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
		d.document = &document{of: e.Name, kind: theSolution, body: lang.Same(b.String())}
	})
}

func (x *exerciseScreen) reset(e exercise.Exercise) tea.Cmd {
	say := x.say("reset; what you had is in %s", "已重置。你原来的文件在 %s")
	return x.work(lang.Text{EN: "resetting", ZH: "正在重置"}, func(_ context.Context, d *workDone) {
		backup, err := d.workspace.Reset(e)
		if err != nil {
			d.err = err
			return
		}
		task := instructions(e)
		d.document, d.notice = &task, fmt.Sprintf(say, backup)
	})
}

// files are the student's files of an exercise.
func (x *exerciseScreen) files(e exercise.Exercise) (paths []string) {
	starter, err := e.Starter()
	if err != nil || len(starter) == 0 {
		return []string{x.background.config.ExerciseFolder}
	}
	for _, name := range slices.Sorted(maps.Keys(starter)) {
		paths = append(paths, filepath.Join(x.workspace.Folder(e), name))
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
	editor := x.background.config.Editor
	if len(editor) == 0 {
		return ask(noticed{x.say("no editor was found; set EDITOR, or edit ",
			"没有找到编辑器；请设置 EDITOR，或者自己编辑 ") + x.paths[0]})
	}
	c := exec.Command(editor[0], append(slices.Clone(editor[1:]), x.paths...)...)
	return tea.ExecProcess(c, func(err error) tea.Msg { return edited{x, e.Name, err} })
}

func (x *exerciseScreen) edited(msg edited) tea.Cmd {
	switch {
	case msg.err != nil:
		x.err = fmt.Errorf("the editor: %w", msg.err)
		return nil
	case x.watching:
		return nil // it is checked already
	}
	return x.check(msg.name)
}

type (
	watchJob  = job[string, struct{}] // its news are the names of saved exercises
	watchTold = told[string, struct{}]
)

// toggleWatch begins or ends to check what is saved.
func (x *exerciseScreen) toggleWatch() tea.Cmd {
	switch {
	case x.watching:
		x.watching = false
		if x.watch != nil {
			x.watch.cancel()
		}
		return nil
	case x.workspace == nil:
		return ask(noticed{x.say("open an exercise first", "请先打开一个练习")})
	}
	x.watching, x.watch = true, nil
	folder := x.workspace
	return begin(x, func() *watchJob {
		return startJob(x.background, func(ctx context.Context, tell func(string)) (struct{},
			error) {
			events, err := folder.Watch(ctx, 0)
			if err != nil {
				return struct{}{},
					fmt.Errorf("no file events here: %w (lab exercise watch --poll does without)",
						err)
			}
			for e := range events {
				tell(e.Name)
			}
			return struct{}{}, nil
		})
	})
}

// saved checks what was saved.
func (x *exerciseScreen) saved(said watchTold) tea.Cmd {
	switch {
	case said.end != nil:
		if said.job == x.watch {
			x.watching, x.watch = false, nil
			x.err = cmp.Or(said.end.err, x.err)
		}
		return nil
	case x.watching && x.watch == nil:
		x.watch = said.job
	case !x.watching || said.job != x.watch: // it was ended before it had begun
		said.job.cancel()
		return said.job.next(x)
	}
	for _, name := range said.news {
		if !slices.Contains(x.pending, name) {
			x.pending = append(x.pending, name)
		}
	}
	if x.cancel != nil || len(x.pending) == 0 {
		return said.job.next(x)
	}
	name := x.pending[0]
	x.pending = x.pending[1:]
	return tea.Batch(said.job.next(x), x.check(name))
}
