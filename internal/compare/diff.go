package compare

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"realtimelab/internal/lang"
	"realtimelab/internal/spreadsheet"
	"realtimelab/internal/terminal"
)

// Diff is two documents side by side.
type Diff struct {
	Before, After string   // names of the documents
	Caveats       []string // differences other than the lanes', and the warnings of both
	Rows          []Change
	Missing       []string // parts and lanes that one document lacks
}

// Change is one figure of one lane in both documents.
type Change struct {
	Workload, Network, Transport string
	Figure                       Figure
	Before, After                Result
	Exceeds                      bool // the ranges over the runs do not overlap
}

// Compare puts two documents side by side. It pairs parts by workload and network, and lanes by
// transport.
func (d *Document) Compare(other *Document, before, after string) Diff {
	diff := Diff{Before: before, After: after}
	for _, one := range []struct {
		name string
		*Document
	}{{"A", d}, {"B", other}} {
		if one.Incomplete != nil {
			diff.Caveats = append(diff.Caveats, one.name+": "+one.Incomplete.Says(lang.English))
		}
	}
	if a, b := d.Machine, other.Machine; a != b {
		diff.Caveats = append(diff.Caveats,
			fmt.Sprintf("different machines: %s; %s. The machine may cause any difference.", a, b))
	}
	paired := map[*Report]bool{}
	for _, a := range d.Parts {
		at := slices.IndexFunc(other.Parts, func(b *Report) bool {
			return !paired[b] && a.title() == b.title()
		})
		if at < 0 {
			diff.Missing = append(diff.Missing, fmt.Sprintf("%s: not in %s", a.title(), after))
			continue
		}
		b := other.Parts[at]
		paired[b] = true
		diff.add(a, b)
	}
	for _, b := range other.Parts {
		if !paired[b] {
			diff.Missing = append(diff.Missing, fmt.Sprintf("%s: not in %s", b.title(), before))
		}
	}
	return diff
}

func (m Machine) String() string {
	return strings.TrimLeft(fmt.Sprintf("%s, %s, %s, %s", m.CPU, lang.Counted(m.Cores, "core"),
		m.OS, m.Go), ", ")
}

func (r *Report) title() string { return r.Config.Workload + " over " + r.Config.Net.String() }

// add compares two parts.
func (d *Diff) add(a, b *Report) {
	if settings := a.Config.differences(b.Config); len(settings) > 0 {
		d.Caveats = append(d.Caveats, fmt.Sprintf("different settings of %s: %s", a.title(),
			strings.Join(settings, ", ")))
	}
	for _, one := range []struct {
		name string
		*Report
	}{{"A", a}, {"B", b}} {
		for _, w := range one.Warnings {
			d.Caveats = append(d.Caveats, fmt.Sprintf("%s, %s: warning: %s", one.name,
				a.title(), w.EN))
		}
		if one.withoutUpload {
			d.Caveats = append(d.Caveats,
				fmt.Sprintf(
					"%s, %s: bytes, requests and connections per message leave out the upload",
					one.name, a.title()))
		}
	}
	for _, x := range a.Results {
		at := slices.IndexFunc(b.Results, func(y Result) bool { return x.Transport == y.Transport })
		if at < 0 {
			d.Missing = append(d.Missing, fmt.Sprintf("%s, %s: not in %s", a.title(), x.Transport,
				d.After))
			continue
		}
		y := b.Results[at]
		for _, f := range figures {
			_, inX := f.Of(x)
			_, inY := f.Of(y)
			if !inX && !inY {
				continue
			}
			c := Change{Workload: a.Config.Workload, Network: a.Config.Net.String(),
				Transport: x.Transport, Figure: f, Before: x, After: y}
			before, okX := f.within(x)
			after, okY := f.within(y)
			c.Exceeds = okX && okY && !before.overlaps(after)
			d.Rows = append(d.Rows, c)
		}
	}
	for _, y := range b.Results {
		if !slices.ContainsFunc(a.Results, func(x Result) bool {
			return x.Transport == y.Transport
		}) {
			d.Missing = append(d.Missing, fmt.Sprintf("%s, %s: not in %s", a.title(), y.Transport,
				d.Before))
		}
	}
}

// differences lists the settings that differ, except the transports, the workload and the network.
func (c ReportedConfig) differences(other ReportedConfig) []string {
	var all []string
	add := func(name string, a, b any) {
		if a != b {
			all = append(all, fmt.Sprintf("%s %v and %v", name, a, b))
		}
	}
	add("clients", c.Clients, other.Clients)
	add("rate", c.Rate, other.Rate)
	add("size", c.Size, other.Size)
	add("duration", c.Duration, other.Duration)
	add("interval", c.Interval, other.Interval)
	add("cut", c.Cut, other.Cut)
	add("runs", c.Runs, other.Runs)
	add("seed", c.Seed, other.Seed)
	return all
}

