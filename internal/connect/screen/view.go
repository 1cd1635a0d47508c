package screen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"

	"realtimelab/internal/connect"
	"realtimelab/internal/lang"
	"realtimelab/internal/tap"
	"realtimelab/internal/terminal"
	"realtimelab/internal/terminal/style"
	"realtimelab/internal/xray"
)

var (
	accent = style.Accent
	soft   = style.Soft
	good   = style.Good
	bad    = style.Bad
)

var styles = map[connect.Kind]lipgloss.Style{
	connect.Sent: accent, connect.Received: good, connect.State: soft, connect.Problem: bad,
}

// The x-ray stands beside the events on a wide screen, and below them on a high one. On a small one
// it takes their place.
const (
	wide = 100
	high = 16
)

// View draws the screen.
func (m *model) View() string {
	if m.width == 0 {
		return ""
	}
	body := m.body()
	var parts []string
	switch {
	case m.help:
		lines := m.helpLines()
		m.helpAt = max(min(m.helpAt, len(lines)-body), 0)
		parts = block(lines[m.helpAt:min(m.helpAt+body, len(lines))], body)
	case !m.showXray:
		parts = m.eventLines(m.width, body)
	case m.width >= wide:
		left := m.width / 2
		events, rows := m.eventLines(left, body), m.rowLines(m.width-left-3, body)
		for i := range events {
			parts = append(parts, fit(events[i], left)+soft.Render(" │ ")+rows[i])
		}
	case body >= high:
		above := body / 2
		parts = append(m.eventLines(m.width, above), soft.Render(strings.Repeat("─", m.width)))
		parts = append(parts, m.rowLines(m.width, body-above-1)...)
	default:
		parts = m.rowLines(m.width, body)
	}
	m.input.Prompt = m.prompt()
	m.input.Width = max(m.width-ansi.StringWidth(m.input.Prompt)-1, 1)
	all := append([]string{m.header()}, parts...)
	// a completion makes the view of the prompt wider than its Width
	line := ansi.Truncate(m.input.View(), m.width, "")
	all = append(all, cut(m.hint(), m.width), line, cut(m.keys(), m.width))
	return strings.Join(all[max(len(all)-m.height, 0):], "\n")
}

// body returns the height without the header, the hint, the prompt and the keys.
func (m *model) body() int { return max(m.height-4, 1) }

func (m *model) header() string {
	state := bad.Render("○ " + m.say("not connected", "未连接"))
	switch {
	case m.config.Session.Connected():
		state = good.Render("● " + string(m.config.Session.Protocol()))
	case m.busy:
		state = soft.Render("… " + m.say("connecting", "正在连接"))
	}
	if m.dropped > 0 {
		state += bad.Render(fmt.Sprintf(m.say("  %s too fast to show",
			"  %d 个事件来得太快，未显示"), lang.Counted(m.dropped, "event")))
	}
	return cut(" "+accent.Render("lab connect")+soft.Render(" › ")+terminal.Clean(m.config.URL)+
		"  "+state, m.width)
}

// prompt shows the namespace.
func (m *model) prompt() string {
	place := terminal.Clean(m.config.Session.Place())
	if place == "" {
		place = string(m.config.Session.Protocol())
	}
	if m.busy {
		place += " …"
	}
	return accent.Render(cut(place, m.width/3) + "> ")
}

// hint says what the line may become, or how its command is written.
func (m *model) hint() string {
	if m.help {
		if below := len(m.helpLines()) - m.helpAt - m.body(); below > 0 {
			return soft.Render(fmt.Sprintf(m.say(" ↓ %s", " ↓ 还有 %d 行"),
				lang.Counted(below, "more line")))
		}
		return ""
	}
	line := m.input.Value()
	lines := m.config.Session.Parser().Complete(line, m.config.Session.Known())
	name, _, named := strings.Cut(line, " ")
	switch {
	case line == "":
		return soft.Render(" " + m.say("type a command; tab completes, help lists them",
			"输入命令；tab 补全，help 列出命令"))
	case len(lines) > 1 || len(lines) == 1 && lines[0] != line:
		for i := range lines {
			lines[i] = terminal.Clean(lines[i])
		}
		return soft.Render(" ⇥ " + strings.Join(lines, "   "))
	}
	for _, v := range m.config.Session.Parser().Verbs() {
		if v.Name == name && (named || line == name) {
			return soft.Render(" " + v.Usage + " — " + v.Help.In(m.config.Lang))
		}
	}
	return ""
}

// keys returns the line of keys. It leaves out keys that do not fit, but never help and quit.
func (m *model) keys() string {
	key := func(name, does string) string {
		return "  " + style.Bold.Render(name) + " " + soft.Render(does)
	}
	all := []string{key("enter", m.say("run", "执行")), key("tab", m.say("complete", "补全")),
		key("↑↓", m.say("history", "历史")), key("ctrl+x", m.say("x-ray", "线路透视")),
		key("pgup", m.say("scroll", "滚动"))}
	last := key("f1", m.say("help", "帮助")) + key("ctrl+c", m.say("quit", "退出"))
	if m.help {
		all = []string{key("esc", m.say("back", "返回")),
			key("↑↓ pgup pgdown", m.say("scroll", "滚动"))}
		last = ""
	}
	line := ""
	for _, k := range all {
		if ansi.StringWidth(line+k+last) > m.width {
			break
		}
		line += k
	}
	return strings.TrimPrefix(line+last, " ")
}

