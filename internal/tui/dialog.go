package tui

import (
	"strings"

	textcursor "github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/terminal"
)

// dialog is an overlay that asks for a line of text. Keys are text while it is shown.
type dialog struct {
	*ui
	heading string
	about   string // what the text is, and what is done with it
	verb    string // what enter does
	input   textinput.Model
	submit  func(text string) tea.Cmd

	busy    bool  // what enter does is under way
	problem error // why it failed
}

// newDialog returns a dialog with a text to begin with. Show it with show.
func newDialog(u *ui, heading, about, text string) *dialog {
	d := &dialog{ui: u, heading: heading, about: about, input: textinput.New()}
	d.input.CharLimit = 4096
	d.input.Cursor.SetMode(textcursor.CursorStatic)
	d.input.SetValue(text)
	d.input.Focus()
	return d
}

// show covers the screen with the dialog. submit is called with what was typed; its command leads
// to close or to fail.
func (d *dialog) show(verb string, submit func(text string) tea.Cmd) {
	d.verb, d.submit = verb, submit
	d.over = d
}

// shown reports whether the dialog has not been left.
func (d *dialog) shown() bool { return d.over == d }

func (d *dialog) close() {
	if d.shown() {
		d.over = nil
	}
}

// fail says why the text could not be used. The reader can correct it; nil lets them try again.
func (d *dialog) fail(err error) { d.busy, d.problem = false, err }

// key edits the text.
func (d *dialog) key(k tea.KeyMsg) tea.Cmd {
	switch k.String() {
	case "esc":
		d.close()
		return nil
	case "enter":
		text := strings.TrimSpace(d.input.Value())
		if text == "" || d.busy {
			return nil
		}
		d.busy, d.problem = true, nil
		return d.submit(text)
	}
	if d.busy {
		return nil
	}
	var cmd tea.Cmd
	d.input, cmd = d.input.Update(k)
	return cmd
}

func (d *dialog) commands() []command {
	return []command{actOpen.then(func() {}).as(d.verb, d.verb), actBack.then(d.close)}
}

func (d *dialog) mouse(tea.MouseMsg) tea.Cmd { return nil }

func (d *dialog) view(width, height int) string {
	d.input.Width = width - 6
	text := " " + accent.Render(d.heading) + "\n\n " + d.input.View() + "\n\n"
	switch {
	case d.busy:
		text += " " + busy.Render(d.say("One moment…", "请稍候……")) + "\n\n"
	case d.problem != nil:
		text += terminal.Wrap(" "+d.failure(d.problem), width-1) + "\n\n"
	}
	for line := range splitLines(d.about) {
		text += soft.Render(terminal.Wrap(" "+line, width-1)) + "\n"
	}
	return text
}
