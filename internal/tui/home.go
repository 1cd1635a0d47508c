package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"realtimelab/internal/terminal"
)

// item is a line of the home screen: a lesson, one of its demos, or another screen.
type item struct {
	course *course
	demo   *demo // nil: the lesson itself
	place  place // with neither
}

// place is a screen with a line on the home screen.
type place interface {
	screen
	label() (name, key string)
	summary() string // where it stands, in a few words
	detail() string  // what it is for
}

// home lists the lessons and demos with their state, and the other screens.
type home struct {
	*ui
	items    []item
	selected int
	first    int // item in the first line
}

func newHome(u *ui, courses []*course, places ...place) *home {
	h := &home{ui: u}
	for _, c := range courses {
		h.items = append(h.items, item{course: c})
		for _, d := range c.demos {
			h.items = append(h.items, item{course: c, demo: d})
		}
	}
	for _, p := range places {
		h.items = append(h.items, item{place: p})
	}
	if len(h.items) > 2 {
		h.selected = 1 // the first demo
	}
	return h
}

func (h *home) title() string { return "" }

func (h *home) typing() bool { return false }

func (h *home) bindings() []key.Binding {
	all := []key.Binding{h.bind("enter", "run / stop", "运行/停止"), h.bind("v", "view the run", "查看运行"), h.bind("t", "tests", "测试"), h.bind("l", "lesson", "课文"), h.bind("e", "exercises", "练习"), h.bind("m", "comparison", "比较"), h.bind("o", "browser", "浏览器"), h.bind("c", "copy URL", "复制网址")}
	switch at := h.items[h.selected]; {
	case at.place != nil:
		all = []key.Binding{h.bind("enter", "open", "打开")}
	case at.demo == nil:
		all = []key.Binding{h.bind("enter", "read", "阅读"), all[2], all[4]}
	}
	return append(all, h.bind("↑/↓", "choose", "选择"))
}

func (h *home) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		return h.key(msg)
	case tea.MouseMsg:
		return h.mouse(msg)
	}
	return nil
}

func (h *home) key(k tea.KeyMsg) tea.Cmd {
	at := h.items[h.selected]
	switch k.String() {
	case "enter", " ":
		return h.enter()
	}
	for _, it := range h.items {
		if it.place == nil {
			continue
		}
		if _, key := it.place.label(); key == k.String() {
			return ask(goTo{it.place})
		}
	}
	h.move(step(k, len(h.items), len(h.items)))
	if at.place != nil {
		return nil
	}
	switch k.String() {
	case "l":
		return ask(goTo{at.course.text})
	case "t":
		return ask(goTo{at.course.tests})
	}
	if at.demo == nil {
		return nil
	}
	switch k.String() {
	case "v", "right":
		return ask(goTo{at.demo.screen})
	case "o":
		return at.demo.screen.openIt()
	case "c":
		return at.demo.screen.copyIt()
	}
	return nil
}

func (h *home) enter() tea.Cmd {
	switch at := h.items[h.selected]; {
	case at.place != nil:
		return ask(goTo{at.place})
	case at.demo == nil:
		return ask(goTo{at.course.text})
	default:
		return ask(toggle{at.demo})
	}
}

func (h *home) move(by int) {
	h.selected = choose(h.selected, by, len(h.items))
}

func (h *home) mouse(m tea.MouseMsg) tea.Cmd {
	switch {
	case wheel(m) != 0:
		h.move(wheel(m))
	case m.Button == tea.MouseButtonLeft && m.Action == tea.MouseActionPress:
		i := h.first + m.Y - 1
		if m.Y < 1 || m.Y > h.lines() || i >= len(h.items) {
			return nil
		}
		if i == h.selected {
			return h.enter()
		}
		h.selected = i
	}
	return nil
}

// homeDetail are the lines under the list.
const homeDetail = 4

// lines are there for the list.
func (h *home) lines() int { return h.height - 1 - homeDetail }

func (h *home) view(width, height int) string {
	h.first = window(h.first, h.selected, len(h.items), h.lines())
	var b strings.Builder
	b.WriteByte('\n')
	for i := h.first; i < h.first+h.lines(); i++ {
		if i < len(h.items) {
			b.WriteString(h.line(i, width))
		}
		b.WriteByte('\n')
	}
	b.WriteString(soft.Render(strings.Repeat("─", width)) + "\n")
	b.WriteString(terminal.Wrap(h.detail(), width-2))
	return b.String()
}

func (h *home) line(i, width int) string {
	it := h.items[i]
	mark := "  "
	if i == h.selected {
		mark = accent.Render("▸ ")
	}
	if it.place != nil {
		name, key := it.place.label()
		return ends(mark+h.heading(name, i)+soft.Render("  "+key), it.place.summary()+" ", width)
	}
	if it.demo == nil {
		return ends(mark+h.heading(it.course.Title.In(h.lang), i)+soft.Render("  "+it.course.Name), it.course.tests.summary()+" ", width)
	}
	name := fit(it.demo.Name, 14)
	if i == h.selected {
		name = chosen.Render(name)
	}
	right := h.state(it.demo) + " "
	left, title := mark+"  "+name, "  "+it.demo.Title.In(h.lang)
	if ansi.StringWidth(left+title+right) < width {
		left += soft.Render(title)
	}
	return ends(left, "  "+right, width)
}

// heading is the name of a group of items.
func (h *home) heading(name string, i int) string {
	if i == h.selected {
		return chosen.Render(" " + name + " ")
	}
	return bold.Render(name)
}

// state is where a demo stands, with a mark for those who see no colours.
func (h *home) state(d *demo) string {
	switch {
	case d.state == starting:
		return busy.Render(h.say("… starting", "… 启动中"))
	case d.state == stopping:
		return busy.Render(h.say("… stopping", "… 停止中"))
	case d.state == running:
		return good.Render("● "+d.url()) + soft.Render("  "+h.clients(d.clients))
	case d.err != nil:
		return bad.Render(h.say("✗ failed", "✗ 失败"))
	}
	return soft.Render(h.say("○ not running", "○ 未运行"))
}

// clients is a number of clients in words.
func (u *ui) clients(n int) string {
	if n == 1 {
		return u.say("1 client", "1 个客户端")
	}
	return fmt.Sprintf(u.say("%d clients", "%d 个客户端"), n)
}

// detail says more of the selected item.
func (h *home) detail() string {
	at := h.items[h.selected]
	switch {
	case at.place != nil:
		return " " + at.place.detail()
	case at.demo == nil:
		return " " + at.course.Summary.In(h.lang)
	case at.demo.err != nil:
		return " " + bad.Render(terminal.Clean(at.demo.err.Error()))
	}
	return " " + at.demo.Summary.In(h.lang)
}
