package load

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"realtimelab/internal/lang"
	"realtimelab/internal/terminal"
)

// Print writes the report as text.
func (r *Report) Print(out io.Writer, language lang.Lang) error {
	say := language.Say
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", terminal.Clean(r.Heading(language)))
	rows, width := r.Rows(language), 0
	for _, row := range rows {
		width = max(width, ansi.StringWidth(row[0]))
	}
	for _, row := range rows {
		fmt.Fprintf(&b, "%s%s  %s\n", row[0],
			strings.Repeat(" ", width-ansi.StringWidth(row[0])), row[1])
	}
	if len(r.Failures) > 0 {
		fmt.Fprintf(&b, "\n%s\n", say("Failures", "失败"))
		for _, f := range r.Failures {
			fmt.Fprintf(&b, "  %s\n", f.Says(language))
		}
	}
	if notes := r.Notes(); len(notes) > 0 {
		b.WriteString("\n")
		for _, n := range notes {
			fmt.Fprintln(&b, n.In(language))
		}
	}
	if len(r.Thresholds) > 0 {
		fmt.Fprintf(&b, "\n%s\n", say("Thresholds", "阈值"))
		for _, t := range r.Thresholds {
			verdict := say("passed", "通过")
			if t.Crossed {
				verdict = say("FAILED", "未通过")
			}
			fmt.Fprintf(&b, "  %s  %s\n", verdict, t.In(language))
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// Says describes the failure in one line.
func (f Failure) Says(language lang.Lang) string {
	phase := map[string]lang.Text{
		phaseConnect: {EN: "while connecting", ZH: "连接时"},
		phaseHold:    {EN: "connection lost", ZH: "连接断开"},
		phaseSend:    {EN: "while sending", ZH: "发送时"},
		phaseUpgrade: {EN: "upgrade to WebSocket failed, the client stays on polling",
			ZH: "升级到 WebSocket 失败，客户端留在轮询"},
	}[f.Phase].In(language)
	example := f.Example
	if language == lang.Chinese && f.chinese != "" {
		example = f.chinese
	}
	line := fmt.Sprintf(language.Say("%d × %s: %s (%s)", "%d × %s：%s（%s）"), f.Count, phase,
		f.Cause.In(language), terminal.Clean(example))
	hint, known := hints[f.Cause]
	if f.Phase == phaseUpgrade && f.Cause == CauseStatus {
		hint, known = hintUpgrade, true
	}
	if known {
		line += language.Say("; ", "；") + hint.In(language)
	}
	return line
}

// Heading says what was done.
func (r *Report) Heading(language lang.Lang) string {
	c, say := r.Config, language.Say
	parts := []string{fmt.Sprintf(say("Profile %s", "方案 %s"), c.Profile),
		c.URL + " (" + c.As + ")"}
	if c.Clients > 0 {
		parts = append(parts, fmt.Sprintf(say("%s", "%d 个客户端"),
			lang.Counted(c.Clients, "client")))
	}
	parts = append(parts, fmt.Sprintf(say("%g arrivals/s", "每秒 %g 个到达"), c.Arrivals))
	if c.Rate > 0 {
		parts = append(parts, fmt.Sprintf(say("%g messages/s", "每秒 %g 条消息"), c.Rate))
	}
	parts = append(parts, millis(c.Duration).String())
	return strings.Join(parts, say(", ", "，"))
}

func millis(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// Rows returns the figures of the report, each with its name. A star marks the figures
// that may be the generator's own.
func (r *Report) Rows(language lang.Lang) (rows [][2]string) {
	say := language.Say
	add := func(en, zh, format string, args ...any) {
		rows = append(rows, [2]string{say(en, zh), fmt.Sprintf(format, args...)})
	}
	c := r.Clients
	add("connections", "连接",
		say("%d held at the end, %d at the most; %d opened, %s failed, %d dropped",
			"结束时 %d，最多 %d；建立 %d，失败 %d，断开 %d"), c.Held, c.Peak, c.Connected,
		lang.Counted(c.Refused, "attempt"), c.Dropped)
	add("time to connect", "连接用时", "%s", r.latencies(r.Connect, language))
	if m := r.Messages; m != nil {
		add("messages", "消息", say("%d sent, %d not sent", "发送 %d，未能发送 %d"), m.Sent,
			m.Unsent)
		name := lang.Text{EN: "deliveries", ZH: "送达"}
		if r.Config.Profile == Emit {
			name = lang.Text{EN: "acknowledgements", ZH: "回执"}
		}
		add(name.EN, name.ZH, say("%d of %d, %d missing, %d beyond them",
			"%d / %d，缺少 %d，多余 %d"), m.Delivered, m.Expected, m.Missing, m.Extra)
		add("latency", "延迟", "%s", r.latencies(*r.Latency, language))
		if r.Config.Slow > 0 {
			add("to slow clients", "送达慢客户端", "%d", m.ToSlow)
		}
	}
	if s := r.Storm; s != nil {
		add("storm", "重连高峰", say("%d cut, %d back", "切断 %d，恢复 %d"), s.Cut, s.Back)
		add("time to come back", "恢复用时", "%s", r.latencies(s.Returned, language))
	}
	add("received", "接收", say("%s, %s", "%d 条消息，%s"),
		lang.Counted(r.Traffic.Messages, "message"),
		bytesText(r.Traffic.In, language))
	add("sent bytes", "发送字节", "%s", bytesText(r.Traffic.Out, language))
	g := r.Generator
	memory := fmt.Sprintf(say("%.2f of %s, %.0f MiB", "%.2f / %d 核，%.0f MiB"), g.CPUs,
		lang.Counted(g.Cores, "core"), g.Memory)
	if g.PerClient > 0 {
		memory += fmt.Sprintf(say(", %.1f KiB per client", "，每个客户端 %.1f KiB"), g.PerClient)
	}
	add("load generator", "负载发生器", "%s", memory)
	add("its own delay", "自身延误", "p99 %s ms", number(g.LagP99))
	return rows
}

// latencies returns percentiles in one line.
func (r *Report) latencies(p Percentiles, language lang.Lang) string {
	if p.Count == 0 {
		return language.Say("nothing was measured", "没有数据")
	}
	star := ""
	if len(r.Generator.Bottleneck) > 0 {
		star = "*"
	}
	return fmt.Sprintf("p50 %s, p90 %s, p99 %s, p99.9 %s, max %s ms%s", number(p.P50),
		number(p.P90), number(p.P99), number(p.P999), number(p.Max), star)
}

// number returns a figure with three digits, or more before the point.
func number(v float64) string {
	switch {
	case v >= 100 || v == 0:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func bytesText(n int64, language lang.Lang) string {
	switch {
	case n >= 10<<20:
		return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
	case n >= 10<<10:
		return fmt.Sprintf("%.0f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf(language.Say("%s", "%d 字节"), lang.Counted(n, "byte"))
}

// Line returns the state of a run in one line.
func (l Live) Line(language lang.Lang) string {
	say := language.Say
	phase := map[string]lang.Text{"connect": {EN: "connect", ZH: "连接"},
		"measure": {EN: "measure", ZH: "测量"},
		"grace":   {EN: "grace", ZH: "等待"}}[l.Phase].In(language)
	line := fmt.Sprintf(say("%s %s/%s, %s", "%s %s/%s，%d 个客户端"), phase,
		l.Elapsed.Round(time.Second), l.Of.Round(time.Second), lang.Counted(l.Clients, "client"))
	if l.Sent > 0 {
		line += fmt.Sprintf(say(", %d sent, %d delivered", "，发送 %d，送达 %d"), l.Sent,
			l.Delivered)
	}
	switch {
	case l.Sent > 0 && l.Latency.Count > 0:
		line += fmt.Sprintf(say(", p50 %s ms, p99 %s ms", "，p50 %s 毫秒，p99 %s 毫秒"),
			number(l.Latency.P50), number(l.Latency.P99))
	case l.Sent == 0 && l.Connect.Count > 0:
		line += fmt.Sprintf(say(", connect p50 %s ms, p99 %s ms",
			"，连接 p50 %s 毫秒，p99 %s 毫秒"),
			number(l.Connect.P50), number(l.Connect.P99))
	}
	failed := 0
	for _, f := range l.Failures {
		failed += f.Count
	}
	if failed > 0 {
		line += fmt.Sprintf(say(", %s", "，失败 %d"), lang.Counted(failed, "failure"))
	}
	return line
}
