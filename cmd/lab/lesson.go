package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/markdown"
	"realtimelab/internal/terminal/colors"
	"realtimelab/lessons"
)

func lessonCommand() *cobra.Command {
	var langFlag string
	c := &cobra.Command{
		Use:   "lesson [NAME]",
		Short: "Read a lesson; without a name, list the lessons",
		Long: "Prints a lesson's text, with the code that it explains. NAME is a lesson or one " +
			"of its demos. To page: lab lesson NAME | less",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, names []string) error {
			language, err := parseLang(langFlag)
			if err != nil {
				return err
			}
			language = cmp.Or(language, environmentLang())
			if len(names) == 0 {
				return printLessons(c.OutOrStdout(), language)
			}
			l, err := findLesson(names[0])
			if err != nil {
				return err
			}
			return printLesson(c.OutOrStdout(), l, language)
		},
	}
	c.Flags().StringVar(&langFlag, "lang", "", "en or zh (default: the terminal's)")
	return c
}

// findLesson returns the lesson with that name, or the lesson of the demo with that name.
func findLesson(name string) (lesson.Lesson, error) {
	if l, _, ok := lesson.FindDemo(lessons.All(), name); ok {
		return l, nil
	}
	return lessonNamed(name)
}

func printLessons(w io.Writer, language lang.Lang) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, l := range lessons.All() {
		fmt.Fprintf(table, "%s\t%s\n", l.Name, l.Summary.In(language))
	}
	return table.Flush()
}

// Widths of a printed text, in cells. Longer lines are hard to read.
const (
	textWidth    = 80 // of a file or a pipe
	maxTextWidth = 100
)

// printLesson prints the text of a lesson.
func printLesson(w io.Writer, l lesson.Lesson, language lang.Lang) error {
	text, err := l.Expand(language)
	if err != nil {
		return err
	}
	return printMarkdown(w, text)
}

// printMarkdown prints the text in the colours and the width of the terminal, or without colours to
// a file or a pipe.
func printMarkdown(w io.Writer, text string) error {
	width := textWidth
	if file, ok := w.(*os.File); ok {
		if columns, _, err := term.GetSize(file.Fd()); err == nil && columns > 0 {
			width = min(columns, maxTextWidth)
		}
	}
	renderer := lipgloss.NewRenderer(w)
	renderer.SetHasDarkBackground(colors.IsDark())
	_, err := fmt.Fprintln(w, markdown.Terminal(text, width, renderer))
	return err
}
