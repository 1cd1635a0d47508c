package tui

import (
	"cmp"
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/lang"
	"realtimelab/internal/netsim"
	"realtimelab/internal/terminal"
	"realtimelab/internal/xray"
)

// pane is a view in the lower part of the run screen.
type pane int

const (
	xrayPane pane = iota
	connPane
	logPane
	sourcePane
	qrPane
	panes
)

// runScreen shows one demo: where it serves, what stands before it, who is there, and what crosses.
type runScreen struct {
	*ui
	demo *demo
	pane pane

	rows     *rowList
	conns    *connectionList
	anatomy  *anatomy // of a row that was chosen; nil while the list is shown alone
	counters xray.Counters
	in, out  gauge

	log    *pager
	source *pager
	qr     *pager
}

func newRunScreen(u *ui, d *demo) *runScreen {
	return &runScreen{ui: u, demo: d, rows: newRowList(u), conns: newConnectionList(u),
		log: newPager(u, true), source: newPager(u, false), qr: newPager(u, false)}
}

// reset forgets the run before, and the filters with it.
func (r *runScreen) reset() {
	r.rows.reset()
	r.conns = newConnectionList(r.ui)
	r.anatomy, r.counters, r.in, r.out = nil, xray.Counters{}, gauge{}, gauge{}
	r.log.find.clear()
	r.log.set("")
}

// take shows a sample.
func (r *runScreen) take(s sample) {
	r.counters = s.counters
	r.in.add(s.at, s.counters.In)
	r.out.add(s.at, s.counters.Out)
	r.rows.add(s.rows, s.dropped)
	r.conns.add(s.rows)
	for _, line := range s.log {
		r.log.add(line, logLines)
	}
}

func (r *runScreen) title() string { return r.demo.name(r.ui) + " · " + r.demo.Title.In(r.lang) }

func (r *runScreen) search() *prompt {
	switch p := r.pager(); {
	case p != nil:
		return p.find
	case r.pane == connPane:
		return r.conns.filter
	}
	return r.rows.filter
}

// back closes the anatomy.
func (r *runScreen) back() (tea.Cmd, bool) {
	open := r.pane == xrayPane && r.anatomy != nil
	if open {
		r.anatomy = nil
	}
	return nil, open
}

func (r *runScreen) commands() []command {
	all := r.life()
	switch p := r.pager(); {
	case p != nil:
		all = append(append(all, r.address()...), p.commands()...)
	case r.pane == connPane:
		all = append(append(all, r.conns.commands(r.followConn)...), r.address()...)
	default:
		all = append(append(all, r.rowCommands()...), r.address()...)
	}
	all = append(all, r.saveCommands()...)
	if !r.demo.foreign() {
		if !r.demo.OwnNet {
			all = append(all, actNetwork.on(r.chooseNetwork), actProxy.on(r.chooseProxy))
		}
		all = append(all, actText.on(func() tea.Cmd { return r.visit(r.demo.entry.text) }),
			actTests.on(func() tea.Cmd { return r.visit(r.demo.entry.tests) }))
	}
	show := func(i int) tea.Cmd { r.show(pane(i)); return nil }
	count := r.panes()
	turn := func(by int) func() {
		return func() { r.show((r.pane + pane(by) + count) % count) }
	}
	all = append(all, actRight.then(turn(1)), actLeft.then(turn(-1)))
	return append(all, tabCommands(int(r.pane), int(count), show)...)
}

// panes returns how many panes there are. The x-ray of another server or of a file has neither
// source nor an address for phones.
func (r *runScreen) panes() pane {
	if r.demo.foreign() {
		return sourcePane
	}
	return panes
}

// life returns the keys that run and stop the demo.
func (r *runScreen) life() []command {
	switch {
	case r.demo.recorded():
		return nil
	case r.demo.state == idle:
		return []command{actRun.on(func() tea.Cmd { return ask(startIt{r.demo}) })}
	case r.demo.state == running:
		return []command{actStop.on(func() tea.Cmd { return ask(stopIt{r.demo}) })}
	}
	return nil
}

// address returns the keys for the page of a demo that serves.
func (r *runScreen) address() []command {
	if r.demo.url() == "" {
		return nil
	}
	all := []command{actBrowser.on(func() tea.Cmd { return ask(openPage{r.demo.keyURL()}) })}
	if !r.demo.recorded() {
		all = append(all, actCopy.on(func() tea.Cmd {
			return ask(copyText{text: r.demo.url()})
		}).as("copy URL", "复制网址"))
	}
	return append(all, actKeyURL.on(r.showKey))
}

