package tui

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"realtimelab/internal/compare"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/terminal"
)

// The widths of the longest name of a transport, and of the longest title of one, which stands
// beside its name on a screen of titledComparison columns.
const (
	nameWidth        = 19
	titleWidth       = 25
	titledComparison = 100
)

// Heights from which the transports have empty lines between them, and from which there are rules.
const (
	roomyComparison = 30
	ruledComparison = 16
)

func (c *comparisonScreen) view(width, height int) string {
	f := c.figures()[c.shown]
	var b strings.Builder
	line := ""
	if height >= ruledComparison {
		line = rule(width, "") + "\n"
	}
	b.WriteString(cut(" "+c.whatIsMeasured(), width) + "\n")
	b.WriteString(cut(" "+c.status(width), width) + "\n" + line)
	figure := fmt.Sprintf(" %s%s", bold.Render(c.heading(f)),
		soft.Render(fmt.Sprintf("  ← %d/%d →", c.shown+1, len(c.figures()))))
	b.WriteString(ends(figure, soft.Render(c.say("latency over time ", "延迟随时间的变化 ")),
		width) + "\n")
	for _, t := range c.measured().Transports {
		b.WriteString(c.line(f, t, width) + "\n")
		if height >= roomyComparison {
			b.WriteByte('\n')
		}
	}
	b.WriteString(line)
	for _, remark := range c.remarks() {
		b.WriteString(terminal.Wrap(" "+remark, width-1) + "\n")
	}
	return block(b.String(), width, height)
}

// heading is a figure with its unit and its scale.
func (c *comparisonScreen) heading(f compare.Figure) string {
	if f.Log {
		return f.Title(c.lang) + c.say(" (logarithmic)", "（对数）")
	}
	return f.Title(c.lang)
}

// whatIsMeasured names the settings of the run under way, or of the next one. Brackets mark the
// setting that enter changes.
func (c *comparisonScreen) whatIsMeasured() string {
	if c.running {
		m := c.measuring
		return accent.Render(fmt.Sprintf(
			c.say("%s · %s · %g/s · %s · %s × %d · network %s",
				"%s · %d 个客户端 · %g/秒 · %d 字节 · %s × %d · 网络 %s"),
			m.Workload, lang.Counted(m.Clients, "client"), m.Rate,
			lang.Counted(m.Size, "byte"), m.Duration, m.Runs, m.Net))
	}
	var parts []string
	for i, s := range c.settings() {
		if i == c.setting {
			parts = append(parts, chosen.Render("["+s.text+"]"))
			continue
		}
		parts = append(parts, accent.Render(s.text))
	}
	parts = append(parts, soft.Render(fmt.Sprintf(c.say("%s × %s", "%d 字节 × %d 轮"),
		lang.Counted(c.config.Size, "byte"), lang.Counted(c.config.Runs, "run"))))
	return strings.Join(parts, " · ")
}

// status tells the progress of the run.
func (c *comparisonScreen) status(width int) string {
	switch {
	case c.err != nil:
		return bad.Render(c.say("✗ not measured", "✗ 没有测量"))
	case c.running && c.now.Of > 0:
		done := float64(c.now.Done)
		if l := c.now.Live; l != nil {
			done += min(l.Elapsed.Seconds()/c.measuring.Duration.Seconds(), 1)
		}
		text := fmt.Sprintf(c.say(" %d of %d · run %d · %s · about %s left",
			" %d/%d · 第 %d 轮 · %s · 大约还要 %s"),
			c.now.Done+1, c.now.Of, c.now.Run+1, c.now.Transport,
			max(c.now.Left, 0).Round(time.Second))
		return busy.Render(bar(done/float64(c.now.Of), max(width-60, 8))) + soft.Render(text)
	case c.running:
		return busy.Render(c.say("… starting", "… 启动中"))
	case c.report != nil && c.stopped:
		return busy.Render(c.say("Interrupted: results cover the completed runs only.",
			"已中断：结果只含完整的轮次。"))
	case c.report != nil:
		return good.Render(c.say("✓ measured", "✓ 测量完毕"))
	}
	return soft.Render(c.say("Press r to measure. Nothing else should run meanwhile.",
		"按 r 开始测量。期间最好不要运行别的程序。"))
}

