package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/terminal"
)

// option is one of several to choose from.
type option struct{ name, about string }

// chooser is an overlay with a list to choose from.
type chooser struct {
	*ui
	heading string
	options []option
	cursor  cursor
	pick    func(i int) tea.Cmd
}

// choose covers the screen with a list. pick is called with the index of the chosen option.
func (u *ui) choose(heading string, options []option, chosen int, pick func(i int) tea.Cmd) {
	u.over = &chooser{ui: u, heading: heading, options: options, cursor: cursor{at: max(chosen, 0)},
		pick: pick}
}

func (c *chooser) count() int { return len(c.options) }

func (c *chooser) commands() []command {
	all := []command{
		actOpen.on(func() tea.Cmd { return c.chose(c.cursor.at) }).as("choose", "选择"),
		actBack.then(c.close).as("leave it as it is", "不改变"),
		actQuit.then(c.close).as("leave it as it is", "不改变"),
	}
	all = append(all, c.cursor.commands(c.count)...)
	return append(all, numberCommand(c.count(), func(i int) tea.Cmd {
		c.cursor.at = i
		return nil
	}).as("entry with this number", "编号对应的选项"))
}

func (c *chooser) close() { c.over = nil }

func (c *chooser) chose(i int) tea.Cmd {
	c.close()
	return c.pick(i)
}

func (c *chooser) mouse(m tea.MouseMsg) tea.Cmd {
	if i := c.cursor.mouse(m, chooserHead, c.count()); i >= 0 {
		return c.chose(i)
	}
	return nil
}

// Lines above and below the options. Below is the whole description of the one under the cursor.
const (
	chooserHead = 2
	chooserFoot = 3
)

func (c *chooser) view(width, height int) string {
	var b strings.Builder
	from, to := c.cursor.span(c.count(), height-chooserHead-chooserFoot)
	b.WriteString(ends(" "+accent.Render(c.heading),
		soft.Render(c.more(c.cursor.hidden(c.count()))+" "), width) + "\n\n")
	names := 0
	for _, o := range c.options {
		names = max(names, min(len(o.name), width/2))
	}
	for i := from; i < to; i++ {
		o := c.options[i]
		mark, name := "   ", fit(o.name, names)
		if i == c.cursor.at {
			mark, name = accent.Render(" ▸ "), chosen.Render(name)
		}
		b.WriteString(cut(mark+name+"  "+soft.Render(terminal.Clean(o.about)), width) + "\n")
	}
	about := terminal.Wrap(" "+terminal.Clean(c.options[c.cursor.at].about), width-1)
	return block(b.String(), width, height-chooserFoot) + "\n\n" +
		block(about, width, chooserFoot-1)
}
