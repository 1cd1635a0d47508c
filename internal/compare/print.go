package compare

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"realtimelab/internal/lang"
	"realtimelab/internal/latency"
	"realtimelab/internal/spreadsheet"
	"realtimelab/internal/terminal"
)

// Formats lists the formats of Print.
func Formats() []string { return []string{"table", "wide", "csv", "json", "markdown"} }

// Print writes the document in one of the Formats. The table has the main figures and fits 100
// columns; wide and csv have all, and so has markdown if all is set.
func (d *Document) Print(w io.Writer, format string, all bool) error {
	switch format {
	case "csv":
		return d.csv(w)
	case "json":
		return d.JSON(w)
	case "markdown":
		return d.eachPart(w, "- ", func(r *Report) error { return r.markdown(w, all) })
	case "wide":
		return d.eachPart(w, "", func(r *Report) error { return r.table(w, true) })
	case "table":
		return d.eachPart(w, "", func(r *Report) error { return r.table(w, all) })
	}
	return fmt.Errorf("no format %q; there are: %s", format, strings.Join(Formats(), ", "))
}

// eachPart writes the parts with an empty line between them. If the document is incomplete, a line
// after mark says so first.
func (d *Document) eachPart(w io.Writer, mark string, write func(*Report) error) error {
	if d.Incomplete != nil {
		if _, err := fmt.Fprintf(w, "%s\n\n",
			terminal.Wrap(mark+d.Incomplete.Says(lang.English), tableWidth)); err != nil {
			return err
		}
	}
	for i, r := range d.Parts {
		if i > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		if err := write(r); err != nil {
			return err
		}
	}
	return nil
}

// Figures returns the figures that were measured for at least one transport, the main ones or all.
func (r *Report) Figures(all bool) []Figure {
	var some []Figure
	for _, f := range figures {
		measured := slices.ContainsFunc(r.Results, func(x Result) bool {
			_, ok := f.Of(x)
			return ok
		})
		main := f.main
		if w, _ := FindWorkload(r.Config.Workload); w.figures != nil {
			main = slices.Contains(w.figures, f.Key)
		}
		if measured && (all || main) {
			some = append(some, f)
		}
	}
	return some
}

// rows are the lines of a table, the headings first.
func (r *Report) rows(all bool) [][]string {
	rows := [][]string{{"transport"}}
	for _, x := range r.Results {
		rows = append(rows, []string{x.Transport})
	}
	for _, f := range r.Figures(all) {
		rows[0] = append(rows[0], f.Short)
		for i, x := range r.Results {
			rows[i+1] = append(rows[i+1], f.Text(x))
		}
	}
	return rows
}

// Heading describes the configuration.
func (r *Report) Heading(language lang.Lang) string {
	c := r.Config
	text := fmt.Sprintf(lang.Text{
		EN: "workload %s, %s, rate %g/s, %s, %s a run, %s, polling every %s, seed %d",
		ZH: "负载 %s，%s，速率 %g/秒，%d 字节，每轮 %s，%s，轮询间隔 %s，种子 %d",
	}.In(language), c.Workload, fmt.Sprintf(language.Say("%s", "%d 个客户端"),
		lang.Counted(c.Clients, "client")), c.Rate, lang.Counted(c.Size, "byte"), c.Duration,
		r.runs(language), c.Interval, c.Seed)
	if c.TLS {
		text += language.Say(", TLS", "，TLS")
	}
	if c.simulated() {
		text += language.Say("; network ", "；网络 ") + c.Net.String()
		if described := c.Net.Describe().In(language); described != "" {
			text += language.Say(" (", "（") + described + language.Say(")", "）")
		}
	}
	return text
}

// runs returns the number of measured runs and of requested ones, as text.
func (r *Report) runs(language lang.Lang) string {
	least, most, want := r.Config.Runs, 0, r.Config.Runs
	for _, name := range r.Config.Transports {
		n := r.resultOf(name).Runs
		least, most = min(least, n), max(most, n)
	}
	all := lang.Counted(want, "run")
	switch {
	case least == want:
		return fmt.Sprintf(language.Say("%s", "共 %d 轮"), all)
	case least == most:
		return fmt.Sprintf(language.Say("%d of %s", "完成 %d 轮（共 %d 轮）"), least, all)
	}
	return fmt.Sprintf(language.Say("%d to %d of %s", "完成 %d 到 %d 轮（共 %d 轮）"), least, most,
		all)
}

// Notes returns what a reader of the figures must know, of the main ones or of all.
func (r *Report) Notes(language lang.Lang, all bool) (notes []string) {
	w, _ := FindWorkload(r.Config.Workload)
	if r.Config.Clients < memoryClients && (all || slices.Contains(w.figures, memoryPerClient)) {
		notes = append(notes,
			fmt.Sprintf(
				language.Say(
					"memory per client needs %d clients or more: with %d, the memory of the "+
						"process itself hides it",
					"每个客户端的内存至少要 %d 个客户端才能测：只有 %d "+
						"个时，会被进程本身的内存淹没"),
				memoryClients, r.Config.Clients))
	}
	if r.withoutUpload {
		notes = append(notes,
			language.Say(
				"bytes, requests and connections per message leave out the upload: an older lab "+
					"measured this, which did not count the sender beside the server",
				"每条消息的字节数、请求数和连接数不含上传："+
					"这份报告来自旧版本，没有统计服务器旁边的发送方"))
	}
	return notes
}