// line is a transport with its figure, a bar, and its latencies as they went.
func (c *comparisonScreen) line(f compare.Figure, transport string, width int) string {
	v, value, known := c.value(f, transport)
	mark := soft.Render("·")
	switch {
	case c.running && c.now.Transport == transport:
		mark = busy.Render("▸")
	case known:
		mark = good.Render("✓")
	}
	text := " " + mark + " " + fit(transport, nameWidth)
	room := width - nameWidth - 3 - 10 - 3
	if width >= titledComparison {
		_, lane, _ := lesson.FindLane(c.background.config.Lessons, transport)
		text += soft.Render(fit(lane.Title.In(c.lang), titleWidth))
		room -= titleWidth
	}
	if !known {
		return text + soft.Render(fmt.Sprintf("%10s", "–"))
	}
	sparks := min(room/2, 40)
	if f.Live == nil && len(c.latencies[transport]) == 0 {
		sparks = 0
	}
	return text + fmt.Sprintf("%10s", value) + " " +
		accent.Render(fit(bar(c.share(f, v), room-sparks), room-sparks)) + " " +
		soft.Render(spark(c.latencies[transport], sparks))
}

// share is how long a figure's bar is, of the longest's 1.
func (c *comparisonScreen) share(f compare.Figure, v float64) float64 {
	var all []float64
	for _, t := range c.measured().Transports {
		if x, _, known := c.value(f, t); known {
			all = append(all, x)
		}
	}
	top := slices.Max(all)
	if top <= 0 {
		return 0
	}
	if f.Log {
		return logShare(v, top)
	}
	return max(v, 0) / top
}

// least is the beginning of logarithmic scales, in ms.
const least = 0.1

func logShare(v, top float64) float64 {
	return min(max(math.Log10(max(v, least)/least), 0)/max(math.Log10(max(top, 10*least)/least), 1),
		1)
}

var eighths = []rune(" ▏▎▍▌▋▊▉")

// bar is that part of so many cells, to an eighth of a cell.
func bar(share float64, cells int) string {
	n := int(math.Round(min(max(share, 0), 1) * float64(max(cells, 0)) * 8))
	s := strings.Repeat("█", n/8)
	if n%8 > 0 {
		s += string(eighths[n%8])
	}
	return s
}

// spark draws the newest latencies, logarithmic, scaled to the longest of them.
func spark(latencies []float64, cells int) string {
	latencies = latencies[max(len(latencies)-max(cells, 0), 0):]
	if len(latencies) == 0 {
		return ""
	}
	top := slices.Max(latencies)
	var b strings.Builder
	for _, v := range latencies {
		b.WriteRune(levels[int(logShare(v, top)*float64(len(levels)-1))])
	}
	return b.String()
}

// remarks draws conclusions from the figures.
func (c *comparisonScreen) remarks() []string {
	var all []string
	if c.err != nil {
		all = append(all, c.failure(c.err))
	}
	if c.report == nil || c.running || len(c.report.Results) == 0 {
		return all
	}
	remarks := c.report.Remarks(c.lang)
	shown := c.figures()[c.shown]
	if !slices.ContainsFunc(c.report.Results, func(r compare.Result) bool {
		_, ok := shown.Of(r)
		return ok
	}) {
		remarks = append(c.report.Notes(c.lang, true), remarks...) // why the figure is missing
	}
	for _, r := range remarks {
		all = append(all, soft.Render(r))
	}
	return all
}

// label is the name of the tab, with how far a run is.
func (c *comparisonScreen) label() string {
	name := c.say("Comparison", "比较")
	switch {
	case c.running:
		return fmt.Sprintf("%s … %d/%d", name, c.now.Done, c.now.Of)
	case c.report != nil && len(c.report.Results) > 0:
		return name + " ✓"
	}
	return name
}
