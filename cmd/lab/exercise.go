package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"realtimelab/internal/exercise"
	"realtimelab/internal/lesson"
	"realtimelab/lessons"
)

// desk is what every exercise command works with: the student's folder, language and terminal.
type desk struct {
	dir, langFlag string

	*exercise.Workspace
	lang     lesson.Lang
	style    exercise.Style
	out, err io.Writer
}

// say picks the text in the student's language.
func (d *desk) say(en, zh string) string { return lesson.Text{EN: en, ZH: zh}.In(d.lang) }

func exerciseCommand() *cobra.Command {
	d := &desk{}
	c := &cobra.Command{
		Use:   "exercise",
		Short: "Exercises: fix, finish, predict, and be told what is wrong",
		Long: "The exercises are written to a folder (--dir), a small Go module that needs no network. Edit them there.\n\n" +
			"Begin with: lab exercise next",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.PersistentFlags().StringVar(&d.dir, "dir", "", "the folder to work in (default: "+exercise.DefaultFolder+", or the one you are in)")
	c.PersistentFlags().StringVar(&d.langFlag, "lang", "", "en or zh (default: the terminal's)")
	c.AddCommand(d.listCommand(), d.nextCommand(), d.checkCommand(), d.watchCommand(), d.hintCommand(), d.solutionCommand(), d.diffCommand(), d.resetCommand())
	return c
}

// open prepares the folder, and finds the progress out again if it was lost.
func (d *desk) open(c *cobra.Command) (err error) {
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
	if d.Workspace, err = exercise.Open(folder(d.dir), all); err != nil {
		return err
	}
	for _, note := range d.Notes {
		fmt.Fprintln(d.err, "lab:", note.In(d.lang))
	}
	if !d.NeedsRebuild() {
		return nil
	}
	fmt.Fprintln(d.err, "lab:", d.say("The progress is found out again by checking what you have edited.", "正在重新检查你改过的练习，以恢复进度。"))
	return d.Rebuild(c.Context(), func(r exercise.Report) {
		if r.Passed {
			fmt.Fprint(d.err, r.Render(d.lang, exercise.Style{}))
		}
	})
}

// folder is the one given, else the working folder that the command runs in, else the default one.
func folder(given string) string {
	if given != "" {
		return given
	}
	if here, err := os.Getwd(); err == nil {
		for dir := here; ; dir = filepath.Dir(dir) {
			if filepath.Base(dir) == exercise.DefaultFolder {
				return dir
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return exercise.DefaultFolder
}

// named looks one exercise up; without a name it is the next one.
func (d *desk) named(args []string) (exercise.Exercise, error) {
	if len(args) == 0 {
		if e, ok := d.Next(); ok {
			return e, nil
		}
		return exercise.Exercise{}, errors.New(d.say("all exercises are solved; name the one you mean", "所有练习都完成了；请写出练习的名字"))
	}
	var known []string
	for _, e := range d.Catalogue {
		if e.Name == args[0] {
			return e, nil
		}
		known = append(known, e.Name)
	}
	return exercise.Exercise{}, fmt.Errorf("no exercise %q; did you mean %q? See: lab exercise list", args[0], nearest(args[0], known))
}

func (d *desk) listCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "list", Short: "All exercises, and how far you are", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := d.open(c); err != nil {
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
	return c
}

// listedExercise is one entry of `lab exercise list --json`.
type listedExercise struct {
	Name   string         `json:"name"`
	Lesson string         `json:"lesson"`
	Kind   exercise.Kind  `json:"kind"`
	State  exercise.State `json:"state"`
}

func (d *desk) listJSON() error {
	all := []listedExercise{}
	for _, e := range d.Catalogue {
		all = append(all, listedExercise{e.Name, e.Lesson, e.Kind, d.State(e)})
	}
	return json.NewEncoder(d.out).Encode(all)
}

func (d *desk) list() {
	next, _ := d.Next()
	marks := map[exercise.State]string{exercise.New: "·", exercise.Started: "○", exercise.Done: "✓"}
	group, done := "", 0
	for _, e := range d.Catalogue {
		if e.Lesson != group {
			group = e.Lesson
			fmt.Fprintf(d.out, "\n%s\n", group)
		}
		state, pointer := d.State(e), " "
		if state == exercise.Done {
			done++
		}
		if e.Name == next.Name {
			pointer = "→"
		}
		fmt.Fprintf(d.out, "%s %s %-20s %-3s  %s  (%s)\n", pointer, marks[state], e.Name, strings.Repeat("*", e.Level), e.Title.In(d.lang), e.Kind.Title().In(d.lang))
	}
	fmt.Fprintf(d.out, "\n%s %d/%d\n", exercise.Bar(done, len(d.Catalogue), 40), done, len(d.Catalogue))
	fmt.Fprintf(d.out, "%s %s\n", d.say("Your folder:", "你的目录："), d.Dir)
}

func (d *desk) nextCommand() *cobra.Command {
	return &cobra.Command{
		Use: "next", Short: "What the next exercise asks", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := d.open(c); err != nil {
				return err
			}
			e, ok := d.Next()
			if !ok {
				fmt.Fprintln(d.out, d.say("All exercises are solved.", "所有练习都完成了。"))
				return nil
			}
			d.introduce(e)
			return nil
		},
	}
}

// introduce prints the exercise's text and where to work.
func (d *desk) introduce(e exercise.Exercise) {
	fmt.Fprintf(d.out, "%s\n", e.Text.In(d.lang))
	starter, err := e.Starter()
	if err != nil {
		return
	}
	for name := range starter {
		fmt.Fprintf(d.out, "%s %s\n", d.say("Edit: ", "编辑："), filepath.Join(d.Folder(e), name))
	}
	fmt.Fprintf(d.out, "%s lab exercise check %s\n", d.say("Check:", "检查："), e.Name)
}
