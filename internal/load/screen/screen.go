// Package screen shows a load in the terminal while it runs.
package screen

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"realtimelab/internal/lang"
	"realtimelab/internal/load"
	"realtimelab/internal/terminal"
	"realtimelab/internal/terminal/colors"
	"realtimelab/internal/terminal/style"
)

// Config says what to show, and where.
type Config struct {
	Load   load.Config
	Lang   lang.Lang
	Input  io.Reader // nil is the standard input
	Output io.Writer // nil is the standard output
}

// Run puts the load on the server, see load.Run, and shows it until it ends. The keys q and Ctrl-C
// end it early.
func Run(ctx context.Context, c Config) (*load.Report, error) {
	colors.Use()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	options := []tea.ProgramOption{tea.WithoutSignalHandler()}
	if c.Input != nil {
		options = append(options, tea.WithInput(c.Input))
	}
	if c.Output != nil {
		options = append(options, tea.WithOutput(c.Output))
	}
	program := tea.NewProgram(model{config: c, cancel: cancel, width: 80}, options...)
	var report *load.Report
	var failed error
	done := make(chan struct{})
	go func() {
		defer close(done)
		report, failed = load.Run(ctx, c.Load, func(l load.Live) { program.Send(l) })
		program.Quit()
	}()
	_, err := program.Run()
	cancel()
	<-done
	if failed == nil {
		failed = err
	}
	return report, failed
}

var (
	soft = style.Soft
	bold = style.Bold
	bad  = style.Bad
)

// model is the screen.
type model struct {
	config Config
	cancel func()
	width  int
	height int // 0 until it is known
	live   load.Live
	p99    []float64 // by slice, the newest last
	ending bool
}

// Init starts nothing: Run does.
func (m model) Init() tea.Cmd { return nil }

// Update takes what happened.
func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case load.Live:
		m.live = msg
		m.p99 = append(m.p99, msg.Recent.P99)
		m.p99 = m.p99[max(len(m.p99)-60, 0):]
	case tea.KeyMsg:
		switch msg.String() {
		case "q", "ctrl+c", "esc":
			m.ending = true
			m.cancel()
		}
	}
	return m, nil
}

func (m model) say(en, zh string) string { return m.config.Lang.Say(en, zh) }

// narrow is the width below which lines have less in them.
const narrow = 60

// View draws the screen.
func (m model) View() string {
	l := m.live
	var lines []string
	line := func(s string) { lines = append(lines, ansi.Truncate(s, max(m.width-1, 0), "…")) }
	wrapped := func(s string) {
		for part := range strings.SplitSeq(terminal.Wrap(s, m.width-1), "\n") {
			line(bad.Render(part))
		}
	}
	line(bold.Render("lab load") + "  " + terminal.Clean(m.config.Load.URL) + "  " +
		soft.Render(m.config.Load.Profile))
	line(m.progress())
	line("")
	wanted := ""
	if l.Wanted > 0 {
		wanted = fmt.Sprintf(" / %d", l.Wanted)
	}
	line(fmt.Sprintf(m.say("clients    %d%s, %d connecting", "客户端     %d%s，%d 个正在连接"),
		l.Clients, wanted, l.Connecting))
	line(m.say("connect    ", "连接用时   ") + m.latencies(l.Connect))
	if l.Sent > 0 {
		sent := fmt.Sprintf(m.say("messages   %d sent, %d delivered",
			"消息       发送 %d，送达 %d"), l.Sent, l.Delivered)
		missing := fmt.Sprintf(m.say("%d under way", "途中 %d"), l.Missing)
		if m.width < narrow {
			line(sent)
			line(strings.Repeat(" ", labels) + missing)
		} else {
			line(sent + m.say(", ", "，") + missing)
		}
		line(m.say("latency    ", "延迟       ") + m.latencies(l.Latency))
	}
	newest := m.say("nothing new", "没有新数据")
	if l.Recent.P99 > 0 {
		newest = fmt.Sprintf("%.1f ms", l.Recent.P99)
	}
	line("p99        " + spark(m.p99, min(60, m.width-24)) + " " + newest)
	line(fmt.Sprintf(m.say("own CPU    %.2f cores", "自身 CPU   %.2f 核"), l.Recent.CPU))
	for _, f := range l.Failures[:min(len(l.Failures), 4)] {
		wrapped(f.Says(m.config.Lang))
	}
	for _, limit := range l.Limits {
		wrapped(m.say("the load generator may be the bottleneck: ", "负载发生器可能是瓶颈：") +
			limit.In(m.config.Lang))
	}
	line("")
	if m.ending {
		line(soft.Render(m.say("ending: closing the connections…", "正在结束：关闭连接……")))
	} else {
		line(soft.Render(m.say("q ends the run early, with a report", "q 提前结束并输出报告")))
	}
	return m.fitted(lines)
}

// labels is the width of the names of the figures.
const labels = 11

// fitted returns the lines that the terminal has room for: without empty ones if it is low, and
// always the first and the last.
func (m model) fitted(lines []string) string {
	if m.height > 0 && len(lines) > m.height-1 {
		lines = slices.DeleteFunc(lines, func(s string) bool { return s == "" })
		if over := len(lines) - max(m.height-1, 1); over > 0 {
			lines = slices.Delete(lines, len(lines)-1-over, len(lines)-1)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// progress draws how far the phase is.
func (m model) progress() string {
	l := m.live
	names := map[string]string{
		"":        m.say("checking the server", "检查服务器"),
		"connect": m.say("connecting", "正在连接"),
		"measure": m.say("measuring", "正在测量"),
		"grace":   m.say("waiting for the last messages", "等待最后的消息"),
	}
	if l.Of <= 0 {
		return names[l.Phase]
	}
	times := fmt.Sprintf("%s %s/%s", names[l.Phase], l.Elapsed.Round(time.Second),
		l.Of.Round(time.Second))
	if m.width < narrow {
		return times
	}
	const cells = 30
	full := int(cells * min(1, l.Elapsed.Seconds()/l.Of.Seconds()))
	return strings.Repeat("█", full) + soft.Render(strings.Repeat("░", cells-full)) + " " + times
}

func (m model) latencies(p load.Percentiles) string {
	if p.Count == 0 {
		return m.say("nothing was measured yet", "还没有数据")
	}
	if m.width < narrow {
		return fmt.Sprintf("p50 %.2f  p99 %.2f ms", p.P50, p.P99)
	}
	return fmt.Sprintf("p50 %.2f  p90 %.2f  p99 %.2f  max %.2f ms", p.P50, p.P90, p.P99, p.Max)
}

var levels = []rune("▁▂▃▄▅▆▇█")

// spark draws the last values on a logarithmic scale from 0.1 ms to 10 s.
func spark(values []float64, width int) string {
	values = values[max(len(values)-max(width, 0), 0):]
	out := make([]rune, len(values))
	for i, v := range values {
		at := (math.Log10(max(v, 0.1)) + 1) / 5 * float64(len(levels)-1)
		out[i] = levels[min(int(at), len(levels)-1)]
	}
	return string(out)
}
