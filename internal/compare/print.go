package compare

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// column is one column of the tables.
type column struct {
	title string
	cell  func(Result) string
}

func figure(f func(Result) float64, format string) func(Result) string {
	return func(r Result) string { return fmt.Sprintf(format, f(r)) }
}

func (r *Report) columns() []column {
	columns := []column{{"transport", func(x Result) string { return x.Transport }}}
	if r.Config.Workload != Idle {
		columns = append(columns,
			column{"messages", func(x Result) string { return fmt.Sprint(x.Messages) }},
			column{"lost/dup/reord", func(x Result) string { return fmt.Sprintf("%d/%d/%d", x.Lost, x.Duplicated, x.Reordered) }},
			column{"p50 ms", figure(func(x Result) float64 { return x.Latency.P50 }, "%.2f")},
			column{"p50 spread", func(x Result) string { return fmt.Sprintf("%.2f-%.2f", x.Spread.P50.Min, x.Spread.P50.Max) }},
			column{"p90", figure(func(x Result) float64 { return x.Latency.P90 }, "%.2f")},
			column{"p99", figure(func(x Result) float64 { return x.Latency.P99 }, "%.2f")},
			column{"p99.9", figure(func(x Result) float64 { return x.Latency.P999 }, "%.2f")},
			column{"max", figure(func(x Result) float64 { return x.Latency.Max }, "%.2f")},
			column{"bytes/msg", figure(func(x Result) float64 { return x.BytesPerMessage }, "%.0f")},
			column{"payload", figure(func(x Result) float64 { return x.Bytes.Payload }, "%.0f")},
			column{"framing", figure(func(x Result) float64 { return x.Bytes.Framing }, "%.0f")},
			column{"headers", figure(func(x Result) float64 { return x.Bytes.Headers }, "%.0f")},
			column{"requests/msg", figure(func(x Result) float64 { return x.RequestsPerMessage }, "%.3f")},
			column{"cpu us/msg", figure(func(x Result) float64 { return x.CPUPerMessage }, "%.0f")})
	} else {
		columns = append(columns,
			column{"requests/client/min", figure(func(x Result) float64 { return x.RequestsPerMinute }, "%.1f")},
			column{"bytes/client/min", figure(func(x Result) float64 { return x.BytesPerMinute }, "%.0f")})
	}
	return append(columns,
		column{"first ms", figure(func(x Result) float64 { return x.First.P50 }, "%.1f")},
		column{"KiB/client", figure(func(x Result) float64 { return x.MemoryPerClient }, "%.0f")},
		column{"goroutines/client", figure(func(x Result) float64 { return x.GoroutinesPerClient }, "%.1f")},
		column{"fds/client", figure(func(x Result) float64 { return x.DescriptorsPerClient }, "%.1f")},
		column{"generator cpu", figure(func(x Result) float64 { return x.GeneratorCPU }, "%.2f")})
}

func (r *Report) rows() [][]string {
	columns := r.columns()
	rows := make([][]string, 1+len(r.Results))
	for _, c := range columns {
		rows[0] = append(rows[0], c.title)
		for i, x := range r.Results {
			rows[i+1] = append(rows[i+1], c.cell(x))
		}
	}
	return rows
}

func (r *Report) heading() string {
	c := r.Config
	return fmt.Sprintf("workload %s, %d clients, rate %g/s, %d bytes, %s a run, %d runs, polling every %s, seed %d; no compression",
		c.Workload, c.Clients, c.Rate, c.Size, c.Duration, c.Runs, c.Interval, c.Seed)
}

// Verdicts says of each figure which transport has least, and which cannot be told
// from it because their spreads overlap.
func (r *Report) Verdicts() []string {
	if len(r.Results) < 2 || r.Config.Workload == Idle {
		return nil
	}
	if slices.ContainsFunc(r.Results, func(x Result) bool { return x.Runs < 2 }) {
		return []string{"one run has no spread: no verdict without --runs 2 or more"}
	}
	var verdicts []string
	for _, of := range []struct {
		name  string
		value func(Spread) Range
	}{
		{"latency p50", func(s Spread) Range { return s.P50 }},
		{"latency p99", func(s Spread) Range { return s.P99 }},
		{"bytes per message", func(s Spread) Range { return s.Bytes }},
		{"server CPU per message", func(s Spread) Range { return s.CPU }},
	} {
		best := slices.MinFunc(r.Results, func(a, b Result) int {
			x, y := of.value(a.Spread), of.value(b.Spread)
			return int(1000 * (x.Min + x.Max - y.Min - y.Max))
		})
		verdict := fmt.Sprintf("%s: least %s", of.name, best.Transport)
		var same []string
		for _, x := range r.Results {
			if x.Transport != best.Transport && of.value(x.Spread).overlaps(of.value(best.Spread)) {
				same = append(same, x.Transport)
			}
		}
		if len(same) > 0 {
			verdict += "; no difference: " + strings.Join(same, ", ")
		}
		verdicts = append(verdicts, verdict)
	}
	return verdicts
}

// Table writes the report as plain text.
func (r *Report) Table(w io.Writer) error {
	fmt.Fprintf(w, "%s\n\n", r.heading())
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range r.rows() {
		fmt.Fprintf(table, "%s\t\n", strings.Join(row, "\t"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return r.notes(w, "")
}

// remarks are the verdicts, and the warnings after that word.
func (r *Report) remarks(warning string) []string {
	remarks := r.Verdicts()
	for _, w := range r.Warnings {
		remarks = append(remarks, warning+w)
	}
	return remarks
}

func (r *Report) notes(w io.Writer, bullet string) error {
	notes := r.remarks("warning: ")
	if len(notes) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "\n%s%s\n", bullet, strings.Join(notes, "\n"+bullet))
	return err
}

// Markdown writes the report as a Markdown table.
func (r *Report) Markdown(w io.Writer) error {
	fmt.Fprintf(w, "%s\n\n", r.heading())
	for i, row := range r.rows() {
		fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			fmt.Fprintf(w, "|---%s|\n", strings.Repeat("|--:", len(row)-1))
		}
	}
	return r.notes(w, "- ")
}

// CSV writes one line a transport, after a line of titles.
func (r *Report) CSV(w io.Writer) error { return csv.NewWriter(w).WriteAll(r.rows()) }

// JSON writes the report as one indented object.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
