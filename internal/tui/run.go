package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/terminal"
	"realtimelab/internal/xray"
)

// pane is what fills the lower part of the run screen.
type pane int

const (
	xrayPane pane = iota
	logPane
	sourcePane
	qrPane
	panes
)

// runScreen shows one demo: where it serves, who is there, and what crosses.
type runScreen struct {
	*ui
	demo *demo
	pane pane

	rows     *rowList
	anatomy  *anatomy // of a row that was chosen; nil while the list is shown alone
	counters xray.Counters
	in, out  gauge

	log    *pager
	source *pager
	qr     *pager
}

func newRunScreen(u *ui, d *demo) *runScreen {
	return &runScreen{ui: u, demo: d, rows: newRowList(u), log: newPager(true), source: newPager(false), qr: newPager(false)}
}

// reset forgets the run before.
func (r *runScreen) reset() {
	r.rows.reset()
	r.anatomy, r.counters, r.in, r.out = nil, xray.Counters{}, gauge{}, gauge{}
	r.log.set("")
}

// take shows a sample.
func (r *runScreen) take(s sample) {
	r.counters = s.counters
	r.in.add(s.at, s.counters.In)
	r.out.add(s.at, s.counters.Out)
	r.rows.add(s.rows, s.dropped)
	for _, line := range s.log {
		r.log.add(line, logLines)
	}
}

func (r *runScreen) title() string { return r.demo.Name + " · " + r.demo.Title.In(r.lang) }

func (r *runScreen) typing() bool { return r.pane == xrayPane && r.rows.typing() }

func (r *runScreen) bindings() []key.Binding {
	if r.typing() {
		return []key.Binding{r.bind("enter", "keep the filter", "保留筛选"), r.bind("esc", "no filter", "取消筛选")}
	}
	all := []key.Binding{r.bind("s", "start / stop", "启动/停止"), r.bind("tab", "next view", "切换视图")}
	if r.pane == xrayPane {
		all = append(all, r.bind("enter", "anatomy", "解剖"), r.bind("/", "filter", "筛选"), r.bind("p", "pause", "暂停"))
	}
	all = append(all, r.bind("o", "browser", "浏览器"), r.bind("c", "copy URL", "复制网址"), r.bind("k", "URL with the key", "带密钥的网址"))
	if r.pane == xrayPane {
		all = append(all, r.bind("a", "TCP and bodies too", "也显示 TCP 与正文"), r.bind("x", "clear", "清空"), r.bind("G", "newest", "最新"))
	}
	return all
}

func (r *runScreen) openIt() tea.Cmd {
	if r.demo.url() == "" {
		return ask(noticed{r.say("not running: start it first", "未运行：请先启动")})
	}
	return ask(openPage{r.demo.keyURL()})
}

// showKey shows the URL that is not for the projector. The clipboard gets it too.
func (r *runScreen) showKey() tea.Cmd {
	url := r.demo.keyURL()
	if url == "" {
		return ask(noticed{r.say("not running: start it first", "未运行：请先启动")})
	}
	return tea.Sequence(ask(copyText{url}), ask(noticed{r.say("for you alone: ", "仅供你本人使用：") + url}))
}

func (r *runScreen) copyIt() tea.Cmd {
	if r.demo.url() == "" {
		return ask(noticed{r.say("not running: start it first", "未运行：请先启动")})
	}
	return ask(copyText{r.demo.url()})
}

func (r *runScreen) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		return r.key(msg)
	case tea.MouseMsg:
		return r.mouse(msg)
	}
	return nil
}

func (r *runScreen) key(k tea.KeyMsg) tea.Cmd {
	if r.typing() {
		return r.rows.key(k)
	}
	switch k.String() {
	case "esc", "left", "backspace":
		if r.anatomy == nil {
			return ask(goBack{})
		}
		r.anatomy = nil
	case "s":
		return ask(toggle{r.demo})
	case "o":
		return r.openIt()
	case "c":
		return r.copyIt()
	case "k":
		return r.showKey()
	case "tab", "right":
		r.show((r.pane + 1) % panes)
	case "shift+tab":
		r.show((r.pane + panes - 1) % panes)
	default:
		return r.paneKey(k)
	}
	return nil
}

// show changes the pane. What is drawn in one is drawn when it comes into sight.
func (r *runScreen) show(p pane) {
	r.pane = p
	switch p {
	case sourcePane:
		r.source.set(r.demo.code())
	case qrPane:
		r.qr.set(r.codes())
	}
}

func (r *runScreen) paneKey(k tea.KeyMsg) tea.Cmd {
	if p := r.pager(); p != nil {
		return p.update(k)
	}
	switch k.String() {
	case "enter":
		r.anatomy = newAnatomy(r.rows.current())
	case "pgup", "pgdown":
		if r.anatomy != nil {
			return r.anatomy.update(k)
		}
	}
	cmd := r.rows.key(k)
	r.follow()
	return cmd
}

