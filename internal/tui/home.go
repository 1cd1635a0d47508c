package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/terminal"
)

// item is a line of the home screen: a lesson, or one of its demos.
type item struct {
	entry *entry
	demo  *demo // nil: the lesson itself
}

// home lists the lessons and demos with their state.
type home struct {
	*ui
	items  []item
	shown  []item // items that pass the filter
	cursor cursor
	filter *prompt
	server string // the URL that was given last for an x-ray
}

func newHome(u *ui, entries []*entry) *home {
	h := &home{ui: u}
	for _, e := range entries {
		h.items = append(h.items, item{entry: e})
		for _, d := range e.demos {
			h.items = append(h.items, item{e, d})
		}
	}
	h.shown = h.items
	h.filter = newPrompt(h.refilter)
	h.cursor.at = min(1, max(len(h.items)-1, 0)) // the first demo
	return h
}

func (h *home) title() string { return "" }

func (h *home) label() string { return h.say("Lessons", "课程") }

func (h *home) search() *prompt { return h.filter }

func (h *home) back() (tea.Cmd, bool) { return nil, false }

func (h *home) count() int { return len(h.shown) }

// selected returns the item under the cursor, false if none passes the filter.
func (h *home) selected() (item, bool) {
	if h.cursor.at >= len(h.shown) {
		return item{}, false
	}
	return h.shown[h.cursor.at], true
}

// selectDemo moves the cursor to a demo.
func (h *home) selectDemo(d *demo) {
	h.filter.clear()
	for i, it := range h.items {
		if it.demo == d {
			h.cursor.at = i
		}
	}
}

// refilter keeps the selected item selected if it passes.
func (h *home) refilter() {
	before, _ := h.selected()
	h.shown, h.cursor.at = nil, 0
	for _, it := range h.items {
		if !matches(it.text(h.ui), h.filter.value()) {
			continue
		}
		if it == before {
			h.cursor.at = len(h.shown)
		}
		h.shown = append(h.shown, it)
	}
}

// text returns the text that the filter searches.
func (it item) text(u *ui) string {
	if it.demo == nil {
		return it.entry.Name + " " + it.entry.Title.In(u.lang)
	}
	return it.demo.Name + " " + it.demo.Title.In(u.lang) + " " + it.entry.Name
}

func (h *home) commands() []command {
	all := append(h.filter.filters(func(by int) {
		h.cursor.move(by, h.count())
	}), h.cursor.commands(h.count)...)
	all = append([]command{actXray.then(h.askServer)}, all...)
	at, found := h.selected()
	if !found {
		return all
	}
	text := actText.on(func() tea.Cmd { return h.visit(at.entry.text) })
	tests := actTests.on(func() tea.Cmd { return h.visit(at.entry.tests) })
	own := []command{actOpen.on(func() tea.Cmd {
		return h.open(at)
	}).as("read", "阅读"), text, tests}
	if d := at.demo; d != nil {
		own = []command{actOpen.on(func() tea.Cmd { return h.open(at) })}
		if d.state == idle {
			own[0] = own[0].as("run and open", "运行并打开")
		}
		own = append(append(own, d.screen.life()...), text, tests)
		own = append(own, d.screen.address()...)
	}
	return append(own, all...)
}

// open reads a lesson, or shows a demo's screen and starts it if it does not serve.
func (h *home) open(it item) tea.Cmd {
	if it.demo == nil {
		return h.visit(it.entry.text)
	}
	return tea.Batch(h.visit(it.demo.screen), ask(startIt{it.demo}))
}

func (h *home) update(msg tea.Msg) tea.Cmd {
	m, ok := msg.(tea.MouseMsg)
	if !ok {
		return nil
	}
	i := h.cursor.mouse(m, 0, h.count())
	switch {
	case i < 0:
		return nil
	case i == h.cursor.at:
		return h.open(h.shown[i])
	}
	h.cursor.at = i
	return nil
}

// roomyHome is the height from which the selected item's summary has four lines.
const roomyHome = 20

func (h *home) view(width, height int) string {
	detail := 2
	if height >= roomyHome {
		detail = 4
	}
	lines := height - 1 - detail
	from, to := h.cursor.span(h.count(), lines)
	var b strings.Builder
	for i := from; i < to; i++ {
		b.WriteString(h.line(i, width) + "\n")
	}
	if len(h.shown) == 0 {
		b.WriteString("\n " +
			soft.Render(h.say("No lesson or demo passes the filter. esc clears it.",
				"没有符合筛选条件的课程或演示。按 esc 清除。")))
	}
	remark := h.more(h.cursor.hidden(h.count()))
	if filter := h.filter.view(); filter != "" {
		remark = strings.TrimSpace(filter + "  " + remark)
	}
	return block(b.String(), width, lines) + "\n" + rule(width, remark) + "\n" +
		terminal.Wrap(h.detail(), width-2)
}

func (h *home) line(i, width int) string {
	it := h.shown[i]
	mark := "  "
	if i == h.cursor.at {
		mark = accent.Render("▸ ")
	}
	if it.demo == nil {
		return ends(mark+h.heading(it.entry.Title.In(h.lang), i)+soft.Render("  "+it.entry.Name),
			it.entry.tests.summary()+" ", width)
	}
	name := fit(it.demo.Name, 14)
	if i == h.cursor.at {
		name = chosen.Render(name)
	}
	right := h.state(it.demo) + " "
	left, title := mark+"  "+name, "  "+it.demo.Title.In(h.lang)
	if cells(left+title+right) < width {
		left += soft.Render(title)
	}
	return ends(left, "  "+right, width)
}

// heading is the title of a lesson.
func (h *home) heading(name string, i int) string {
	if i == h.cursor.at {
		return chosen.Render(" " + name + " ")
	}
	return bold.Render(name)
}

// state names the state of a demo, with a mark for readers without colours.
func (h *home) state(d *demo) string {
	switch {
	case d.state == starting:
		return busy.Render(h.say("… starting", "… 启动中"))
	case d.state == stopping:
		return busy.Render(h.say("… stopping", "… 停止中"))
	case d.state == running && h.width < roomyHeader:
		return good.Render("● ") + soft.Render(h.clients(d.clients))
	case d.state == running:
		return good.Render("● "+d.url()) + soft.Render("  "+h.clients(d.clients))
	case d.err != nil:
		return bad.Render(h.say("✗ failed", "✗ 失败"))
	}
	return soft.Render(h.say("○ not running", "○ 未运行"))
}

// detail says more of the selected item.
func (h *home) detail() string {
	at, found := h.selected()
	switch {
	case !found:
		return ""
	case at.demo == nil:
		return " " + at.entry.Summary.In(h.lang)
	case at.demo.err != nil:
		return " " + h.failure(at.demo.err)
	}
	return " " + at.demo.Summary.In(h.lang)
}
