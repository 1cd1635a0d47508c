package class

import (
	"io"
	"slices"
	"strconv"
	"time"

	"realtimelab/internal/exercise"
	"realtimelab/internal/spreadsheet"
)

// WriteCSV writes marks as a table: one row per student, one column per exercise with its state,
// and one with the tries. Today's exercises come first. The byte order mark makes Excel read UTF-8.
func (r *Room) WriteCSV(w io.Writer) error {
	head := []string{"name", "group", "solved", "predictions", "right alone", "right after talking",
		"hints", "current", "seen"}
	columns := r.todayFirst()
	for _, c := range columns {
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
			m.Name, group, strconv.Itoa(m.Solved), strconv.Itoa(len(m.Votes)),
			strconv.Itoa(m.RightAlone), strconv.Itoa(m.RightAgain),
			strconv.Itoa(hints), m.Current, m.Seen.Format(time.RFC3339),
		}
		for _, c := range columns {
			state := m.States[c.Name]
			if state == "" {
				state = exercise.New
			}
			row = append(row, string(state), strconv.Itoa(m.Tries[c.Name]))
		}
		rows = append(rows, row)
	}
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	return spreadsheet.WriteCSV(w, rows)
}

// todayFirst returns the columns, with today's list first.
func (r *Room) todayFirst() []Column {
	r.mu.Lock()
	defer r.mu.Unlock()
	columns := slices.Clone(r.Columns)
	slices.SortStableFunc(columns, func(a, b Column) int {
		rank := func(c Column) int {
			if slices.Contains(r.lead.Today, c.Name) {
				return 0
			}
			return 1
		}
		return rank(a) - rank(b)
	})
	return columns
}
