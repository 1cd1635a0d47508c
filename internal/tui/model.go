package tui

import (
	"fmt"
	"slices"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/lang"
)

// The smallest terminal that the screens fit in.
const (
	minWidth  = 50
	minHeight = 18
)

// screen is one of the things that fill the window. Its messages are its own: the
// model hands it keys, the mouse, and what its commands answered.
type screen interface {
	title() string
	update(tea.Msg) tea.Cmd

	// view fills so many lines; the first line's mouse events have Y = 0.
	view(width, height int) string

	bindings() []key.Binding

	// typing reports whether keys are text just now.
	typing() bool
}

// reply is what a screen's command answered. It goes to that screen, whichever is
// shown.
type reply interface{ recipient() screen }

// ui is what all screens share.
type ui struct {
	lang   lang.Lang
	width  int // of a screen
	height int
	notice string // what just happened; until the next key
}

// say picks the text in the reader's language.
func (u *ui) say(en, zh string) string { return u.lang.Say(en, zh) }

// bind is a key with its help.
func (u *ui) bind(keys, en, zh string) key.Binding {
	return key.NewBinding(key.WithKeys(keys), key.WithHelp(keys, u.say(en, zh)))
}

// What screens ask of the model.
type (
	goBack   struct{}
	goTo     struct{ to screen }
	openPage struct{ url string }
	copyText struct{ text string }
	noticed  struct{ text string }
	toggle   struct{ demo *demo } // run it, or stop it
)

func ask(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }

// model is all that is shown.
type model struct {
	config Config
	stage  *stage
	*ui

	courses   []*course
	exercises *exerciseScreen
	measures  *comparisonScreen
	demos     []*demo
	home      *home
	at        screen
	help      bool
}

func newModel(c Config, s *stage) *model {
	m := &model{config: c, stage: s, ui: &ui{lang: c.Lang}}
	for _, l := range c.Lessons {
		course := newCourse(m.ui, s, l)
		for _, d := range l.Demos {
			course.demos = append(course.demos, newDemo(m.ui, l, d))
		}
		m.courses = append(m.courses, course)
		m.demos = append(m.demos, course.demos...)
	}
	m.exercises = newExercises(m.ui, s)
	m.measures = newComparison(m.ui, s)
	m.home = newHome(m.ui, m.courses, m.exercises, m.measures)
	m.at = m.home
	return m
}

// Init starts the demos that were named.
func (m *model) Init() tea.Cmd {
	var all []tea.Cmd
	for i, name := range m.config.Run {
		for _, d := range m.demos {
			if d.Name != name {
				continue
			}
			all = append(all, m.toggle(d))
			if i == 0 {
				m.at = d.screen
				m.home.selected = slices.IndexFunc(m.home.items, func(it item) bool { return it.demo == d })
			}
		}
	}
	return tea.Sequence(all...) // so that their ports follow each other
}

func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height-2 // the header and the bar
		return m, m.resized()
	case tea.KeyMsg:
		return m, m.keys(msg)
	case tea.MouseMsg:
		msg.Y--
		if m.help || m.small() {
			return m, nil
		}
		return m, m.at.update(tea.MouseMsg(msg))
	}
	return m, m.message(msg)
}

func (m *model) small() bool { return m.width < minWidth || m.height+2 < minHeight }

// resized tells the texts their new width.
func (m *model) resized() tea.Cmd {
	if r, ok := m.at.(interface{ resized() tea.Cmd }); ok {
		return r.resized()
	}
	return nil
}

// keys parts keys that were pressed so fast that they came as one. What is pasted
// is text, and no command.
func (m *model) keys(k tea.KeyMsg) tea.Cmd {
	switch {
	case k.Paste && !m.at.typing():
		return nil
	case k.Type == tea.KeyEsc && k.Alt: // Escape twice, as terminals send it
		k.Alt = false
		return tea.Sequence(m.key(k), m.key(k))
	case k.Type != tea.KeyRunes || len(k.Runes) < 2 || k.Paste:
		return m.key(k)
	}
	var all []tea.Cmd
	for _, r := range k.Runes {
		all = append(all, m.key(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: k.Alt}))
	}
	return tea.Sequence(all...)
}

func (m *model) key(k tea.KeyMsg) tea.Cmd {
	m.notice = ""
	switch k.String() {
	case "ctrl+c":
		return tea.Quit
	case "ctrl+z":
		return tea.Suspend
	}
	if m.at.typing() {
		return m.at.update(k)
	}
	switch k.String() {
	case "q":
		return tea.Quit
	case "?":
		m.help = !m.help
		return nil
	case "L":
		m.lang = map[lang.Lang]lang.Lang{lang.English: lang.Chinese, lang.Chinese: lang.English}[m.lang]
		return m.resized()
	}
	if m.help {
		m.help = false
		return nil
	}
	return m.at.update(k)
}

// message handles what commands answered.
func (m *model) message(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case goBack:
		m.at = m.home
	case goTo:
		m.at = msg.to
		return m.resized()
	case noticed:
		m.notice = msg.text
	case openPage:
		return m.open(msg.url)
	case copyText:
		return m.copy(msg.text)
	case toggle:
		return m.toggle(msg.demo)
	case started:
		return m.started(msg)
	case stopped:
		return msg.demo.stopped(msg)
	case sample:
		return m.sampled(msg)
	case reply:
		return msg.recipient().update(msg)
	default:
		return m.at.update(msg)
	}
	return nil
}

func (m *model) open(url string) tea.Cmd {
	failed, done := m.say("cannot open a browser (%v): open %s", "无法打开浏览器（%v）：请打开 %s"), m.say("opened %s", "已打开 %s")
	return func() tea.Msg {
		if err := m.config.Open(url); err != nil {
			return noticed{fmt.Sprintf(failed, err, url)}
		}
		return noticed{fmt.Sprintf(done, url)}
	}
}

func (m *model) copy(text string) tea.Cmd {
	failed, done := m.say("cannot copy: %v", "无法复制：%v"), m.say("copied %s", "已复制 %s")
	return func() tea.Msg {
		if err := m.config.Copy(text); err != nil {
			return noticed{fmt.Sprintf(failed, err)}
		}
		return noticed{fmt.Sprintf(done, text)}
	}
}
