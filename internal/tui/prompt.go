package tui

import (
	"strings"

	textcursor "github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/terminal"
)

// prompt is the line in which the reader types a filter or a search. It holds as it is typed.
type prompt struct {
	input   textinput.Model
	changed func()
	// completions of the text, of which Tab takes the first; may be nil
	suggest func(text string) []string
}

func newPrompt(changed func()) *prompt {
	input := textinput.New()
	input.Prompt = "/"
	input.CharLimit = 200
	input.Cursor.SetMode(textcursor.CursorStatic)
	return &prompt{input: input, changed: changed}
}

func (p *prompt) value() string { return p.input.Value() }

// typing reports whether keys are text.
func (p *prompt) typing() bool { return p.input.Focused() }

// set replaces the text.
func (p *prompt) set(text string) {
	p.input.SetValue(text)
	p.input.CursorEnd()
	p.changed()
}

// clear ends the filter and the typing.
func (p *prompt) clear() {
	p.input.Blur()
	p.set("")
}

// key edits the text.
func (p *prompt) key(k tea.KeyMsg) tea.Cmd {
	switch k.String() {
	case "esc":
		p.clear()
		return nil
	case "enter":
		p.input.Blur()
		return nil
	}
	var cmd tea.Cmd
	p.input, cmd = p.input.Update(k)
	if p.suggest != nil {
		p.input.ShowSuggestions = true
		p.input.SetSuggestions(p.suggest(p.value()))
	}
	p.changed()
	return cmd
}

// commands returns the keys of a search: to begin it, and to go to the next and the previous match.
func (p *prompt) commands(next func(by int)) []command {
	all := []command{actSearch.on(func() tea.Cmd { return p.input.Focus() })}
	if p.value() != "" {
		all = append(all, actNext.then(func() { next(1) }), actPrevious.then(func() { next(-1) }))
	}
	return all
}

// filters returns the keys of a filter. Every line that is shown matches, so that next moves by
// lines.
func (p *prompt) filters(move func(by int)) []command {
	all := p.commands(move)
	all[0] = all[0].as("filter", "筛选")
	return all
}

// view is the text while there is one or it is typed, else empty.
func (p *prompt) view() string {
	switch {
	case p.typing():
		return p.input.View()
	case p.value() != "":
		return busy.Render("/" + terminal.Clean(p.value()))
	}
	return ""
}

// matches reports whether a text has every word of a filter. A word after a minus must not be
// there.
func matches(text, filter string) bool {
	text = strings.ToLower(text)
	for _, word := range strings.Fields(strings.ToLower(filter)) {
		bare, not := strings.CutPrefix(word, "-")
		if bare != "" && strings.Contains(text, bare) == not {
			return false
		}
	}
	return true
}