// showKey shows the URL that is not for the projector. The clipboard gets it too.
func (r *runScreen) showKey() tea.Cmd {
	url := r.demo.keyURL()
	return tea.Sequence(ask(copyText{text: url}),
		ask(noticed{r.say("for you alone: ", "仅供你本人使用：") + url}))
}

// rowCommands returns the keys of the x-ray. With the anatomy open, pages scroll the anatomy.
func (r *runScreen) rowCommands() []command {
	move := func(by int) { r.rows.move(by); r.follow() }
	all := []command{actOpen.then(r.open).as("anatomy", "解剖")}
	all = append(all, r.rows.commands(move)...)
	all = append(all, byLine(move)...)
	if r.anatomy != nil {
		return append(all, byPage(r.anatomy.text.move, r.anatomy.text.page)...)
	}
	return append(all, byPage(move, r.rows.cursor.page)...)
}

// followConn shows the rows of one connection.
func (r *runScreen) followConn(id uint64) {
	r.pane = xrayPane
	r.rows.selected = 0
	r.rows.filter.set(fmt.Sprintf("#%d", id))
}

// open takes the selected row apart.
func (r *runScreen) open() {
	if row := r.rows.current(); row != nil {
		r.rows.selected = row.ID // it stays while the reader looks at it
		r.anatomy = newAnatomy(r.ui, row)
	}
}

// follow takes the selected row apart while the anatomy is open.
func (r *runScreen) follow() {
	if row := r.rows.current(); r.anatomy != nil && row != nil && row != r.anatomy.row {
		r.anatomy = newAnatomy(r.ui, row)
	}
}

// chooseNetwork lets the reader choose a simulated network.
func (r *runScreen) chooseNetwork() tea.Cmd {
	r.chooseLink(r.demo.line.Net, netsim.Names(), func(to netsim.Link) tea.Cmd {
		return ask(lineOf{r.demo, Line{Net: to, Proxy: r.demo.line.Proxy}})
	})
	return nil
}

// chooseProxy lets the reader choose a proxy.
func (r *runScreen) chooseProxy() tea.Cmd {
	now := r.demo.line
	options, kinds := proxies(r.ui)
	shown := proxyName(r.ui, now.Proxy)
	at := 0
	for i, o := range options {
		if o.name == shown {
			at = i
		}
	}
	r.choose(r.say("Proxy before the demo", "演示前面的代理"), options, at, func(i int) tea.Cmd {
		return ask(lineOf{r.demo, Line{Net: now.Net, Proxy: kinds[i]}})
	})
	return nil
}

// show changes the pane. Source and QR codes are drawn when they come into sight.
func (r *runScreen) show(p pane) {
	r.pane = p
	switch p {
	case sourcePane:
		r.source.set(r.demo.code())
	case qrPane:
		r.qr.set(r.codes())
	}
}

// pager is the pane's text, nil for the x-ray and the connections.
func (r *runScreen) pager() *pager {
	return map[pane]*pager{logPane: r.log, sourcePane: r.source, qrPane: r.qr}[r.pane]
}

// Lines above the pane; the last of them are the tabs. A low window has fewer.
const (
	runHead = 6
	lowHead = 2
	lowRun  = 16 // below this height the window is low
)

// codeLines is the height of a QR code: a window that is too low shows it without the rest.
const codeLines = 18

// head is how many lines are above the pane now.
func (r *runScreen) head(height int) int {
	switch {
	case r.pane == qrPane && height-runHead < codeLines:
		return 1
	case height < lowRun:
		return lowHead
	}
	return runHead
}

func (r *runScreen) update(msg tea.Msg) tea.Cmd {
	m, ok := msg.(tea.MouseMsg)
	if !ok {
		return nil
	}
	head := r.head(r.height)
	m.Y -= head
	if clicked(m) && m.Y == -1 {
		if i := r.tabs().hit(m.X - 1); i >= 0 {
			r.show(pane(i))
		}
		return nil
	}
	if p := r.pager(); p != nil {
		return p.mouse(m)
	}
	if r.pane == connPane {
		if c := r.conns.mouse(m); c != nil {
			r.followConn(c.id)
		}
		return nil
	}
	list, _ := r.split(r.width, r.height-head)
	if r.anatomy != nil && (m.X >= list.width || m.Y >= list.height) {
		return r.anatomy.text.mouse(m)
	}
	if r.rows.mouse(m) {
		r.open()
	}
	r.follow()
	return nil
}

