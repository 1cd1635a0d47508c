package screen

import (
	"context"
	"errors"
	"strings"

	"github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/connect"
	"realtimelab/internal/lang"
	"realtimelab/internal/xray"
)

// Bounds of what the screen keeps, and of what one event takes of it, in lines.
const (
	maxEntries    = 2000
	maxRows       = 2000
	maxEntryLines = 60
)

// An entry is one event, or a line that the user typed.
type entry struct {
	event connect.Event
	typed string
}

// model is the screen.
type model struct {
	config  Config
	life    *life
	history *history
	events  *connect.Reader
	rows    *xray.Watcher

	input    textinput.Model
	choices  []string // what tab goes through, while it is pressed again and again
	choice   int
	stop     context.CancelFunc // of the command that runs
	busy     bool
	quitting bool

	entries  []entry
	dropped  uint64   // events that came too fast to be read
	lines    []string // the entries as they are shown, for the width wrapped
	wrapped  int
	up       int // lines that the reader has scrolled up
	seen     []*xray.Row
	showXray bool
	allRows  bool // also TCP and bodies
	help     bool
	helpAt   int // lines of the help above the screen

	width, height int
}

func newModel(c Config, life *life, h *history) *model {
	input := textinput.New()
	input.CharLimit = 1 << 20
	input.ShowSuggestions = true
	input.Cursor.SetMode(cursor.CursorStatic)
	input.KeyMap.NextSuggestion.SetEnabled(false) // tab chooses
	input.KeyMap.PrevSuggestion.SetEnabled(false)
	input.KeyMap.Paste.SetEnabled(false) // the terminal pastes
	input.Focus()
	return &model{
		config: c, life: life, history: h, input: input, showXray: c.Xray,
		events: c.Session.Log().NewReader(), rows: c.Session.Xray().Watch(),
	}
}

func (m *model) say(en, zh string) string { return m.config.Lang.Say(en, zh) }

// Init connects, and begins to read.
func (m *model) Init() tea.Cmd {
	m.busy = true
	return tea.Batch(m.readEvents(), m.readRows(), m.connect())
}

// Update takes a message.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case eventsMsg:
		m.dropped = msg.dropped
		for _, e := range msg.events {
			m.add(entry{event: e})
		}
		return m, m.readEvents()
	case rowsMsg:
		m.seen = append(m.seen, msg...)
		m.seen = m.seen[max(len(m.seen)-maxRows, 0):]
		return m, m.readRows()
	case doneMsg:
		return m, m.done(msg.err)
	case tea.MouseMsg:
		switch msg.Button {
		case tea.MouseButtonWheelUp:
			m.scroll(3)
		case tea.MouseButtonWheelDown:
			m.scroll(-3)
		}
	case tea.KeyMsg:
		return m, m.key(msg)
	}
	return m, nil
}

// done takes the end of a command.
func (m *model) done(err error) tea.Cmd {
	m.busy = false
	var f *connect.Failure
	switch {
	case m.quitting, errors.Is(err, connect.ErrQuit):
		return tea.Quit
	case errors.Is(err, context.Canceled):
		m.problem(m.say("stopped", "已停止"))
	case errors.As(err, &f):
		m.problem(f.In(m.config.Lang))
	case err != nil:
		m.problem(lang.Message(err, m.config.Lang))
	}
	return nil
}

