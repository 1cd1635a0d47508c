package class

import (
	"io"
	"strconv"
	"time"

	"realtimelab/internal/exercise"
	"realtimelab/internal/spreadsheet"
)

// WriteCSV writes the board as a table: one row for each student, one column for each exercise.
func (s Snapshot) WriteCSV(w io.Writer) error {
	head := []string{"name", "solved", "current", "seen"}
	for _, c := range s.Columns {
		head = append(head, c.Name)
	}
	rows := [][]string{head}
	for _, student := range s.Students {
		row := []string{student.Name, strconv.Itoa(student.solved()), student.Current, student.Seen.UTC().Format(time.RFC3339)}
		for _, c := range s.Columns {
			state := student.States[c.Name]
			if state == "" {
				state = exercise.New
			}
			row = append(row, string(state))
		}
		rows = append(rows, row)
	}
	return spreadsheet.WriteCSV(w, rows)
}
