package compare

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"realtimelab/internal/lang"
	"realtimelab/internal/spreadsheet"
)

// column is one column of the tables.
type column struct {
	title lang.Text
	cell  func(Result) string
}

func col(en, zh string, cell func(Result) string) column {
	return column{lang.Text{EN: en, ZH: zh}, cell}
}

// figure is a column of one figure.
func figure(en, zh, format string, f func(Result) float64) column {
	return col(en, zh, func(r Result) string { return fmt.Sprintf(format, f(r)) })
}

func (r *Report) columns() []column {
	columns := []column{col("transport", "传输方式", func(x Result) string { return x.Transport })}
	if r.Config.Workload != Idle {
		columns = append(columns,
			col("messages", "消息数", func(x Result) string { return fmt.Sprint(x.Messages) }),
			col("lost/dup/reord", "丢失/重复/乱序", func(x Result) string { return fmt.Sprintf("%d/%d/%d", x.Lost, x.Duplicated, x.Reordered) }),
			figure("p50 ms", "p50 毫秒", "%.2f", func(x Result) float64 { return x.Latency.P50 }),
			col("p50 spread", "p50 范围", func(x Result) string { return fmt.Sprintf("%.2f-%.2f", x.Spread.P50.Min, x.Spread.P50.Max) }),
			figure("p90", "p90", "%.2f", func(x Result) float64 { return x.Latency.P90 }),
			figure("p99", "p99", "%.2f", func(x Result) float64 { return x.Latency.P99 }),
			figure("p99.9", "p99.9", "%.2f", func(x Result) float64 { return x.Latency.P999 }),
			figure("max", "最大", "%.2f", func(x Result) float64 { return x.Latency.Max }),
			figure("bytes/msg", "字节/消息", "%.0f", func(x Result) float64 { return x.BytesPerMessage }),
			figure("payload", "内容", "%.0f", func(x Result) float64 { return x.Bytes.Payload }),
			figure("framing", "分帧", "%.0f", func(x Result) float64 { return x.Bytes.Framing }),
			figure("headers", "HTTP 头", "%.0f", func(x Result) float64 { return x.Bytes.Headers }),
			figure("requests/msg", "请求/消息", "%.3f", func(x Result) float64 { return x.RequestsPerMessage }),
			figure("cpu us/msg", "CPU 微秒/消息", "%.0f", func(x Result) float64 { return x.CPUPerMessage }))
	} else {
		columns = append(columns,
			figure("requests/client/min", "请求/客户端/分钟", "%.1f", func(x Result) float64 { return x.RequestsPerMinute }),
			figure("bytes/client/min", "字节/客户端/分钟", "%.0f", func(x Result) float64 { return x.BytesPerMinute }))
	}
	columns = append(columns, r.packetColumns()...)
	columns = append(columns, figure("first ms", "首条毫秒", "%.1f", func(x Result) float64 { return x.First.P50 }))
	if slices.ContainsFunc(r.Results, func(x Result) bool { return x.Recovery != nil }) {
		columns = append(columns, figure("recovery ms", "恢复毫秒", "%.0f", func(x Result) float64 { return x.Recovery.P50 }))
	}
	return append(columns,
		figure("KiB/client", "KiB/客户端", "%.0f", func(x Result) float64 { return x.MemoryPerClient }),
		figure("goroutines/client", "goroutine/客户端", "%.1f", func(x Result) float64 { return x.GoroutinesPerClient }),
		figure("fds/client", "描述符/客户端", "%.1f", func(x Result) float64 { return x.DescriptorsPerClient }),
		figure("generator cpu", "负载端 CPU", "%.2f", func(x Result) float64 { return x.GeneratorCPU }))
}

// packetColumns are there where the network is simulated.
func (r *Report) packetColumns() []column {
	switch {
	case !r.Config.simulated():
		return nil
	case r.Config.Workload == Idle:
		return []column{figure("packets/client/min", "IP 包/客户端/分钟", "%.1f", func(x Result) float64 { return x.Packets.PerMinute })}
	}
	return []column{
		figure("packets/msg", "IP 包/消息", "%.2f", func(x Result) float64 { return x.Packets.PerMessage }),
		figure("IP bytes/msg", "IP 字节/消息", "%.0f", func(x Result) float64 { return x.Packets.BytesPerMessage }),
	}
}

func (r *Report) rows(language lang.Lang) [][]string {
	columns := r.columns()
	rows := make([][]string, 1+len(r.Results))
	for _, c := range columns {
		rows[0] = append(rows[0], c.title.In(language))
		for i, x := range r.Results {
			rows[i+1] = append(rows[i+1], c.cell(x))
		}
	}
	return rows
}

