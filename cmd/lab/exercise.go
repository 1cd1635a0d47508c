package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/workspace"
	"realtimelab/internal/lang"
	"realtimelab/lessons"
)

// exerciseEnv is the state of every exercise command: the student's folder, language and terminal.
type exerciseEnv struct {
	dir, langFlag string
	filter        exercise.Filter // of --lesson and --set

	*workspace.Workspace
	lang     lang.Lang
	style    exercise.Style
	out, err io.Writer
}

// say returns the text in the student's language.
func (d *exerciseEnv) say(en, zh string) string { return d.lang.Say(en, zh) }

func exerciseCommand() *cobra.Command {
	d := &exerciseEnv{}
	c := &cobra.Command{
		Use:   "exercise",
		Short: "Exercises: fix code, complete it, predict traffic, and get feedback",
		Long: "The exercises are written to a folder (--dir), a small Go module that works " +
			"offline. Edit them there.\n\n" +
			"Begin with: lab exercise next",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.PersistentFlags().StringVar(&d.dir, "dir", "",
		"folder of the exercises (default: the current one, else "+workspace.DefaultFolder+")")
	c.PersistentFlags().StringVar(&d.langFlag, "lang", "", "en or zh (default: the terminal's)")
	c.AddCommand(d.listCommand(), d.nextCommand(), d.showCommand(), d.checkCommand(),
		d.watchCommand(), d.hintCommand(), d.solutionCommand(), d.diffCommand(), d.resetCommand())
	return c
}

// setUp sets the language and the terminal, and opens the folder with workspace.Open or
// workspace.Look.
func (d *exerciseEnv) setUp(c *cobra.Command,
	open func(string, []exercise.Exercise) (*workspace.Workspace, error)) (err error) {
	d.out, d.err = c.OutOrStdout(), c.ErrOrStderr()
	if d.lang, err = parseLang(d.langFlag); err != nil {
		return err
	}
	if d.lang == "" {
		d.lang = environmentLang()
	}
	if f, ok := d.out.(*os.File); ok {
		d.style.Color = isatty.IsTerminal(f.Fd()) && os.Getenv("NO_COLOR") == ""
	}
	all, err := exercise.Catalogue(lessons.All())
	if err != nil {
		return err
	}
	if err := d.checkFilter(all); err != nil {
		return err
	}
	if d.Workspace, err = open(folder(d.dir), all); err != nil {
		return err
	}
	for _, note := range d.Notes {
		fmt.Fprintln(d.err, "lab:", note.In(d.lang))
	}
	return nil
}

// look reads the folder without writing to it.
func (d *exerciseEnv) look(c *cobra.Command) error {
	if err := d.setUp(c, workspace.Look); err != nil {
		return err
	}
	if d.NeedsRebuild() {
		fmt.Fprintln(d.err, "lab:",
			d.say("The progress file is missing or damaged. Check your work "+
				"again: lab exercise check --all",
				"进度文件丢失或损坏；要重新检查你的练习：lab exercise check --all"))
	}
	return nil
}

// open prepares the folder. If the progress was lost, it checks the student's work again.
func (d *exerciseEnv) open(c *cobra.Command) error {
	if err := d.setUp(c, workspace.Open); err != nil {
		return err
	}
	if d.Created {
		fmt.Fprintln(d.err, "lab:", d.say("The exercises are now in", "练习已写入"), d.Dir)
	}
	if !d.NeedsRebuild() {
		return nil
	}
	fmt.Fprintln(d.err, "lab:", d.say("The progress file was lost. Checking your work again.",
		"进度丢失了：正在重新检查你做过的练习。"))
	return d.Rebuild(c.Context(), func(r exercise.Report) {
		if r.Passed {
			fmt.Fprint(d.err, r.Render(d.lang, exercise.Style{}))
		}
	})
}

// folder returns the given folder, else the workspace that contains the current directory, else the
// default folder.
func folder(given string) string {
	if given != "" {
		return given
	}
	if here, exists, err := workspace.Locate("."); err == nil && exists {
		return here
	}
	return workspace.DefaultFolder
}

// addFilter adds the flags that select a part of the course.
func (d *exerciseEnv) addFilter(c *cobra.Command) {
	c.Flags().StringVar(&d.filter.Lesson, "lesson", "", "only the exercises of this lesson")
	c.Flags().StringVar((*string)(&d.filter.Set), "set", "",
		"only this part of the course: core, quick or homework")
}

// checkFilter returns an error if the filter selects nothing.
func (d *exerciseEnv) checkFilter(all []exercise.Exercise) error {
	var known []string
	for _, e := range all {
		if !slices.Contains(known, e.Lesson) {
			known = append(known, e.Lesson)
		}
	}
	switch {
	case d.filter.Lesson != "" && !slices.Contains(known, d.filter.Lesson):
		return usagef("no exercises of a lesson %q%s The lessons are: %s",
			"没有课程 %q 的练习%s 有练习的课程：%s", d.filter.Lesson,
			suggest(d.filter.Lesson, known), strings.Join(known, ", "))
	case d.filter.Set != "" && !slices.Contains(exercise.Sets, d.filter.Set):
		return usagef("no set %q: core, quick or homework",
			"没有 %q 这一部分：应为 core、quick 或 homework", d.filter.Set)
	case len(d.filter.Select(all)) == 0:
		return lang.Errorf("the lesson %s has no exercises in the set %s",
			"课程 %s 在 %s 这一部分里没有练习", d.filter.Lesson,
			d.filter.Set)
	}
	return nil
}

// named returns the exercise with the given name, or the next exercise if there is no name.
func (d *exerciseEnv) named(args []string) (exercise.Exercise, error) {
	if len(args) == 0 {
		if e, ok := d.Next(d.filter); ok {
			return e, nil
		}
		return exercise.Exercise{},
			lang.Errorf("all exercises are solved: name the one you want",
				"所有练习都完成了；请写出练习的名字")
	}
	var known []string
	for _, e := range d.Catalogue {
		if e.Name == args[0] {
			return e, nil
		}
		known = append(known, e.Name)
	}
	return exercise.Exercise{}, usagef("no exercise %q%s See: lab exercise list",
		"没有练习 %q%s请看：lab exercise list", args[0], suggest(args[0], known))
}

func (d *exerciseEnv) listCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "list", Short: "List the exercises and your progress", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := d.look(c); err != nil {
				return err
			}
			if asJSON {
				return d.listJSON()
			}
			d.list()
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	d.addFilter(c)
	return c
}

