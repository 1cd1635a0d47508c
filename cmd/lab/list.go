package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"realtimelab/internal/lang"
	"realtimelab/lessons"
)

// listed is one demo in `lab list --json`.
type listed struct {
	Lesson  string    `json:"lesson"`
	Demo    string    `json:"demo"`
	Title   lang.Text `json:"title"`
	Summary lang.Text `json:"summary"`
}

func listCommand() *cobra.Command {
	var asJSON, plain bool
	var langFlag string
	c := &cobra.Command{
		Use:   "list",
		Short: "List the lessons and demos",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			language, err := parseLang(langFlag)
			language = cmp.Or(language, environmentLang())
			switch {
			case err != nil:
				return err
			case plain:
				return printLines(c.OutOrStdout(), language)
			case !asJSON:
				return printList(c.OutOrStdout(), language)
			}
			all := []listed{}
			for _, l := range lessons.All() {
				for _, d := range l.Demos {
					all = append(all, listed{l.Name, d.Name, d.Title, d.Summary})
				}
			}
			return json.NewEncoder(c.OutOrStdout()).Encode(all)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().StringVar(&langFlag, "lang", "", "en or zh (default: the terminal's)")
	c.Flags().BoolVar(&plain, "plain", false, "print one line per demo, NAME<TAB>LESSON<TAB>TITLE")
	return c
}

func printList(w io.Writer, language lang.Lang) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "LESSON\tDEMO\t")
	for _, l := range lessons.All() {
		if len(l.Demos) == 0 {
			fmt.Fprintf(table, "%s\t\t%s\n", l.Name, l.Summary.In(language))
		}
		for _, d := range l.Demos {
			fmt.Fprintf(table, "%s\t%s\t%s\n", l.Name, d.Name, d.Summary.In(language))
		}
	}
	return table.Flush()
}

// printLines prints a line for each demo, with fields that cut and awk can take apart.
func printLines(w io.Writer, language lang.Lang) error {
	for _, l := range lessons.All() {
		for _, d := range l.Demos {
			if _, err := fmt.Fprintf(w, "%s\t%s\t%s\n", d.Name, l.Name,
				d.Title.In(language)); err != nil {
				return err
			}
		}
	}
	return nil
}

// printSentences prints the lessons and demos as sentences for screen readers.
func printSentences(w io.Writer, language lang.Lang) error {
	for _, l := range lessons.All() {
		fmt.Fprintf(w, lang.Text{EN: "Lesson %s: %s. %s\n", ZH: "课程 %s：%s。%s\n"}.In(language),
			l.Name, l.Title.In(language), l.Summary.In(language))
		for _, d := range l.Demos {
			fmt.Fprintf(w, lang.Text{EN: "Demo %s: %s\n", ZH: "演示 %s：%s\n"}.In(language), d.Name,
				d.Summary.In(language))
		}
	}
	_, err := fmt.Fprintln(w, lang.Text{
		EN: "To run a demo: lab run NAME --accessible. To run a lesson's tests: lab test LESSON.",
		ZH: "运行演示：lab run 名称 --accessible。运行课程的测试：lab test 课程。",
	}.In(language))
	return err
}
