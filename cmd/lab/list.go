package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"realtimelab/internal/lesson"
	"realtimelab/lessons"
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
			for _, l := range lessons.All() {
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
	for _, l := range lessons.All() {
		for _, d := range l.Demos {
			fmt.Fprintf(table, "%s\t%s\t%s\n", l.Name, d.Name, d.Summary.In(lang))
		}
	}
	return table.Flush()
}