// listedExercise is one entry of `lab exercise list --json`.
type listedExercise struct {
	Name   string         `json:"name"`
	Lesson string         `json:"lesson"`
	Kind   exercise.Kind  `json:"kind"`
	State  exercise.State `json:"state"`
	Set    exercise.Set   `json:"set"`
}

func (d *exerciseEnv) listJSON() error {
	all := []listedExercise{}
	for _, e := range d.filter.Select(d.Catalogue) {
		all = append(all, listedExercise{e.Name, e.Lesson, e.Kind, d.State(e), e.Set})
	}
	return json.NewEncoder(d.out).Encode(all)
}

// list prints the course with the student's progress.
func (d *exerciseEnv) list() {
	next, _ := d.Next(d.filter)
	marks := map[exercise.State]string{exercise.New: "·", exercise.Started: "○", exercise.Done: "✓"}
	heading := ""
	for _, e := range d.filter.Select(d.Catalogue) {
		if h := e.Heading(lang.Same(e.Lesson)).In(d.lang); h != heading {
			heading = h
			fmt.Fprintf(d.out, "\n%s\n", heading)
		}
		pointer := " "
		if e.Name == next.Name {
			pointer = "→"
		}
		kind := e.Kind.Title().In(d.lang)
		if e.Set == exercise.Quick {
			kind += d.say(", ", "，") + e.Set.Title().In(d.lang)
		}
		fmt.Fprintf(d.out, "%s %s %-20s %-3s  %s  (%s)\n", pointer, marks[d.State(e)], e.Name,
			strings.Repeat("*", e.Level), e.Title.In(d.lang), kind)
	}
	fmt.Fprintf(d.out, "\n%s\n",
		d.say(`✓ solved   ○ begun   · not begun   → next   * first steps   ** needs thought   *** hard
quick: for those who are done early   homework: for after the class`,
			`✓ 已通过   ○ 已开始   · 未开始   → 下一个   * 入门   ** 要想一想   *** 较难
加做：给做得快的同学   课后：留到课后做`))
	d.progress()
	fmt.Fprintf(d.out, "%s %s\n", d.say("Your folder:", "你的目录："), d.Dir)
}

// progress prints a bar with the number of solved exercises.
func (d *exerciseEnv) progress() {
	done, all := 0, d.filter.Select(d.Catalogue)
	for _, e := range all {
		if d.State(e) == exercise.Done {
			done++
		}
	}
	fmt.Fprintf(d.out, "%s %d/%d\n", exercise.Bar(done, len(all), 40), done, len(all))
}

func (d *exerciseEnv) nextCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "next [NAME]", Short: "Show the next exercise, or choose one to do next",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := d.open(c); err != nil {
				return err
			}
			if len(args) == 0 {
				if _, more := d.Next(d.filter); !more {
					fmt.Fprintln(d.out, workspace.AllSolved.In(d.lang))
					return nil
				}
			}
			e, err := d.named(args)
			if err != nil {
				return err
			}
			if len(args) > 0 {
				if err := d.Choose(e); err != nil {
					return err
				}
			}
			return d.introduce(e)
		},
	}
	d.addFilter(c)
	return c
}

func (d *exerciseEnv) showCommand() *cobra.Command {
	return d.onOne("show", "Show the text of an exercise", d.look, d.show)
}

// show prints the exercise's text.
func (d *exerciseEnv) show(e exercise.Exercise) error {
	return printMarkdown(d.out, e.Text.In(d.lang))
}

// introduce prints the exercise's text and where to work.
func (d *exerciseEnv) introduce(e exercise.Exercise) error {
	if err := d.show(e); err != nil {
		return err
	}
	starter, err := e.Starter()
	if err != nil {
		return err
	}
	fmt.Fprintln(d.out)
	for _, name := range slices.Sorted(maps.Keys(starter)) {
		fmt.Fprintf(d.out, "%s %s\n", d.say("Edit: ", "编辑："), filepath.Join(d.Folder(e), name))
	}
	if target := d.Target(e); target != "" {
		fmt.Fprintf(d.out, "%s %s\n", d.say("Server:", "服务器："), target)
	}
	fmt.Fprintf(d.out, "%s lab exercise check %s\n", d.say("Check:", "检查："), e.Name)
	if e.Kind == exercise.Predict || e.Kind == exercise.FixPage {
		fmt.Fprintf(d.out, "%s lab serve, /lab/exercise/%s\n",
			d.say("Or in a browser:", "或者在浏览器里："), e.Name)
	}
	return nil
}
