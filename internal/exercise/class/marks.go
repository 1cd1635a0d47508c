package class

import (
	"io"
	"strconv"
	"time"

	"realtimelab/internal/exercise"
	"realtimelab/internal/spreadsheet"
)

// WriteCSV writes marks as a table: one row per student, one column per exercise with its state, and
// one with the tries.
func (r *Room) WriteCSV(w io.Writer) error {
	head := []string{"name", "group", "solved", "predictions", "right alone", "right after talking", "hints", "current", "seen"}
	for _, c := range r.Columns {
		head = append(head, c.Name, c.Name+" tries")
	}
	rows := [][]string{head}
	for _, m := range r.Marks() {
		hints, group := 0, ""
		for _, n := range m.Hints {
			hints += n
		}
		if m.Group > 0 {
			group = strconv.Itoa(m.Group)
		}
		row := []string{
			m.Name, group, strconv.Itoa(m.Solved), strconv.Itoa(len(m.Votes)), strconv.Itoa(m.RightAlone), strconv.Itoa(m.RightAgain),
			strconv.Itoa(hints), m.Current, m.Seen.Format(time.RFC3339),
		}
		for _, c := range r.Columns {
			state := m.States[c.Name]
			if state == "" {
				state = exercise.New
			}
			row = append(row, string(state), strconv.Itoa(m.Tries[c.Name]))
		}
		rows = append(rows, row)
	}
	return spreadsheet.WriteCSV(w, rows)
}
