package tui

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/xray"
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

// demo is one demo, or the x-ray of something else, and where it stands.
type demo struct {
	lesson.Demo
	entry  *entry // nil for an x-ray, see Xray
	screen *runScreen
	serve  func(line Line, log io.Writer) (Served, error)

	state   demoState
	err     error      // why it did not start, or did not end well
	monitor *monitor   // while it serves
	wire    *xray.Xray // of the last start, for what is saved; nil without a tap
	clients int
	line    Line // what stands before it, or will
	again   bool // it is stopped in order to start with another line
	left    bool // an x-ray that the reader went back from: it is forgotten when it has ended
}

type (
	started struct {
		demo    *demo
		monitor *monitor
		err     error
	}
	stopped struct {
		demo *demo
		err  error
	}
)

// name returns what the demo is called.
func (d *demo) name(u *ui) string {
	if d.foreign() {
		return u.say("x-ray", "线路透视")
	}
	return d.Name
}

// foreign reports whether this is the x-ray of another server, or of a file.
func (d *demo) foreign() bool { return d.entry == nil }

// recorded reports whether the rows come from a file.
func (d *demo) recorded() bool { return d.monitor != nil && d.monitor.Recorded }

// url returns where the demo serves, empty while it does not.
func (d *demo) url() string {
	if d.monitor == nil {
		return ""
	}
	return d.monitor.URL
}

// keyURL returns the same with the key of the person at the terminal.
func (d *demo) keyURL() string {
	if d.monitor == nil {
		return ""
	}
	return cmp.Or(d.monitor.KeyURL, d.monitor.URL)
}

// start serves a demo that is idle. Others are left as they are.
func (m *model) start(d *demo) tea.Cmd {
	if d.state != idle {
		return nil
	}
	d.state, d.err, d.wire = starting, nil, nil
	d.screen.reset()
	line := d.line
	return func() tea.Msg {
		served, err := m.background.start(func(log io.Writer) (Served, error) {
			return d.serve(line, log)
		})
		return started{d, served, err}
	}
}

// stop ends a demo that serves. It asks first if clients are connected.
func (m *model) stop(d *demo) tea.Cmd {
	if d.state != running {
		return nil
	}
	if d.clients == 0 {
		return m.end(d)
	}
	m.confirmEnd(d, func() tea.Cmd { return m.end(d) })
	return nil
}

// confirmEnd asks before a demo ends that clients are connected to.
func (m *model) confirmEnd(d *demo, yes func() tea.Cmd) {
	m.confirm(fmt.Sprintf(m.say("%s: %s connected. Stop it?", "%s：有 %s连接。停止吗？"),
		d.name(m.ui), m.clients(d.clients)), yes)
}

// changeLine changes what stands before a demo: at once if that is there to be changed, else with a
// restart. It asks before a restart if clients are connected.
func (m *model) changeLine(d *demo, to Line) tea.Cmd {
	switch {
	case d.state == idle || d.state == running && d.monitor.change(to):
		d.line = to
		return nil
	case d.state != running:
		return nil
	}
	again := func() tea.Cmd {
		d.line, d.again = to, true
		return m.end(d)
	}
	if d.clients == 0 {
		return again()
	}
	m.confirm(fmt.Sprintf(m.say("%s has to restart: %s will be disconnected. Restart?",
		"%s 需要重启：%s会断开。重启吗？"),
		d.Name, m.clients(d.clients)), again)
	return nil
}

// end stops a demo without a question.
func (m *model) end(d *demo) tea.Cmd {
	if d.state != running {
		return nil
	}
	d.state = stopping
	served := d.monitor
	return func() tea.Msg { return stopped{d, m.background.stop(served)} }
}

func (m *model) started(s started) tea.Cmd {
	if s.err != nil {
		s.demo.state, s.demo.err = idle, s.err
		if s.demo.left {
			m.forget(s.demo)
		}
		return nil
	}
	s.demo.state, s.demo.monitor, s.demo.wire = running, s.monitor, s.monitor.wire()
	if s.demo.left {
		return m.end(s.demo)
	}
	return m.watch(s.demo)
}

// watch takes the next sample. Only the demo that is looked at pays for its rows.
func (m *model) watch(d *demo) tea.Cmd {
	served, rows := d.monitor, m.at == screen(d.screen)
	return tea.Tick(pace, func(at time.Time) tea.Msg { return served.sample(at, rows) })
}

func (m *model) sampled(s sample) tea.Cmd {
	for _, d := range m.demos {
		if d.monitor == s.from {
			d.clients = s.clients
			if d.state == running {
				d.line = s.line
			}
			d.screen.take(s)
			if line := lastError(s.log); line != "" {
				m.notice = d.name(m.ui) + ": " + line
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

func (m *model) stopped(s stopped) tea.Cmd {
	d := s.demo
	again := d.again
	d.state, d.err, d.monitor, d.clients, d.again = idle, s.err, nil, 0, false
	if d.left {
		m.forget(d)
		if d.err != nil {
			m.notice = d.name(m.ui) + ": " + lang.Message(d.err, m.lang)
		}
	}
	if again && s.err == nil {
		return m.start(d)
	}
	return nil
}

// clients is a number of clients in words.
func (u *ui) clients(n int) string {
	return fmt.Sprintf(u.say("%s", "%d 个客户端"), lang.Counted(n, "client"))
}