func (r *runScreen) tabs() tabs {
	names := []string{r.say("X-ray", "线路透视"), r.say("Connections", "连接"),
		r.say("Log", "日志"), r.say("Source", "源代码"), r.say("QR code", "二维码")}
	return tabs{names[:r.panes()], int(r.pane), r.width < roomyTabs}
}

func (r *runScreen) view(width, height int) string {
	var b strings.Builder
	head := r.head(height)
	if head >= lowHead {
		b.WriteString(ends(" "+r.where(), r.state()+" ", width) + "\n")
	}
	if head == runHead {
		b.WriteString(cut(" "+r.wire(), width) + "\n")
		b.WriteString(cut(" "+r.rates(width), width) + "\n")
		b.WriteString(cut(" "+r.before(), width) + "\n")
		b.WriteString(rule(width, "") + "\n")
	}
	var body, status string
	switch p := r.pager(); {
	case r.pane == connPane:
		body = r.conns.view(width, height-head)
		status = r.conns.status()
	case p == nil:
		body = r.viewXray(width, height-head)
		status = r.rows.status()
	case len(p.lines) > 0:
		body = p.view(width, height-head)
		status = p.status()
	default:
		body = "\n " + soft.Render(r.say("Nothing has been logged yet.", "还没有日志。"))
	}
	b.WriteString(ends(" "+r.tabs().view(), status+" ", width) + "\n")
	return b.String() + body
}

func (r *runScreen) where() string {
	switch {
	case r.demo.err != nil:
		return r.failure(r.demo.err)
	case r.demo.monitor == nil:
		return soft.Render(r.say("Press r to run it.", "按 r 运行。"))
	}
	all := accent.Render(r.demo.url())
	for _, url := range r.demo.monitor.Classroom {
		all += "  " + bold.Render(url)
	}
	if note := r.demo.monitor.Note.In(r.lang); note != "" {
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
		if r.demo.recorded() {
			return soft.Render(r.say("a file", "文件"))
		}
		return good.Render(r.say("● running", "● 运行中"))
	}
	return soft.Render(r.say("○ not running", "○ 未运行"))
}

// wire says who is there and what they asked for.
func (r *runScreen) wire() string {
	c := r.counters
	if r.demo.recorded() {
		return soft.Render(fmt.Sprintf(r.say("%s · %s", "%d 个连接 · %d 个请求"),
			lang.Counted(c.Total, "connection"), lang.Counted(c.Requests, "request")))
	}
	return bold.Render(r.clients(r.demo.clients)) +
		soft.Render(fmt.Sprintf(r.say(" · %s, %d open · %s",
			" · 共 %d 个连接，%d 个打开 · %d 个请求"), lang.Counted(c.Total, "connection"), c.Open,
			lang.Counted(c.Requests, "request")))
}

// before says what stands between the clients and the demo, and of an x-ray where its page is.
func (r *runScreen) before() string {
	if r.demo.foreign() {
		if r.demo.monitor == nil {
			return ""
		}
		page, _, _ := strings.Cut(r.demo.keyURL(), "#") // the key is not for the projector
		return soft.Render(r.say("page ", "页面 ")) + page
	}
	if r.demo.OwnNet {
		return soft.Render(r.say("network and proxy: the demo's own, on its page",
			"网络和代理：演示自带，见它的页面"))
	}
	link := r.demo.line.Net
	network := link.String()
	if link != (netsim.Link{}) {
		network += " (" + link.Describe().In(r.lang) + ")"
	}
	return soft.Render(r.say("network ", "网络 ")) + network + soft.Render(r.say(" · proxy ",
		" · 代理 ")) + proxyName(r.ui, r.demo.line.Proxy)
}

// rates draws the bytes of the last seconds, scaled to the highest of them, which stands beside.
func (r *runScreen) rates(width int) string {
	room := max((width-58)/2, 8)
	one := func(arrow string, total int64, g *gauge) string {
		return arrow + " " + fit(size(total), 10) + " " +
			accent.Render(g.spark(min(room, gaugeSeconds))) +
			soft.Render(fit(cmp.Or(g.scale(room), "–"), 14))
	}
	return one("→", r.counters.In, &r.in) + " " + one("←", r.counters.Out, &r.out)
}
