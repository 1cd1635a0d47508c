package choice

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"realtimelab/internal/lang"
)

//go:embed figures.json
var measured []byte // written from docs/figures by `go test ./internal/figures -update`

// Figures holds measured figures: by name, such as "3g latency", then by transport.
type Figures map[string]map[string]float64

// Measured returns the figures of docs/figures that the table, the cases and the tree quote.
func Measured() (f Figures) {
	if err := json.Unmarshal(measured, &f); err != nil {
		panic(err) // an embedded file
	}
	return f
}

// quoted finds a figure in a text, such as {3g sse latency}.
var quoted = regexp.MustCompile(`\{(\S+) (\S+) (\S+)\}`)

// Value returns the figure that a text quotes as {REPORT TRANSPORT FIGURE}, given without braces.
func (f Figures) Value(quote string) (value float64, found bool) {
	parts := strings.Fields(quote)
	if len(parts) != 3 {
		return 0, false
	}
	value, found = f[parts[0]+" "+parts[2]][parts[1]]
	return value, found
}

// Fill replaces the quoted figures of a text by their values.
func (f Figures) Fill(t lang.Text) lang.Text {
	fill := func(text string) string {
		return quoted.ReplaceAllStringFunc(text, func(quote string) string {
			value, _ := f.Value(strings.Trim(quote, "{}"))
			return fmt.Sprintf("%.0f", value)
		})
	}
	return lang.Text{EN: fill(t.EN), ZH: fill(t.ZH)}
}

// cell returns a figure as the table shows it.
func (f Figures) cell(name, transport string) string {
	value := f[name][transport]
	switch _, figure, _ := strings.Cut(name, " "); figure {
	case "latency", "recovery":
		return fmt.Sprintf("%.0f ms", value)
	case "requests":
		return strconv.FormatFloat(value, 'f', 2, 64)
	case "cpu":
		return fmt.Sprintf("%.0f µs", value)
	case "memory":
		return fmt.Sprintf("%.0f KiB", value)
	}
	return fmt.Sprintf("%.0f", value)
}

// reportOf returns the report of a figure.
func reportOf(name string) string {
	report, _, _ := strings.Cut(name, " ")
	return report
}

// command returns the command that runs a test, which is given as in Cell.
func command(test string) string {
	folder, name, _ := strings.Cut(test, " ")
	return "go test -run " + name + " ./" + folder
}

// FigureNames lists the names of all figures that the table, the cases and the tree quote, sorted.
func FigureNames() []string {
	names := map[string]bool{}
	for _, row := range Table {
		if row.Figure != "" {
			names[row.Figure] = true
		}
	}
	note := func(quotes ...string) {
		for _, quote := range quotes {
			if parts := strings.Fields(quote); len(parts) == 3 {
				names[parts[0]+" "+parts[2]] = true
			}
		}
	}
	for _, text := range Texts() {
		for _, quote := range quoted.FindAllString(text.EN, -1) {
			note(strings.Trim(quote, "{}"))
		}
	}
	for _, c := range Cases {
		for _, pair := range c.Less {
			note(pair[0], pair[1])
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Texts returns the texts that may quote figures.
func Texts() (all []lang.Text) {
	for _, c := range Cases {
		all = append(all, c.Because)
	}
	var add func(q *Question)
	add = func(q *Question) {
		for _, a := range q.Answers {
			all = append(all, a.Why)
			if a.Next != nil {
				add(a.Next)
			}
		}
	}
	add(Tree)
	for _, e := range Extras {
		for _, advice := range e.Advice {
			all = append(all, advice)
		}
	}
	return all
}
