package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/viewport"
	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/terminal"
)

// pager is text to scroll through. One that follows stays at the end as lines come,
// unless the reader went up.
type pager struct {
	port    viewport.Model
	lines   []string
	follows bool
	changed bool // lines are not in port yet
}

func newPager(follows bool) *pager {
	return &pager{port: viewport.New(80, 20), follows: follows}
}

// set replaces the text.
func (p *pager) set(text string) {
	p.lines = strings.Split(strings.TrimRight(text, "\n"), "\n")
	if text == "" {
		p.lines = nil
	}
	p.changed = true
}

// add appends a line, and drops the oldest over the limit.
func (p *pager) add(line string, limit int) {
	p.lines = append(p.lines, line)
	p.lines = p.lines[max(len(p.lines)-limit, 0):]
	p.changed = true
}

func (p *pager) update(msg tea.Msg) tea.Cmd {
	if k, ok := msg.(tea.KeyMsg); ok {
		switch k.String() {
		case "home", "g":
			p.port.GotoTop()
		case "end", "G":
			p.port.GotoBottom()
		}
	}
	var cmd tea.Cmd
	p.port, cmd = p.port.Update(msg)
	return cmd
}

// view lays the text out. Lines that are too long are broken.
func (p *pager) view(width, height int) string {
	atEnd := p.follows && p.port.AtBottom()
	if p.changed || p.port.Width != width || p.port.Height != height {
		p.port.Width, p.port.Height = width, height
		p.port.SetContent(terminal.Wrap(strings.Join(p.lines, "\n"), width))
		p.changed = false
		if atEnd {
			p.port.GotoBottom()
		}
	}
	return p.port.View()
}

// percent is how far the reader has come.
func (p *pager) percent() int { return int(p.port.ScrollPercent() * 100) }
