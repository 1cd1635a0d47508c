package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// tabs are the names of views in a row, of which one is shown.
type tabs struct {
	names []string
	shown int
	short bool // only the tab that is shown has its name
}

// roomyTabs is the width from which all tabs have their names.
const roomyTabs = 70

// label returns the i-th name with its number.
func (t tabs) label(i int) string {
	name := string(rune('1' + i))
	if !t.short || i == t.shown {
		name += " " + t.names[i]
	}
	if i == t.shown {
		return "[" + name + "]"
	}
	return " " + name + " "
}

func (t tabs) view() string {
	var b strings.Builder
	for i := range t.names {
		if i == t.shown {
			b.WriteString(accent.Render(t.label(i)))
		} else {
			b.WriteString(soft.Render(t.label(i)))
		}
	}
	return b.String()
}

// hit returns the tab at a column of the view, -1 for none.
func (t tabs) hit(x int) int {
	at := 0
	for i := range t.names {
		if at += cells(t.label(i)); x >= 0 && x < at {
			return i
		}
	}
	return -1
}

// tabCommands returns the keys that show another tab of count.
func tabCommands(shown, count int, show func(int) tea.Cmd) []command {
	turn := func(by int) func() tea.Cmd {
		return func() tea.Cmd { return show((shown + by + count) % count) }
	}
	return []command{actTab.on(turn(1)), actBackTab.on(turn(-1)), numberCommand(count, show)}
}

// numberCommand returns the command of the number keys.
func numberCommand(count int, show func(int) tea.Cmd) command {
	return command{action: actNumber, label: actNumber.help, do: func(key string) tea.Cmd {
		if i := int(key[0] - '1'); i < count {
			return show(i)
		}
		return nil
	}}
}
