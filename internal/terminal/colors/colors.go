// Package colors asks the terminal whether its background is dark, and sets the colors of the
// screens for it.
package colors

import (
	"os"
	"strings"
	"sync"
	"time"

	_ "github.com/charmbracelet/bubbletea" // its init comes before End
	"github.com/charmbracelet/lipgloss"
	"github.com/mattn/go-isatty"
	"github.com/muesli/termenv"

	"realtimelab/internal/terminal/colors/noquery"
)

func init() {
	noquery.End()
	lipgloss.DefaultRenderer().SetOutput(termenv.NewOutput(os.Stdout)) // its colors, without CI
}

// timeout bounds the wait for the terminal. A terminal on this machine answers in milliseconds, one
// behind SSH after a round trip. A later answer would be read as keys.
const timeout = time.Second

// IsDark reports whether the background of the terminal on the standard output is dark. The first
// call asks the terminal. Without an answer COLORFGBG decides, and without COLORFGBG it is dark.
var IsDark = sync.OnceValue(func() bool {
	if !isatty.IsTerminal(os.Stdout.Fd()) {
		return true
	}
	if named(os.Getenv("TERM")) && os.Getenv("CI") == "" && answers(os.Stdout, timeout) {
		return termenv.NewOutput(os.Stdout).HasDarkBackground()
	}
	return termenv.NewOutput(os.Stdout, termenv.WithEnvironment(unasked{})).HasDarkBackground()
})

// Use sets the colors of the screens. Call it before Bubble Tea reads the terminal.
func Use() { lipgloss.SetHasDarkBackground(IsDark()) }

// named reports whether a terminal of this name can be asked: termenv does not ask the others.
func named(term string) bool {
	for _, mute := range []string{"dumb", "screen", "tmux"} {
		if strings.HasPrefix(term, mute) {
			return false
		}
	}
	return true
}

// unasked is the environment of a terminal that termenv does not ask.
type unasked struct{}

func (unasked) Environ() []string { return os.Environ() }

func (unasked) Getenv(name string) string {
	if name == "TERM" {
		return "dumb"
	}
	return os.Getenv(name)
}
