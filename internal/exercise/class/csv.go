package class

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"realtimelab/internal/exercise"
)

// WriteCSV writes the board as a table: one row for each student, one column for each exercise.
func (s Snapshot) WriteCSV(w io.Writer) error {
	table := csv.NewWriter(w)
	head := []string{"name", "solved", "current", "seen"}
	for _, c := range s.Columns {
		head = append(head, c.Name)
	}
	if err := table.Write(head); err != nil {
		return err
	}
	for _, student := range s.Students {
		row := []string{harmless(student.Name), strconv.Itoa(student.solved()), student.Current, student.Seen.UTC().Format(time.RFC3339)}
		for _, c := range s.Columns {
			state := student.States[c.Name]
			if state == "" {
				state = exercise.New
			}
			row = append(row, string(state))
		}
		if err := table.Write(row); err != nil {
			return err
		}
	}
	table.Flush()
	return table.Error()
}

// harmless keeps a spreadsheet from taking a name for a formula.
func harmless(name string) string {
	if strings.ContainsAny(name[:1], "=+-@") {
		return "'" + name
	}
	return name
}
