package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/glamour"
	"github.com/charmbracelet/glamour/ansi"
	"github.com/charmbracelet/glamour/styles"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"realtimelab/internal/lesson"
)

// textWidth is the widest a text is set: longer lines are hard to read.
const textWidth = 100

// textScreen is a lesson's text, with the code that runs in it.
type textScreen struct {
	*ui
	course *course
	pager  *pager
	shown  layout // what pager has
}

// layout is what a rendering depends on.
type layout struct {
	lang  lesson.Lang
	width int
}

// rendered is a text that was laid out.
type rendered struct {
	to   *textScreen
	as   layout
	text string
}

func (r rendered) recipient() screen { return r.to }

func (t *textScreen) title() string { return t.course.Title.In(t.lang) }

func (t *textScreen) typing() bool { return false }

func (t *textScreen) bindings() []key.Binding {
	return []key.Binding{t.bind("↑/↓", "scroll", "滚动"), t.bind("space", "page", "翻页"), t.bind("t", "tests", "测试"), t.bind("L", "中文", "English")}
}

func (t *textScreen) layout() layout { return layout{t.lang, min(t.width-2, textWidth)} }

// resized lays the text out anew, unless it is laid out so already.
func (t *textScreen) resized() tea.Cmd {
	as := t.layout()
	if as == t.shown || as.width < 1 {
		return nil
	}
	l := t.course.Lesson
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
	case tea.KeyMsg:
		switch msg.String() {
		case "esc", "left", "backspace":
			return ask(goBack{})
		case "t":
			return ask(goTo{t.course.tests})
		}
		return t.pager.update(msg)
	case tea.MouseMsg:
		return t.pager.update(msg)
	}
	return nil
}

func (t *textScreen) view(width, height int) string {
	if len(t.pager.lines) == 0 {
		return "\n " + soft.Render(t.say("Setting the text…", "正在排版……"))
	}
	text := t.pager.view(width, height-1)
	return text + "\n" + ends("", soft.Render(fmt.Sprintf("%d%% ", t.pager.percent())), width)
}

// render lays a lesson's text out.
func render(l lesson.Lesson, as layout) (string, error) {
	text, err := l.Expand(as.lang)
	if err != nil {
		return "", err
	}
	return setMarkdown(text, as.width)
}

// setMarkdown lays a Markdown text out.
func setMarkdown(text string, width int) (string, error) {
	var b strings.Builder
	for _, part := range tables(strings.ReplaceAll(text, "\t", "    ")) {
		out, err := set(part, width)
		if err != nil {
			return "", err
		}
		b.WriteString(strings.Trim(out, "\n") + "\n\n")
	}
	return strings.TrimRight(b.String(), "\n"), nil
}

// tables parts the tables of a Markdown text from the rest.
func tables(text string) (parts []string) {
	fenced, in := false, false
	var now strings.Builder
	for line := range strings.Lines(text) {
		fenced = fenced != strings.HasPrefix(line, "```")
		if table := !fenced && strings.HasPrefix(line, "|"); table != in {
			parts = append(parts, now.String())
			now.Reset()
			in = table
		}
		now.WriteString(line)
	}
	return append(parts, now.String())
}

// set lays a part of a text out. Tables are fitted by glamour; all else is broken
// here, since glamour breaks lines at spaces alone and Chinese has none.
func set(part string, width int) (string, error) {
	table := strings.HasPrefix(part, "|")
	wordWrap := 0
	if table {
		wordWrap = width
	}
	renderer, err := glamour.NewTermRenderer(
		glamour.WithStyles(textStyle()), glamour.WithWordWrap(wordWrap), glamour.WithColorProfile(lipgloss.ColorProfile()))
	if err != nil {
		return "", err
	}
	out, err := renderer.Render(part)
	if err != nil || table {
		return out, err
	}
	return wrap(out, width), nil
}

// textStyle suits the terminal: without colours, marks take their place.
func textStyle() ansi.StyleConfig {
	switch {
	case lipgloss.ColorProfile() == termenv.Ascii:
		return styles.NoTTYStyleConfig
	case lipgloss.HasDarkBackground():
		return styles.DarkStyleConfig
	}
	return styles.LightStyleConfig
}