// Remarks returns the conclusions and the warnings.
func (r *Report) Remarks(language lang.Lang) []string {
	remarks := r.Conclusions(language)
	for _, w := range r.Warnings {
		remarks = append(remarks, language.Say("warning: ", "警告：")+w.In(language))
	}
	return remarks
}

// said returns the lines under a table.
func (r *Report) said(all bool) []string {
	lines := r.Remarks(lang.English)
	for _, note := range r.Notes(lang.English, all) {
		lines = append(lines, "note: "+note)
	}
	return lines
}

// tableWidth is the width of the table with the main figures, and of the lines around it.
const tableWidth = 100

// table writes the report as plain text.
func (r *Report) table(w io.Writer, all bool) error {
	fmt.Fprintf(w, "%s\n\n", terminal.Wrap(r.Heading(lang.English), tableWidth))
	if err := align(w, r.rows(all), 0); err != nil {
		return err
	}
	for i, remark := range r.said(all) {
		if i == 0 {
			remark = "\n" + remark
		}
		if _, err := fmt.Fprintln(w, terminal.Wrap(remark, tableWidth)); err != nil {
			return err
		}
	}
	return nil
}

// align writes rows in columns. The columns named by left, from 0, begin at the left; the others
// end at the right.
func align(w io.Writer, rows [][]string, left ...int) error {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], ansi.StringWidth(cell))
		}
	}
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			if i > 0 {
				line += "  "
			}
			space := strings.Repeat(" ", widths[i]-ansi.StringWidth(cell))
			if slices.Contains(left, i) {
				line += cell + space
			} else {
				line += space + cell
			}
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " ")); err != nil {
			return err
		}
	}
	return nil
}

// markdown writes the report as a Markdown table.
func (r *Report) markdown(w io.Writer, all bool) error {
	fmt.Fprintf(w, "%s\n\n", r.Heading(lang.English))
	if err := markdownTable(w, r.rows(all)); err != nil {
		return err
	}
	for i, remark := range r.said(all) {
		if i == 0 {
			fmt.Fprintln(w)
		}
		if _, err := fmt.Fprintf(w, "- %s\n", remark); err != nil {
			return err
		}
	}
	return nil
}

func markdownTable(w io.Writer, rows [][]string) error {
	for i, row := range rows {
		cells := slices.Clone(row)
		for k, cell := range cells {
			cells[k] = strings.ReplaceAll(cell, "|", `\|`)
		}
		if _, err := fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | ")); err != nil {
			return err
		}
		if i == 0 {
			fmt.Fprintf(w, "|---%s|\n", strings.Repeat("|--:", len(row)-1))
		}
	}
	return nil
}

// Columns writes a Markdown table of the figures with these keys. A key that ends in "_range" is a
// figure's range over the runs. It is left out if no transport had more than one run.
func (r *Report) Columns(w io.Writer, keys ...string) error {
	rows := [][]string{{"transport"}}
	for _, x := range r.Results {
		rows = append(rows, []string{x.Transport})
	}
	for _, key := range keys {
		name, ranged := strings.CutSuffix(key, "_range")
		if ranged && !slices.ContainsFunc(r.Results, func(x Result) bool { return x.Runs > 1 }) {
			continue
		}
		at := slices.IndexFunc(figures, func(f Figure) bool { return f.Key == name })
		if at < 0 {
			return fmt.Errorf("no figure %q", key)
		}
		f := figures[at]
		heading := f.Short
		if ranged {
			heading += " range"
		}
		rows[0] = append(rows[0], heading)
		for i, x := range r.Results {
			text := f.Text(x)
			if over, ok := x.Spread[name]; ranged && ok {
				text = f.Format(over.Min) + "–" + f.Format(over.Max)
			}
			rows[i+1] = append(rows[i+1], text)
		}
	}
	return markdownTable(w, rows)
}

// csv writes a line of headings and one line for each transport of each part. A cell is one number
// or one word; a figure that was not measured is an empty cell.
func (d *Document) csv(w io.Writer) error {
	rows := [][]string{{"workload", "network", "clients", "rate_per_s", "size_bytes", "duration_ms",
		"interval_ms", "cut_ms", "seed", "transport", "runs"}}
	for _, f := range figures {
		rows[0] = append(rows[0], f.Key)
		if f.spread {
			rows[0] = append(rows[0], f.Key+"_min", f.Key+"_max")
		}
	}
	rows[0] = append(rows[0], "server_cpu_resolution_us_per_message")
	for _, r := range d.Parts {
		c := r.Config
		for _, x := range r.Results {
			row := []string{c.Workload, c.Net.String()}
			for _, v := range []float64{float64(c.Clients), c.Rate, float64(c.Size),
				inMS(c.Duration), inMS(c.Interval), inMS(c.Cut)} {
				row = append(row, plain(v))
			}
			row = append(row, fmt.Sprint(c.Seed), x.Transport, fmt.Sprint(x.Runs))
			for _, f := range figures {
				v, ok := f.Of(x)
				row = append(row, cell(v, ok))
				if over, ok := x.Spread[f.Key]; f.spread {
					row = append(row, cell(over.Min, ok), cell(over.Max, ok))
				}
			}
			rows = append(rows, append(row, plain(round(x.CPUResolution))))
		}
	}
	return spreadsheet.WriteCSV(w, rows)
}

func cell(v float64, ok bool) string {
	if !ok {
		return ""
	}
	return plain(round(v))
}

func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func inMS(d time.Duration) float64 { return latency.Millis(d.Microseconds()) }