// follow takes the selected row apart while the anatomy is open.
func (r *runScreen) follow() {
	if row := r.rows.current(); r.anatomy != nil && row != nil && row != r.anatomy.row {
		r.anatomy = newAnatomy(row)
	}
}

// pager is the pane's text, nil for the x-ray.
func (r *runScreen) pager() *pager {
	return map[pane]*pager{logPane: r.log, sourcePane: r.source, qrPane: r.qr}[r.pane]
}

// runHead are the lines above the pane; the last of them are the tabs.
const runHead = 5

// codeLines are what a QR code takes: a low window shows it without the rest.
const codeLines = 18

// head is how many lines are above the pane now.
func (r *runScreen) head(height int) int {
	if r.pane == qrPane && height-runHead < codeLines {
		return 1
	}
	return runHead
}

func (r *runScreen) mouse(m tea.MouseMsg) tea.Cmd {
	m.Y -= r.head(r.height)
	press := m.Button == tea.MouseButtonLeft && m.Action == tea.MouseActionPress
	if press && m.Y == -1 {
		for p, span := range r.tabs() {
			if m.X >= span.from && m.X < span.to {
				r.show(pane(p))
			}
		}
		return nil
	}
	if p := r.pager(); p != nil {
		return p.update(m)
	}
	list, _ := r.split(r.width, r.height-runHead)
	if r.anatomy != nil && (m.X >= list.width || m.Y >= list.height) {
		return r.anatomy.update(m)
	}
	if r.rows.mouse(m) {
		r.anatomy = newAnatomy(r.rows.current())
	}
	r.follow()
	return nil
}

// tab is a pane's name, and the cells it stands in.
type tab struct {
	name     string
	from, to int
}

func (r *runScreen) tabs() []tab {
	names := []string{r.say("X-ray", "线路透视"), r.say("Log", "日志"), r.say("Source", "源代码"), r.say("QR code", "二维码")}
	at, all := 1, make([]tab, len(names))
	for i, name := range names {
		if pane(i) == r.pane {
			name = "[" + name + "]"
		} else {
			name = " " + name + " "
		}
		all[i] = tab{name, at, at + width(name)}
		at += width(name)
	}
	return all
}

func (r *runScreen) view(width, height int) string {
	var b strings.Builder
	head := r.head(height)
	if head == runHead {
		b.WriteString(ends(" "+r.where(), r.state()+" ", width) + "\n")
		b.WriteString(cut(" "+r.wire(), width) + "\n")
		b.WriteString(cut(" "+r.rates(width), width) + "\n")
		b.WriteString(soft.Render(strings.Repeat("─", width)) + "\n")
	}
	tabs := " "
	for i, t := range r.tabs() {
		if pane(i) == r.pane {
			tabs += accent.Render(t.name)
		} else {
			tabs += soft.Render(t.name)
		}
	}
	right := ""
	if r.pane == xrayPane {
		right = r.rows.status() + " "
	}
	b.WriteString(ends(tabs, right, width) + "\n")
	if p := r.pager(); p != nil && len(p.lines) > 0 {
		b.WriteString(p.view(width, height-head))
	} else if p != nil {
		b.WriteString("\n " + soft.Render(r.say("The demo has logged nothing yet.", "演示还没有写日志。")))
	} else {
		b.WriteString(r.viewXray(width, height-head))
	}
	return b.String()
}

func (r *runScreen) where() string {
	switch {
	case r.demo.err != nil:
		return bad.Render(terminal.Clean(r.demo.err.Error()))
	case r.demo.probe == nil:
		return soft.Render(r.say("Press s to start it.", "按 s 启动。"))
	}
	all := accent.Render(r.demo.url())
	for _, url := range r.demo.probe.Classroom {
		all += "  " + bold.Render(url)
	}
	if note := r.demo.probe.Note.In(r.lang); note != "" {
		all += "  " + busy.Render(terminal.Clean(note))
	}
	return all
}

func (r *runScreen) state() string {
	switch r.demo.state {
	case starting:
		return busy.Render(r.say("… starting", "… 启动中"))
	case stopping:
		return busy.Render(r.say("… stopping", "… 停止中"))
	case running:
		return good.Render(r.say("● running", "● 运行中"))
	}
	return soft.Render(r.say("○ not running", "○ 未运行"))
}

// wire says who is there and what they asked for.
func (r *runScreen) wire() string {
	c := r.counters
	return bold.Render(r.clients(r.demo.clients)) +
		soft.Render(fmt.Sprintf(r.say(" · %d connections, %d open · %d requests", " · 共 %d 个连接，%d 个打开 · %d 个请求"), c.Total, c.Open, c.Requests))
}

func (r *runScreen) rates(width int) string {
	cells := max((width-34)/2, 8)
	one := func(arrow string, total int64, g *gauge) string {
		return arrow + " " + fit(size(total), 10) + " " + accent.Render(g.spark(min(cells, gaugeSeconds)))
	}
	return one("→", r.counters.In, &r.in) + "   " + one("←", r.counters.Out, &r.out)
}
