package tui

import tea "github.com/charmbracelet/bubbletea"

// choose moves the selection of a list, and keeps it in the list.
func choose(selected, by, count int) int {
	return max(min(selected+by, count-1), 0)
}

// step is how far a key moves the selection of a list of that many items; 0 for a
// key that does not.
func step(k tea.KeyMsg, page, count int) int {
	switch k.String() {
	case "up", "k":
		return -1
	case "down", "j":
		return 1
	case "pgup":
		return -page
	case "pgdown":
		return page
	case "home", "g":
		return -count
	case "end", "G":
		return count
	}
	return 0
}

// wheel is how far the mouse's wheel does.
func wheel(m tea.MouseMsg) int {
	switch m.Button {
	case tea.MouseButtonWheelUp:
		return -1
	case tea.MouseButtonWheelDown:
		return 1
	}
	return 0
}
