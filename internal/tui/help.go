package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// help is an overlay that lists every key that works on a screen, by section.
type help struct {
	*ui
	all  []command
	text *pager
}

func newHelp(u *ui, all []command) *help { return &help{ui: u, all: all, text: newPager(u, false)} }

func (h *help) commands() []command {
	leave := func() { h.over = nil }
	all := []command{actHelp.then(leave), actBack.then(leave), actQuit.then(leave)}
	return append(all, moving(h.text.move, h.text.page)...)
}

func (h *help) mouse(m tea.MouseMsg) tea.Cmd { return h.text.mouse(m) }

// Widths of the help, in cells: of the keys, and from which it has two columns.
const (
	keysWidth = 13
	wideHelp  = 78
)

func (h *help) view(width, height int) string {
	columns := h.columns()
	text := strings.Join(columns, "\n\n")
	if width >= wideHelp {
		half := width / 2
		left, right := columns[0], strings.Join(columns[1:], "\n\n")
		lines := max(strings.Count(left, "\n"), strings.Count(right, "\n")) + 1
		text = beside(block(left, half-1, lines), block(right, width-half, lines), half)
	}
	if joined := strings.Join(h.text.lines, "\n"); joined != text {
		h.text.set(text)
	}
	view := h.text.view(width, height-1)
	return view + "\n" + ends("", soft.Render(h.more(h.text.hidden())+" "), width)
}

// columns returns the sections, each with its heading.
func (h *help) columns() []string {
	headings := [sections]string{h.say("This screen", "本屏"), h.say("Moving", "移动"),
		h.say("Everywhere", "到处可用")}
	var columns []string
	for s := range sections {
		var b strings.Builder
		b.WriteString(" " + accent.Render(headings[s]))
		for _, c := range h.all {
			if c.section == s {
				b.WriteString("\n   " + fit(bold.Render(c.names()), keysWidth) + " " +
					c.label.In(h.lang) + soft.Render(c.notes.In(h.lang)))
			}
		}
		if s == sections-1 {
			b.WriteString("\n   " + soft.Render(h.say("Mouse: click and wheel.",
				"鼠标：点击和滚轮。")))
		}
		columns = append(columns, b.String())
	}
	return columns
}
