package tui

import (
	"cmp"
	"fmt"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/lang"
)

// The smallest terminal that the screens fit in. They show one pane at a time there.
const (
	minWidth  = 40
	minHeight = 12
)

// model is all that is shown.
type model struct {
	config     Config
	background *background
	*ui

	entries   []*entry
	demos     []*demo
	home      *home
	exercises *exerciseScreen
	measures  *comparisonScreen

	places []place  // the tabs of the lab
	root   screen   // the way back ends there
	at     screen   // the one that is shown
	from   []screen // the way back, the last one first; the first of them is a place
}

func newModel(c Config, b *background) *model {
	m := &model{config: c, background: b, ui: &ui{lang: c.Lang}}
	m.visit = m.enter
	for _, l := range c.Lessons {
		e := newEntry(m.ui, b, l)
		m.entries = append(m.entries, e)
		m.demos = append(m.demos, e.demos...)
	}
	m.home = newHome(m.ui, m.entries)
	m.exercises = newExercises(m.ui, b)
	m.measures = newComparison(m.ui, b)
	m.places = []place{m.home, m.exercises, m.measures}
	m.root = m.home
	if c.Xray != nil {
		d := newXray(m.ui, *c.Xray)
		m.demos, m.places, m.root = []*demo{d}, nil, d.screen
	}
	m.at = m.root
	return m
}

// Init starts the demos that were named, or the x-ray.
func (m *model) Init() tea.Cmd {
	if m.config.Xray != nil {
		return m.start(m.demos[0])
	}
	var all []tea.Cmd
	for i, name := range m.config.Run {
		at := slices.IndexFunc(m.demos, func(d *demo) bool { return d.Name == name })
		if at < 0 {
			continue
		}
		all = append(all, m.start(m.demos[at]))
		if i == 0 {
			m.home.selectDemo(m.demos[at])
			m.enter(m.demos[at].screen)
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
		return m, m.mouse(msg)
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

func (m *model) mouse(msg tea.MouseMsg) tea.Cmd {
	msg.Y-- // the header
	switch {
	case m.small() || m.question != nil:
		return nil
	case m.over != nil:
		return m.over.mouse(msg)
	case clicked(msg) && msg.Y == -1:
		if tabs, left := m.tabs(); tabs.shown >= 0 {
			if i := tabs.hit(msg.X - left); i >= 0 {
				return m.enter(m.places[i])
			}
		}
		return nil
	}
	return m.at.update(msg)
}

// enter shows a screen. Back leads to the one before, except from a place.
func (m *model) enter(to screen) tea.Cmd {
	before := slices.Index(m.from, to)
	switch {
	case m.place(to) >= 0:
		m.from = nil
	case before >= 0:
		m.from = m.from[:before]
	case to != m.at:
		m.from = append(m.from, m.at)
	}
	m.at = to
	return m.resized()
}

// place returns the tab of a screen, -1 if it has none.
func (m *model) place(s screen) int {
	return slices.IndexFunc(m.places, func(p place) bool { return screen(p) == s })
}

// message handles what commands answered.
func (m *model) message(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case noticed:
		m.notice = msg.text
	case openPage:
		return m.open(msg.url)
	case copyText:
		return m.copy(msg)
	case startIt:
		return m.start(msg.demo)
	case stopIt:
		return m.stop(msg.demo)
	case xrayIt:
		return m.xray(msg)
	case xrayed:
		return m.xrayed(msg)
	case saveIt:
		return m.save(msg)
	case saved:
		m.saved(msg)
	case lineOf:
		return m.changeLine(msg.demo, msg.to)
	case started:
		return m.started(msg)
	case stopped:
		return m.stopped(msg)
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
	failed, done := m.say("cannot open a browser (%v): open %s", "无法打开浏览器（%v）：请打开 %s"),
		m.say("opened %s", "已打开 %s")
	return func() tea.Msg {
		if err := m.config.Open(url); err != nil {
			return noticed{fmt.Sprintf(failed, err, url)}
		}
		return noticed{fmt.Sprintf(done, url)}
	}
}

func (m *model) copy(c copyText) tea.Cmd {
	failed, done := m.say("cannot copy: %v", "无法复制：%v"), m.say("copied %s", "已复制 %s")
	return func() tea.Msg {
		if err := m.config.Copy(c.text); err != nil {
			return noticed{fmt.Sprintf(failed, err)}
		}
		return noticed{fmt.Sprintf(done, cmp.Or(c.what, c.text))}
	}
}

// otherLang returns the language to switch to.
func (m *model) otherLang() lang.Lang {
	if m.lang == lang.Chinese {
		return lang.English
	}
	return lang.Chinese
}
