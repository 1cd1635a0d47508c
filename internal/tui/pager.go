package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/viewport"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"realtimelab/internal/terminal"
)

// pager is text to scroll through and to search. One that follows stays at the end as lines come,
// unless the reader went up.
type pager struct {
	*ui
	port    viewport.Model
	lines   []string
	follows bool
	changed bool // what is shown is not in port yet

	find  *prompt
	laid  []string // lines of port
	found []int    // lines of laid that match the search
	match int      // in found: the one that the reader is at
	seek  bool     // the search has changed: go to its next match
}

func newPager(u *ui, follows bool) *pager {
	p := &pager{ui: u, port: viewport.New(80, 20), follows: follows}
	p.find = newPrompt(func() { p.changed, p.seek = true, true })
	return p
}

// set replaces the text.
func (p *pager) set(text string) {
	p.lines = strings.Split(strings.TrimRight(text, "\n"), "\n")
	if text == "" {
		p.lines = nil
	}
	p.changed = true
}

// top goes to the beginning, without a search.
func (p *pager) top() {
	p.find.clear()
	p.port.GotoTop()
}

// add appends a line, and drops the oldest over the limit.
func (p *pager) add(line string, limit int) {
	p.lines = append(p.lines, line)
	p.lines = p.lines[max(len(p.lines)-limit, 0):]
	p.changed = true
}

// move scrolls by lines.
func (p *pager) move(by int) { p.port.SetYOffset(max(min(p.port.YOffset+by, len(p.laid)), 0)) }

func (p *pager) page() int { return max(p.port.Height-1, 1) }

func (p *pager) mouse(m tea.MouseMsg) tea.Cmd {
	p.move(3 * wheel(m))
	return nil
}

// commands returns the keys that scroll and search.
func (p *pager) commands() []command {
	return append(p.find.commands(p.jump), moving(p.move, p.page)...)
}

// view lays the text out. Lines that are too long are broken.
func (p *pager) view(width, height int) string {
	atEnd := p.follows && p.port.AtBottom()
	if p.changed || p.port.Width != width || p.port.Height != height {
		p.port.Width, p.port.Height = width, max(height, 0)
		p.laid = strings.Split(terminal.Wrap(strings.Join(p.lines, "\n"), width), "\n")
		p.search()
		p.changed = false
		if atEnd && p.find.value() == "" {
			p.port.GotoBottom()
		}
	}
	return p.port.View()
}

// search finds the lines that match, and shows the one that the reader is at.
func (p *pager) search() {
	p.found = nil
	if word := strings.ToLower(p.find.value()); word != "" {
		for i, line := range p.laid {
			if strings.Contains(strings.ToLower(ansi.Strip(line)), word) {
				p.found = append(p.found, i)
			}
		}
	}
	if p.seek {
		p.match, _ = slices.BinarySearch(p.found, p.port.YOffset)
		if p.match == len(p.found) {
			p.match = 0
		}
	}
	p.mark()
	p.seek = false
}

// mark puts the lines into port, the match reversed and in sight.
func (p *pager) mark() {
	p.match = max(min(p.match, len(p.found)-1), 0)
	if len(p.found) == 0 {
		p.port.SetContent(strings.Join(p.laid, "\n"))
		return
	}
	at := p.found[p.match]
	lines := slices.Clone(p.laid)
	lines[at] = chosen.Render(ansi.Strip(lines[at]))
	p.port.SetContent(strings.Join(lines, "\n"))
	if p.seek && (at < p.port.YOffset || at >= p.port.YOffset+p.port.Height) {
		p.port.SetYOffset(at - p.port.Height/3)
	}
}

// jump goes to the next match, or to the previous one.
func (p *pager) jump(by int) {
	if count := len(p.found); count > 0 {
		p.match = (p.match + by + count) % count
		p.seek = true
		p.mark()
		p.seek = false
	}
}

// hidden returns the number of lines above and below the part on the screen.
func (p *pager) hidden() (above, below int) {
	return p.port.YOffset, max(len(p.laid)-p.port.YOffset-p.port.Height, 0)
}

// status is the search and its matches, and how much of the text is below.
func (p *pager) status() string {
	var parts []string
	if find := p.find.view(); find != "" {
		parts = append(parts, find)
	}
	switch {
	case p.find.value() == "":
	case len(p.found) == 0:
		parts = append(parts, bad.Render(p.say("not found", "没有找到")))
	default:
		parts = append(parts, fmt.Sprintf("%d/%d", p.match+1, len(p.found)))
	}
	if more := p.more(p.hidden()); more != "" {
		parts = append(parts, soft.Render(more))
	}
	return strings.Join(parts, "  ")
}
