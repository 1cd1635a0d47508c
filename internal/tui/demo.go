package tui

import (
	"cmp"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/lesson"
)

// pace is the time between two samples of a demo.
const pace = 100 * time.Millisecond

type demoState int

const (
	idle demoState = iota
	starting
	running
	stopping
)

// demo is one demo and where it stands.
type demo struct {
	lesson.Demo
	lesson lesson.Lesson
	screen *runScreen

	state   demoState
	err     error  // why it did not start, or did not end well
	probe   *probe // while it serves
	clients int
}

func newDemo(u *ui, l lesson.Lesson, d lesson.Demo) *demo {
	one := &demo{Demo: d, lesson: l}
	one.screen = newRunScreen(u, one)
	return one
}

type (
	started struct {
		demo  *demo
		probe *probe
		err   error
	}
	stopped struct {
		demo *demo
		err  error
	}
)

// url is where the demo serves, empty while it does not.
func (d *demo) url() string {
	if d.probe == nil {
		return ""
	}
	return d.probe.URL
}

// keyURL is the same with the key of the person at the terminal.
func (d *demo) keyURL() string {
	if d.probe == nil {
		return ""
	}
	return cmp.Or(d.probe.KeyURL, d.probe.URL)
}

// toggle runs a demo or stops it; one that is about to do either is left alone.
func (m *model) toggle(d *demo) tea.Cmd {
	switch d.state {
	case idle:
		d.state, d.err = starting, nil
		d.screen.reset()
		return func() tea.Msg {
			p, err := m.stage.start(d.lesson, d.Demo)
			return started{d, p, err}
		}
	case running:
		d.state = stopping
		p := d.probe
		return func() tea.Msg { return stopped{d, m.stage.stop(p)} }
	}
	return nil
}

func (m *model) started(s started) tea.Cmd {
	if s.err != nil {
		s.demo.state, s.demo.err = idle, s.err
		return nil
	}
	s.demo.state, s.demo.probe = running, s.probe
	return m.watch(s.demo)
}

// watch takes the next sample. Only the demo that is looked at pays for its rows.
func (m *model) watch(d *demo) tea.Cmd {
	p, rows := d.probe, m.at == screen(d.screen)
	return tea.Tick(pace, func(at time.Time) tea.Msg { return p.sample(at, rows) })
}

func (m *model) sampled(s sample) tea.Cmd {
	for _, d := range m.demos {
		if d.probe == s.from {
			d.clients = s.clients
			d.screen.take(s)
			if line := lastError(s.log); line != "" {
				m.notice = d.Name + ": " + line
			}
			return m.watch(d)
		}
	}
	return nil // it has ended
}

// lastError returns the message and the values of the last error in a log, as slog writes it. It
// deserves the notice: the log itself is in another view.
func lastError(log []string) string {
	for _, line := range slices.Backward(log) {
		if _, text, ok := strings.Cut(line, "level=ERROR msg="); ok {
			return text
		}
	}
	return ""
}

func (d *demo) stopped(s stopped) tea.Cmd {
	d.state, d.err, d.probe, d.clients = idle, s.err, nil, 0
	return nil
}