// percent returns the change of a figure in words.
func (c Change) percent() string {
	before, okX := c.Figure.Of(c.Before)
	after, okY := c.Figure.Of(c.After)
	if !okX || !okY || before == 0 {
		return ""
	}
	change := (after/before - 1) * 100
	for _, decimals := range []int{0, 1} {
		if text := fmt.Sprintf("%+.*f %%", decimals, change); strings.ContainsAny(text,
			"123456789") {
			return text
		}
	}
	return "0 %"
}

// verdict says whether the spreads overlap.
func (c Change) verdict() string {
	_, okX := c.Figure.within(c.Before)
	_, okY := c.Figure.within(c.After)
	switch {
	case c.Exceeds:
		return "differs"
	case okX && okY:
		return "within the spread"
	}
	return ""
}

// ranged returns a figure with its range over the runs.
func (c Change) ranged(r Result) string {
	over, ok := r.Spread[c.Figure.Key]
	text := c.Figure.Text(r)
	if !ok || r.Runs < 2 || c.Figure.Format(over.Min) == c.Figure.Format(over.Max) ||
		strings.HasPrefix(text, "<") {
		return text
	}
	return fmt.Sprintf("%s (%s–%s)", text, c.Figure.Format(over.Min), c.Figure.Format(over.Max))
}

// Print writes the difference as one of the Formats. The table shows the main figures, or all
// figures if all is set.
func (d Diff) Print(w io.Writer, format string, all bool) error {
	switch format {
	case "csv":
		return d.csv(w)
	case "json":
		return fmt.Errorf(
			"the comparison of two reports has no JSON: use --format " +
				"csv, or open each report alone")
	case "markdown":
		for _, line := range d.head() {
			fmt.Fprintf(w, "- %s\n", line)
		}
		if len(d.Rows) == 0 {
			return nil
		}
		fmt.Fprintln(w)
		return markdownTable(w, d.table(all))
	}
	for _, line := range d.head() {
		fmt.Fprintln(w, terminal.Wrap(line, tableWidth))
	}
	if len(d.Rows) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	return align(w, d.table(all || format == "wide"), 0, 1, 5)
}

func (d Diff) head() []string {
	differ := 0
	judged := 0
	for _, c := range d.Rows {
		if c.verdict() != "" {
			judged++
		}
		if c.Exceeds {
			differ++
		}
	}
	lines := []string{"A: " + d.Before, "B: " + d.After}
	for _, c := range d.Caveats {
		lines = append(lines, "note: "+c)
	}
	for _, m := range d.Missing {
		lines = append(lines, "note: "+m)
	}
	switch {
	case len(d.Rows) == 0:
		lines = append(lines,
			"The reports have no lane under the same workload and network in common.")
	case judged == 0:
		lines = append(lines,
			"One run has no spread, so it is unknown which differences are real: "+
				"measure both with --runs 2 or more.")
	default:
		lines = append(lines, fmt.Sprintf("Differ by more than the spreads: %d of %s.",
			differ, lang.Counted(judged, "figure")))
	}
	return lines
}

// table has a line for each figure. A line of the main table is a main figure or differs.
func (d Diff) table(all bool) [][]string {
	rows := [][]string{{"lane", "figure", "A", "B", "change", ""}}
	part, several := "", false
	for _, c := range d.Rows {
		several = several || c.Workload != d.Rows[0].Workload || c.Network != d.Rows[0].Network
	}
	for _, c := range d.Rows {
		if !all && !c.Figure.main && !c.Exceeds {
			continue
		}
		if title := c.Workload + " over " + c.Network; several && title != part {
			part = title
			rows = append(rows, []string{title + ":", "", "", "", "", ""})
		}
		rows = append(rows, []string{c.Transport, c.Figure.Short, c.ranged(c.Before),
			c.ranged(c.After), c.percent(), c.verdict()})
	}
	return rows
}

func (d Diff) csv(w io.Writer) error {
	rows := [][]string{{"workload", "network", "transport", "figure", "a", "a_min", "a_max", "b",
		"b_min", "b_max", "exceeds_spread"}}
	for _, c := range d.Rows {
		row := []string{c.Workload, c.Network, c.Transport, c.Figure.Key}
		for _, r := range []Result{c.Before, c.After} {
			v, ok := c.Figure.Of(r)
			over, ranged := r.Spread[c.Figure.Key]
			row = append(row, cell(v, ok), cell(over.Min, ranged), cell(over.Max, ranged))
		}
		rows = append(rows, append(row, fmt.Sprint(c.Exceeds)))
	}
	return spreadsheet.WriteCSV(w, rows)
}
