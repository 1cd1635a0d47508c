// Package screen is `lab connect` in a terminal: a prompt with history and completion, what was
// sent and received above it, and the x-ray of the connection beside it.
//
// Update is pure: what waits or speaks to the server is a command, and answers with a message.
package screen

import (
	"context"
	"errors"
	"io"

	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/connect"
	"realtimelab/internal/lang"
	"realtimelab/internal/tasks"
	"realtimelab/internal/terminal/colors"
	"realtimelab/internal/xray"
)

// A Config says what the screen shows.
type Config struct {
	Session *connect.Session
	URL     string // as the header shows it
	Lang    lang.Lang
	Xray    bool // show the x-ray from the beginning

	// HistoryFile keeps the lines of earlier runs; empty: none are kept.
	HistoryFile string

	Input  io.Reader // nil is the standard input
	Output io.Writer // nil is the standard output
}

// Run connects, and shows the screen until the user quits or ctx ends. It does not close the
// session.
func Run(ctx context.Context, c Config) error {
	ctx, cancel := context.WithCancel(ctx)
	history := openHistory(c.HistoryFile)
	life := &life{ctx: ctx}
	m := newModel(c, life, history)
	options := []tea.ProgramOption{tea.WithAltScreen(), tea.WithMouseCellMotion(),
		tea.WithoutSignalHandler()}
	if c.Input != nil {
		options = append(options, tea.WithInput(c.Input))
	}
	if c.Output != nil {
		options = append(options, tea.WithOutput(c.Output))
	}
	colors.Use()
	program := tea.NewProgram(m, options...)
	stop := context.AfterFunc(ctx, program.Quit)
	_, err := program.Run()
	if ctx.Err() != nil {
		err = nil // a terminal that is gone cannot be read
	}
	stop()
	cancel()
	life.tasks.Refuse()
	err = errors.Join(err, life.tasks.Wait(context.Background())) // which never ends
	m.rows.Close()
	return errors.Join(err, history.save())
}

// life counts the commands of the program, so that Run can wait for them.
type life struct {
	ctx   context.Context
	tasks tasks.Group
}

// run makes a command that ends with the program.
func (l *life) run(f func(ctx context.Context) tea.Msg) tea.Cmd {
	return func() tea.Msg {
		if !l.tasks.Enter() {
			return nil
		}
		defer l.tasks.Leave()
		return f(l.ctx)
	}
}

// Messages.
type (
	eventsMsg struct {
		events  []connect.Event
		dropped uint64 // so far, before they were read
	}
	rowsMsg []*xray.Row
	doneMsg struct{ err error } // a command has ended
)

// readEvents waits for the next events.
func (m *model) readEvents() tea.Cmd {
	return m.life.run(func(ctx context.Context) tea.Msg {
		events := m.events.Read(ctx)
		if events == nil {
			return nil
		}
		return eventsMsg{events, m.events.Dropped}
	})
}

// readRows waits for the next rows of the x-ray.
func (m *model) readRows() tea.Cmd {
	return m.life.run(func(ctx context.Context) tea.Msg {
		batch := make([]*xray.Row, 200)
		for {
			if n := m.rows.Read(batch); n > 0 {
				return rowsMsg(batch[:n])
			}
			select {
			case <-m.rows.C:
			case <-m.config.Session.Xray().Done():
				return nil
			case <-ctx.Done():
				return nil
			}
		}
	})
}

// connect makes the first attempt.
func (m *model) connect() tea.Cmd {
	return m.start(func(ctx context.Context) error { return m.config.Session.Connect(ctx) })
}

// do runs a line.
func (m *model) do(line string) tea.Cmd {
	return m.start(func(ctx context.Context) error {
		m.config.Session.Skip()
		return m.config.Session.Line(ctx, line)
	})
}

// start runs something that esc can stop.
func (m *model) start(f func(ctx context.Context) error) tea.Cmd {
	ctx, cancel := context.WithCancel(m.life.ctx)
	m.stop = cancel
	return m.life.run(func(context.Context) tea.Msg {
		defer cancel()
		return doneMsg{f(ctx)}
	})
}