func (r *Report) heading(language lang.Lang) string {
	c := r.Config
	text := fmt.Sprintf(lang.Text{
		EN: "workload %s, %d clients, rate %g/s, %d bytes, %s a run, %d runs, polling every %s, seed %d",
		ZH: "负载 %s，%d 个客户端，速率 %g/秒，%d 字节，每轮 %s，共 %d 轮，轮询间隔 %s，种子 %d",
	}.In(language), c.Workload, c.Clients, c.Rate, c.Size, c.Duration, c.Runs, c.Interval, c.Seed)
	if c.simulated() {
		text += lang.Text{EN: "; network ", ZH: "；网络 "}.In(language) + c.Net.String() + " (" + c.Net.Describe().In(language) + ")"
	}
	return text
}

// Verdicts says of each figure which transport has least, and which cannot be told
// from it because their spreads overlap.
func (r *Report) Verdicts(language lang.Lang) []string {
	if len(r.Results) < 2 || r.Config.Workload == Idle {
		return nil
	}
	if slices.ContainsFunc(r.Results, func(x Result) bool { return x.Runs < 2 }) {
		return []string{lang.Text{EN: "one run has no spread: no verdict without --runs 2 or more", ZH: "只有一轮就没有范围可比：用 --runs 2 或更多才下结论"}.In(language)}
	}
	var verdicts []string
	for _, of := range []struct {
		name  lang.Text
		value func(Spread) Range
	}{
		{lang.Text{EN: "latency p50", ZH: "延迟 p50"}, func(s Spread) Range { return s.P50 }},
		{lang.Text{EN: "latency p99", ZH: "延迟 p99"}, func(s Spread) Range { return s.P99 }},
		{lang.Text{EN: "bytes per message", ZH: "每条消息的字节"}, func(s Spread) Range { return s.Bytes }},
		{lang.Text{EN: "server CPU per message", ZH: "每条消息的服务器 CPU"}, func(s Spread) Range { return s.CPU }},
	} {
		best := slices.MinFunc(r.Results, func(a, b Result) int {
			x, y := of.value(a.Spread), of.value(b.Spread)
			return cmp.Compare(x.Min+x.Max, y.Min+y.Max)
		})
		verdict := fmt.Sprintf(lang.Text{EN: "%s: least %s", ZH: "%s：最小的是 %s"}.In(language), of.name.In(language), best.Transport)
		var same []string
		for _, x := range r.Results {
			if x.Transport != best.Transport && of.value(x.Spread).overlaps(of.value(best.Spread)) {
				same = append(same, x.Transport)
			}
		}
		if len(same) > 0 {
			verdict += lang.Text{EN: "; no difference: ", ZH: "；没有差别："}.In(language) + strings.Join(same, ", ")
		}
		verdicts = append(verdicts, verdict)
	}
	return verdicts
}

// Table writes the report as plain text.
func (r *Report) Table(w io.Writer) error {
	fmt.Fprintf(w, "%s\n\n", r.heading(lang.English))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range r.rows(lang.English) {
		fmt.Fprintf(table, "%s\t\n", strings.Join(row, "\t"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return r.notes(w, "")
}

// Remarks are the verdicts and the warnings.
func (r *Report) Remarks(language lang.Lang) []string {
	remarks := r.Verdicts(language)
	for _, w := range r.warnings {
		remarks = append(remarks, lang.Text{EN: "warning: ", ZH: "警告："}.In(language)+w.In(language))
	}
	return remarks
}

func (r *Report) notes(w io.Writer, bullet string) error {
	notes := r.Remarks(lang.English)
	if len(notes) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "\n%s%s\n", bullet, strings.Join(notes, "\n"+bullet))
	return err
}

// Markdown writes the report as a Markdown table.
func (r *Report) Markdown(w io.Writer) error {
	fmt.Fprintf(w, "%s\n\n", r.heading(lang.English))
	for i, row := range r.rows(lang.English) {
		fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			fmt.Fprintf(w, "|---%s|\n", strings.Repeat("|--:", len(row)-1))
		}
	}
	return r.notes(w, "- ")
}

// Columns writes a Markdown table of the columns with these English titles.
func (r *Report) Columns(w io.Writer, titles ...string) error {
	rows := r.rows(lang.English)
	for i, row := range rows {
		var cells []string
		for _, title := range titles {
			at := slices.Index(rows[0], title)
			if at < 0 {
				return fmt.Errorf("no column %q", title)
			}
			cells = append(cells, row[at])
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
		if i == 0 {
			fmt.Fprintf(w, "|---%s|\n", strings.Repeat("|--:", len(cells)-1))
		}
	}
	return nil
}

// CSV writes one line a transport, after a line of titles.
func (r *Report) CSV(w io.Writer) error { return spreadsheet.WriteCSV(w, r.rows(lang.English)) }

// JSON writes the report as one indented object.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
