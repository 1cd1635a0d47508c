// Package tui is the lab in a terminal: the lessons and their demos, a demo's
// x-ray and log, a lesson's text, its tests, the exercises, and the comparison.
//
// The model's Update is pure: what reads, waits or serves is a command, and
// answers with a message. What has to end when the program ends is on a stage,
// which outlives the model, so that a panic in a screen stops the demos too.
package tui

import (
	"context"
	"errors"
	"io"

	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/compare"
	"realtimelab/internal/gotest"
	"realtimelab/internal/host"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
)

// Config of the screens.
type Config struct {
	Lessons []lesson.Lesson
	Lang    lang.Lang

	// Run names the demos to start at once; the first one's screen is opened.
	Run []string

	// Start serves a demo whose log goes to log. It is called from any goroutine.
	Start func(l lesson.Lesson, d lesson.Demo, log io.Writer) (Served, error)

	// Open shows a URL in the browser, Copy puts text on the clipboard.
	Open, Copy func(string) error

	// ExerciseFolder is where the student's exercises are, or will be; Editor is
	// the command that edits files in the terminal, none if empty.
	ExerciseFolder string
	Editor         []string

	// Test runs a lesson's tests, see gotest.Run.
	Test func(ctx context.Context, lesson string, each func(gotest.Event)) error

	// Compare measures the transports, see compare.Runner.Run.
	Compare func(ctx context.Context, c compare.Config, tell func(compare.Progress)) (*compare.Report, error)

	Input  io.Reader // nil is the standard input
	Output io.Writer // nil is the standard output
}

// Served is a demo that serves.
type Served struct {
	Running   *host.Running
	URL       string
	KeyURL    string   // with the key, for the person at the terminal; empty without one
	Classroom []string // its URLs on the local network, if it listens there

	Note lang.Text // what the reader should know of the address; shown beside it
}

// Run shows the screens until the reader quits or ctx ends; then it stops every
// demo, with the terminal as it was before. A panic in a screen is an error.
func Run(ctx context.Context, c Config) error {
	stage := newStage(c)
	program := tea.NewProgram(newModel(c, stage), c.options()...)
	stopped := context.AfterFunc(ctx, program.Quit)
	defer stopped()
	_, err := program.Run()
	if ctx.Err() != nil {
		err = nil // a terminal that is gone cannot be read: that is no news
	}
	return errors.Join(err, stage.close())
}

func (c Config) options() []tea.ProgramOption {
	options := []tea.ProgramOption{tea.WithAltScreen(), tea.WithMouseCellMotion(), tea.WithoutSignalHandler()}
	if c.Input != nil {
		options = append(options, tea.WithInput(c.Input))
	}
	if c.Output != nil {
		options = append(options, tea.WithOutput(c.Output))
	}
	return options
}
