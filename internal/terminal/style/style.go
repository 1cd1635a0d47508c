// Package style holds the styles that the lab's screens share. Each repeats what a mark or a word
// says, because colors vanish with NO_COLOR.
package style

import "github.com/charmbracelet/lipgloss"

// The styles, for light and dark terminals.
var (
	Accent = lipgloss.NewStyle().Bold(true).
		Foreground(lipgloss.AdaptiveColor{Light: "25", Dark: "75"})
	Soft = lipgloss.NewStyle().Foreground(lipgloss.AdaptiveColor{Light: "242", Dark: "246"})
	Good = lipgloss.NewStyle().Foreground(lipgloss.AdaptiveColor{Light: "28", Dark: "78"})
	Bad  = lipgloss.NewStyle().Bold(true).
		Foreground(lipgloss.AdaptiveColor{Light: "160", Dark: "203"})
	Bold = lipgloss.NewStyle().Bold(true)
)
