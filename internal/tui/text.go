package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/markdown"
)

// textWidth limits the width of a text in cells. Longer lines are hard to read.
const textWidth = 100

// textScreen shows a lesson's text, with the code that it explains.
type textScreen struct {
	*ui
	entry *entry
	pager *pager
	shown layout // of the text in pager
}

// layout holds the settings that a rendering depends on.
type layout struct {
	lang  lang.Lang
	width int
}

// rendered is the message that carries a text in its layout.
type rendered struct {
	to   *textScreen
	as   layout
	text string
}

func (r rendered) recipient() screen { return r.to }

func (t *textScreen) title() string { return t.entry.Title.In(t.lang) }

func (t *textScreen) search() *prompt { return t.pager.find }

func (t *textScreen) back() (tea.Cmd, bool) { return nil, false }

func (t *textScreen) commands() []command {
	tests := actTests.on(func() tea.Cmd { return t.visit(t.entry.tests) })
	return append([]command{tests}, t.pager.commands()...)
}

func (t *textScreen) layout() layout { return layout{t.lang, min(t.width-2, textWidth)} }

// resized renders the text again if the layout has changed.
func (t *textScreen) resized() tea.Cmd {
	as := t.layout()
	if as == t.shown || as.width < 1 {
		return nil
	}
	l := t.entry.Lesson
	return func() tea.Msg {
		text, err := render(l, as)
		if err != nil {
			text = err.Error()
		}
		return rendered{t, as, text}
	}
}

func (t *textScreen) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case rendered:
		if msg.as == t.layout() {
			t.shown = msg.as
			t.pager.set(msg.text)
		}
	case tea.MouseMsg:
		return t.pager.mouse(msg)
	}
	return nil
}

func (t *textScreen) view(width, height int) string {
	if len(t.pager.lines) == 0 {
		return "\n " + soft.Render(t.say("Setting the text…", "正在排版……"))
	}
	text := t.pager.view(width, height-1)
	return text + "\n" + ends("", t.pager.status()+" ", width)
}

// render returns a lesson's text in a layout.
func render(l lesson.Lesson, as layout) (string, error) {
	text, err := l.Expand(as.lang)
	if err != nil {
		return "", err
	}
	return setMarkdown(text, as.width), nil
}

// textMargin is the empty space to the left of a text, in cells.
const textMargin = 2

// setMarkdown renders a Markdown text for the terminal, with a margin.
func setMarkdown(text string, width int) string {
	var b strings.Builder
	for line := range splitLines(markdown.Terminal(text, width-textMargin,
		lipgloss.DefaultRenderer())) {
		if line != "" {
			b.WriteString(strings.Repeat(" ", textMargin) + line)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
