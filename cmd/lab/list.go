package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"realtimelab/internal/lesson"
)

// listed is one demo in `lab list --json`.
type listed struct {
	Lesson  string      `json:"lesson"`
	Demo    string      `json:"demo"`
	Title   lesson.Text `json:"title"`
	Summary lesson.Text `json:"summary"`
}

func listCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the lessons and demos",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !asJSON {
				return printList(c.OutOrStdout())
			}
			all := []listed{}
			for _, l := range everyLesson() {
				for _, d := range l.Demos {
					all = append(all, listed{l.Name, d.Name, d.Title, d.Summary})
				}
			}
			return json.NewEncoder(c.OutOrStdout()).Encode(all)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func printList(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	lang := environmentLang()
	fmt.Fprintln(table, "LESSON\tDEMO\t")
	for _, l := range everyLesson() {
		for _, d := range l.Demos {
			fmt.Fprintf(table, "%s\t%s\t%s\n", l.Name, d.Name, d.Summary.In(lang))
		}
	}
	return table.Flush()
}

// printSentences prints the lessons and demos for those who listen to them.
func printSentences(w io.Writer, lang lesson.Lang) error {
	for _, l := range everyLesson() {
		fmt.Fprintf(w, lesson.Text{EN: "Lesson %s: %s. %s\n", ZH: "课程 %s：%s。%s\n"}.In(lang), l.Name, l.Title.In(lang), l.Summary.In(lang))
		for _, d := range l.Demos {
			fmt.Fprintf(w, lesson.Text{EN: "Demo %s: %s\n", ZH: "演示 %s：%s\n"}.In(lang), d.Name, d.Summary.In(lang))
		}
	}
	_, err := fmt.Fprintln(w, lesson.Text{
		EN: "To run a demo: lab run NAME --accessible. To run a lesson's tests: lab test LESSON.",
		ZH: "运行演示：lab run 名称 --accessible。运行课程的测试：lab test 课程。",
	}.In(lang))
	return err
}
