package tui

import (
	"github.com/charmbracelet/lipgloss"

	"realtimelab/internal/terminal/style"
)

// The styles of the screens. Some are shared with the screens of other commands.
var (
	accent = style.Accent
	soft   = style.Soft
	good   = style.Good
	bad    = style.Bad
	busy   = lipgloss.NewStyle().Foreground(lipgloss.AdaptiveColor{Light: "130", Dark: "214"})
	bold   = style.Bold
	chosen = lipgloss.NewStyle().Reverse(true)
	paper  = lipgloss.NewStyle().Foreground(lipgloss.Color("15")).Background(lipgloss.Color("0"))
)

// hues tell the fields of a row apart.
var hues = []lipgloss.Style{
	lipgloss.NewStyle().Foreground(lipgloss.AdaptiveColor{Light: "25", Dark: "75"}),
	lipgloss.NewStyle().Foreground(lipgloss.AdaptiveColor{Light: "130", Dark: "214"}),
	lipgloss.NewStyle().Foreground(lipgloss.AdaptiveColor{Light: "28", Dark: "78"}),
	lipgloss.NewStyle().Foreground(lipgloss.AdaptiveColor{Light: "127", Dark: "213"}),
	lipgloss.NewStyle().Foreground(lipgloss.AdaptiveColor{Light: "30", Dark: "80"}),
	lipgloss.NewStyle().Foreground(lipgloss.AdaptiveColor{Light: "160", Dark: "203"}),
}
