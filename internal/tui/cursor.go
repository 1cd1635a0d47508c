package tui

import (
	"fmt"
	"math"

	tea "github.com/charmbracelet/bubbletea"
)

// cursor is the selected line of a list, and the part of the list that is on the screen.
type cursor struct {
	at     int
	first  int // line at the top
	height int // lines of the last view
}

// move moves the selection and keeps it in a list of that many lines.
func (c *cursor) move(by, count int) { c.at = max(min(c.at+by, count-1), 0) }

// span returns the lines to show in that height: from the first up to, not including, the last.
func (c *cursor) span(count, height int) (from, to int) {
	c.height = height
	c.move(0, count)
	c.first = window(c.first, c.at, count, height)
	return c.first, min(c.first+height, count)
}

// hidden returns the number of lines above and below the part on the screen.
func (c *cursor) hidden(count int) (above, below int) {
	return c.first, max(count-c.first-c.height, 0)
}

// page returns how far a page is.
func (c *cursor) page() int { return max(c.height-1, 1) }

// commands returns the keys that move the selection.
func (c *cursor) commands(count func() int) []command {
	return moving(func(by int) { c.move(by, count()) }, c.page)
}

// mouse moves the selection with the wheel and returns the line that was clicked, -1 if none was.
// top is the row of the list's first line.
func (c *cursor) mouse(m tea.MouseMsg, top, count int) int {
	c.move(wheel(m), count)
	if !clicked(m) {
		return -1
	}
	if i := c.first + m.Y - top; m.Y >= top && m.Y < top+c.height && i < count {
		return i
	}
	return -1
}

// far moves to the beginning or the end of anything.
const far = math.MaxInt32

// moving returns the keys that move by lines and by pages.
func moving(move func(by int), page func() int) []command {
	return append(byLine(move), byPage(move, page)...)
}

func byLine(move func(by int)) []command {
	return []command{
		actUp.then(func() { move(-1) }),
		actDown.then(func() { move(1) }),
		actFirst.then(func() { move(-far) }),
		actLast.then(func() { move(far) }),
	}
}

func byPage(move func(by int), page func() int) []command {
	return []command{
		actPageUp.then(func() { move(-page()) }),
		actPageDown.then(func() { move(page()) }),
		actHalfUp.then(func() { move(-max(page()/2, 1)) }),
		actHalfDown.then(func() { move(max(page()/2, 1)) }),
	}
}

// wheel returns how far the mouse's wheel moves a selection.
func wheel(m tea.MouseMsg) int {
	switch m.Button {
	case tea.MouseButtonWheelUp:
		return -1
	case tea.MouseButtonWheelDown:
		return 1
	}
	return 0
}

func clicked(m tea.MouseMsg) bool {
	return m.Button == tea.MouseButtonLeft && m.Action == tea.MouseActionPress
}

// more says how many lines are above and below the part of a list that is on the screen.
func (u *ui) more(above, below int) string {
	switch {
	case above > 0 && below > 0:
		return fmt.Sprintf(u.say("↑ %d · ↓ %d more", "↑ %d · 下面还有 ↓ %d"), above, below)
	case above > 0:
		return fmt.Sprintf(u.say("↑ %d more", "上面还有 ↑ %d"), above)
	case below > 0:
		return fmt.Sprintf(u.say("↓ %d more", "下面还有 ↓ %d"), below)
	}
	return ""
}
