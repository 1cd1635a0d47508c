package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"realtimelab/internal/exercise"
	"realtimelab/internal/terminal"
)

// teacherWidth is the width of the texts for a teacher.
const teacherWidth = 100

// withTeacher adds the flag --teacher to the command that shows a solution.
func (d *exerciseEnv) withTeacher(c *cobra.Command) *cobra.Command {
	var teacher bool
	c.Flags().BoolVar(&teacher, "teacher", false,
		"show the solution with its reasons, and the wrong solutions with what each misses")
	forStudents := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		if !teacher {
			return forStudents(c, args)
		}
		if err := d.look(c); err != nil {
			return err
		}
		e, err := d.named(args)
		if err != nil {
			return err
		}
		return d.teach(e)
	}
	return c
}

// teach prints what a teacher needs to talk about an exercise.
func (d *exerciseEnv) teach(e exercise.Exercise) error {
	files, err := e.Solution()
	if err != nil {
		return err
	}
	why, err := e.Why()
	if err != nil {
		return err
	}
	right, err := e.Right()
	if err != nil {
		return err
	}
	wrong, err := e.Wrong()
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "%s: %s\n\n", e.Name, e.Title.In(d.lang))
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(d.out, "// %s\n%s\n", name, files[name])
	}
	d.section("Why it is right", "为什么这样是对的")
	fmt.Fprintln(d.out, terminal.Wrap(paragraph(why.In(d.lang)), teacherWidth))
	if len(right) > 0 {
		d.section("Also right", "也是对的")
		for _, v := range right {
			fmt.Fprintln(d.out, terminal.Wrap("- "+v.Name+": "+
				paragraph(strings.Join(v.Says, "\n")), teacherWidth))
		}
	}
	d.section("Wrong, and what the check says about it", "错误的做法，以及检查怎么说")
	for _, v := range wrong {
		fmt.Fprintf(d.out, "%s: “%s”\n", v.Name, v.Says[0])
		printChanges(d.out, v.Changes)
		fmt.Fprintln(d.out)
	}
	return nil
}

// section prints a heading.
func (d *exerciseEnv) section(en, zh string) {
	heading := d.say(en, zh)
	fmt.Fprintf(d.out, "\n%s\n%s\n", heading, strings.Repeat("-", ansi.StringWidth(heading)))
}

// paragraph returns a text on one line.
func paragraph(text string) string { return strings.ReplaceAll(text, "\n", " ") }

// printChanges prints the lines that a variant takes out of the solution and puts into it. A whole
// file is printed with its new lines alone.
func printChanges(w io.Writer, changes []exercise.Change) {
	for _, c := range changes {
		if c.File != "" {
			fmt.Fprintf(w, "    // %s\n", c.File)
		} else {
			printMarked(w, "  - ", c.Old)
		}
		printMarked(w, "  + ", c.New)
	}
}

func printMarked(w io.Writer, mark, text string) {
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			fmt.Fprintf(w, "%s%s\n", mark, strings.TrimRight(line, "\n"))
		}
	}
}