// key takes a key.
func (m *model) key(k tea.KeyMsg) tea.Cmd {
	if m.help && k.String() != "ctrl+c" {
		m.helpKey(k.String())
		return nil
	}
	if k.String() == "tab" {
		m.tab()
		return nil
	}
	m.choices = nil
	half := max(m.height/2, 1)
	switch k.String() {
	case "ctrl+c":
		return m.interrupt()
	case "ctrl+d":
		if m.input.Value() == "" {
			return m.interrupt()
		}
	case "esc":
		if m.busy {
			m.stop()
		} else {
			m.input.Reset()
		}
		return nil
	case "enter":
		return m.enter()
	case "up":
		m.show(m.history.move(-1, m.input.Value()))
		return nil
	case "down":
		m.show(m.history.move(1, m.input.Value()))
		return nil
	case "pgup":
		m.scroll(half)
		return nil
	case "pgdown":
		m.scroll(-half)
		return nil
	case "ctrl+x":
		m.showXray = !m.showXray
		return nil
	case "ctrl+t":
		m.allRows = !m.allRows
		return nil
	case "ctrl+l":
		m.entries, m.lines, m.seen, m.up = nil, nil, nil, 0
		return nil
	case "f1":
		m.help, m.helpAt = true, 0
		return nil
	}
	var cmd tea.Cmd
	m.input, cmd = m.input.Update(k)
	m.complete()
	return cmd
}

// helpKey scrolls the help. A key that does not scroll closes it.
func (m *model) helpKey(key string) {
	by, scrolls := map[string]int{"up": -1, "down": 1, "pgup": -m.body(), "pgdown": m.body(),
		" ": m.body()}[key]
	if scrolls {
		m.helpAt = max(m.helpAt+by, 0)
	}
	m.help = scrolls
}

// interrupt stops the command that runs, and quits without one or when it is asked again.
func (m *model) interrupt() tea.Cmd {
	if m.busy && !m.quitting {
		m.quitting = true
		m.stop()
		return nil
	}
	return tea.Quit
}

// enter runs the line.
func (m *model) enter() tea.Cmd {
	line := m.input.Value()
	if strings.TrimSpace(line) == "" {
		return nil
	}
	if m.busy {
		m.problem(m.say("a command is running: esc stops it", "有命令正在运行：按 esc 停止"))
		return nil
	}
	m.history.add(line)
	m.input.Reset()
	m.add(entry{typed: line})
	m.up = 0
	m.busy = true
	return m.do(line)
}

// show puts a line into the prompt.
func (m *model) show(line string) {
	m.input.SetValue(line)
	m.input.CursorEnd()
	m.complete()
}

// complete offers what the line may become.
func (m *model) complete() {
	m.input.SetSuggestions(m.config.Session.Parser().
		Complete(m.input.Value(), m.config.Session.Known()))
}

// tab completes the line as far as it is certain, and then goes through the choices.
func (m *model) tab() {
	if m.choices != nil {
		m.choice = (m.choice + 1) % len(m.choices)
		m.show(m.choices[m.choice])
		return
	}
	line := m.input.Value()
	choices := m.config.Session.Parser().Complete(line, m.config.Session.Known())
	if len(choices) == 0 {
		return
	}
	if common := commonPrefix(choices); len(common) > len(line) {
		m.show(common)
		return
	}
	m.choices, m.choice = choices, 0
	m.show(choices[0])
}

// commonPrefix returns what all lines begin with.
func commonPrefix(lines []string) string {
	common := lines[0]
	for _, line := range lines[1:] {
		for !strings.HasPrefix(line, common) {
			common = common[:len(common)-1]
		}
	}
	return strings.ToValidUTF8(common, "")
}

// problem adds a line of the screen's own.
func (m *model) problem(text string) {
	e := connect.Event{Kind: connect.Problem}
	e.Text.EN, e.Text.ZH = text, text
	m.add(entry{event: e})
}

func (m *model) add(e entry) {
	m.entries = append(m.entries, e)
	before := len(m.lines)
	m.lines = append(m.lines, m.wrap(e)...)
	if m.up > 0 {
		m.up += len(m.lines) - before // what the reader looks at stays in its place
	}
	if len(m.entries) > maxEntries+maxEntries/4 {
		m.entries = append([]entry(nil), m.entries[len(m.entries)-maxEntries:]...)
		m.wrapped = 0
	}
}

// scroll moves the events by lines; up is positive.
func (m *model) scroll(lines int) {
	if m.help {
		m.helpAt = max(m.helpAt-lines, 0)
		return
	}
	m.up = max(m.up+lines, 0)
}