// usageWidth is the width of a command in the help. Below wideHelp, its explanation is under it.
const (
	usageWidth = 42
	wideHelp   = 80
)

func (m *model) helpLines() []string {
	var lines []string
	for _, v := range m.config.Session.Parser().Verbs() {
		usage, help := accent.Render(v.Usage), v.Help.In(m.config.Lang)
		if m.width < wideHelp {
			lines = append(lines, terminal.Wrap(" "+usage, m.width),
				terminal.Wrap("     "+help, m.width))
			continue
		}
		for i, line := range strings.Split(terminal.Wrap(help, m.width-usageWidth-2), "\n") {
			if i > 0 {
				usage = ""
			}
			lines = append(lines, " "+fit(usage, usageWidth)+" "+line)
		}
	}
	lines = append(lines, "")
	for _, keys := range []string{
		m.say("enter runs · ↑↓ history · tab completes, and goes through the choices · esc "+
			"stops a command",
			"enter 执行 · ↑↓ 历史 · tab 补全，再按则逐个选择 · esc 停止命令"),
		m.say("pgup/pgdown scroll · ctrl+x x-ray · ctrl+t its lower layers · ctrl+l clear · "+
			"ctrl+c quit",
			"pgup/pgdown 滚动 · ctrl+x 线路透视 · ctrl+t 它的下层 · ctrl+l 清屏 · ctrl+c 退出"),
	} {
		lines = append(lines, terminal.Wrap(" "+keys, m.width))
	}
	return strings.Split(strings.Join(lines, "\n"), "\n")
}

// eventLines returns the lines of the events that are in sight.
func (m *model) eventLines(width, height int) []string {
	if m.wrapped != width {
		m.wrapped, m.lines = width, nil
		for _, e := range m.entries {
			m.lines = append(m.lines, m.wrap(e)...)
		}
	}
	m.up = min(m.up, max(len(m.lines)-height, 0))
	end := len(m.lines) - m.up
	shown := slices.Clone(m.lines[max(end-height, 0):end])
	if m.up > 0 && len(shown) > 0 {
		shown[len(shown)-1] = soft.Render(fmt.Sprintf(m.say(" ↓ %s: pgdown",
			" ↓ 还有 %d 行：pgdown"), lang.Counted(m.up+1, "more line")))
	}
	return block(shown, height)
}

// wrap returns the lines of an entry.
func (m *model) wrap(e entry) []string {
	text := soft.Render("> " + terminal.Clean(e.typed))
	if e.typed == "" {
		head := "         "
		if !e.event.Time.IsZero() {
			head = soft.Render(e.event.Time.Format("15:04:05")) + " "
		}
		text = head + styles[e.event.Kind].Render(e.event.Arrow()) + " "
		if e.event.Namespace != "" && e.event.Namespace != "/" {
			text += accent.Render(terminal.Clean(e.event.Namespace)) + " "
		}
		text += e.event.What(m.config.Lang)
	}
	lines := strings.Split(terminal.Wrap(text, max(m.wrapped, 20)), "\n")
	if len(lines) > maxEntryLines {
		more := len(lines) - maxEntryLines
		lines = append(lines[:maxEntryLines],
			soft.Render(fmt.Sprintf(m.say("   … %s", "   … 还有 %d 行"),
				lang.Counted(more, "more line"))))
	}
	return lines
}

// rowLines returns the newest rows of the x-ray.
func (m *model) rowLines(width, height int) []string {
	var lines []string
	for i := len(m.seen) - 1; i >= 0 && len(lines) < height; i-- {
		row := m.seen[i]
		if !m.allRows && (row.Layer == xray.TCP || row.Layer == xray.Body) {
			continue
		}
		lines = append(lines, m.row(row, width))
	}
	slices.Reverse(lines)
	if len(lines) == 0 {
		lines = []string{soft.Render(" " +
			m.say("Nothing has crossed the wire yet.", "线路上还没有任何数据。"))}
	}
	return block(lines, height)
}

func (m *model) row(row *xray.Row, width int) string {
	arrow := "→"
	if row.Dir == tap.Out {
		arrow = "←"
	}
	head := soft.Render(fmt.Sprintf("#%d %s %-7s ", row.Conn, arrow, row.Layer))
	text := terminal.Clean(row.Summary.In(m.config.Lang))
	if row.Problem != nil {
		text = bad.Render(text + " ! " + terminal.Clean(row.Problem.In(m.config.Lang)))
	}
	return cut(head+text, width)
}

// block makes exactly so many lines: it fills up at the end, or drops the first.
func block(lines []string, height int) []string {
	lines = lines[max(len(lines)-height, 0):]
	for len(lines) < height {
		lines = append(lines, "")
	}
	return lines
}

// cut shortens s to a width in cells.
func cut(s string, width int) string { return ansi.Truncate(s, max(width, 0), "…") }

// fit makes s exactly that wide.
func fit(s string, width int) string {
	s = cut(s, width)
	return s + strings.Repeat(" ", max(width-ansi.StringWidth(s), 0))
}
