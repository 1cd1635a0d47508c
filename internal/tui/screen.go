package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/lang"
)

// screen is one of the things that fill the window. Its messages are its own: the model hands it
// the mouse and what its commands answered, and runs the command of a key.
type screen interface {
	title() string

	// update handles a message that is not a key.
	update(tea.Msg) tea.Cmd

	// view fills so many lines; the first line's mouse events have Y = 0.
	view(width, height int) string

	// commands returns the keys that work now, the most important ones first.
	commands() []command

	// search returns the prompt of what is shown, nil if there is nothing to search.
	search() *prompt

	// back leaves what is open within the screen. It reports false if nothing is.
	back() (tea.Cmd, bool)
}

// place is a screen with a tab of its own.
type place interface {
	screen
	label() string // the name of the tab, with a few words on where it stands
}

// reply is the answer of a screen's command. It goes to that screen, whichever is shown.
type reply interface{ recipient() screen }

// ui holds the state that all screens share.
type ui struct {
	lang   lang.Lang
	width  int // of a screen
	height int

	visit func(to screen) tea.Cmd // shows another screen

	notice   string    // what just happened; until the next key
	question *question // waits for an answer; nil for none
	over     overlay   // covers the screen; nil for none
}

// say picks the text in the reader's language.
func (u *ui) say(en, zh string) string { return u.lang.Say(en, zh) }

// A question is asked before something ends that others use. Any key but y and the second Ctrl-C
// means no.
type question struct {
	text  string
	quits bool // yes ends the program
	yes   func() tea.Cmd
}

// confirm asks a question.
func (u *ui) confirm(text string, yes func() tea.Cmd) {
	u.question = &question{text: text, yes: yes}
}

// overlay covers the screen until it is closed.
type overlay interface {
	view(width, height int) string
	commands() []command
	mouse(tea.MouseMsg) tea.Cmd
}

// Requests of screens to the model.
type (
	openPage struct{ url string }
	copyText struct{ text, what string } // what names the text to the reader; empty shows it
	noticed  struct{ text string }
	startIt  struct{ demo *demo }
	stopIt   struct{ demo *demo }
	lineOf   struct {
		demo *demo
		to   Line
	}
)

func ask(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }
