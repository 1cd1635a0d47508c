// Package tui is the lab in a terminal: the lessons and their demos, a demo's
// x-ray and log, a lesson's text, its tests, the exercises, and the comparison.
//
// The model's Update is pure: what reads, waits or serves is a command, and
// answers with a message. The background holds everything that ends with the program, and
// outlives the model, so that a panic in a screen stops the demos too.
//
// One table, in action.go, says what each key does; a screen binds actions to what they do
// there, and help and dispatch read the same binding.
//
// The screens stay on Bubble Tea v1 at github.com/charmbracelet/bubbletea, the import path
// that the project's owner asked for. Version 2 has another import path and changes the types
// of keys and mouse events; what it would bring our users, finer reports of keys, no screen
// needs.
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
	"realtimelab/internal/middlebox"
	"realtimelab/internal/netsim"
	"realtimelab/internal/terminal/colors"
)

// Config of the screens.
type Config struct {
	Lessons []lesson.Lesson
	Lang    lang.Lang

	// Run names the demos to start at once; the first one's screen is opened.
	Run []string

	// Line stands before each demo at first. The reader can change it.
	Line Line

	// Start serves a demo behind a line; its log goes to log. It is called from any goroutine.
	Start func(l lesson.Lesson, d lesson.Demo, line Line, log io.Writer) (Served, error)

	// Xray is shown in place of the lessons; nil shows the lessons.
	Xray *Xray

	// XrayOf returns the x-ray of the server at a URL. Its error says what is wrong with the URL.
	XrayOf func(url string) (Xray, error)

	// Open shows a URL in the browser, Copy puts text on the clipboard.
	Open, Copy func(string) error

	// ExerciseFolder is the folder of the student's exercises, which may not exist yet. Editor is
	// the command that edits files in the terminal, or empty.
	ExerciseFolder string
	Editor         []string

	// Test runs a lesson's tests, see gotest.Run.
	Test func(ctx context.Context, lesson string, each func(gotest.Event)) error

	// Compare measures the transports, see compare.Runner.Run.
	Compare func(ctx context.Context, c compare.Config,
		tell func(compare.Progress)) (*compare.Report, error)

	Input  io.Reader // nil is the standard input
	Output io.Writer // nil is the standard output
}

// A Line is the simulated network and the proxy between the clients and a demo. A zero Net means no
// simulation, a nil Proxy no proxy.
type Line struct {
	Net   netsim.Link
	Proxy *middlebox.Kinds
}

// An Xray is the x-ray of another server, or of a file.
type Xray struct {
	Of    string // the server's URL, or the name of the file
	Name  string // of a file with its traffic, without an ending
	Serve func(log io.Writer) (Served, error)
}

// Served is a demo or an x-ray that serves.
type Served struct {
	Running   *host.Running
	URL       string
	KeyURL    string   // with the key, for the person at the terminal; empty without one
	Classroom []string // its URLs on the local network, if it listens there

	Note lang.Text // what the reader should know of the address; shown beside it

	// Recorded says that the rows come from a file: all of them are shown, over several samples.
	Recorded bool
}

// Run shows the screens until the reader quits or ctx ends; then it stops every
// demo, with the terminal as it was before. A panic in a screen is an error.
func Run(ctx context.Context, c Config) error {
	colors.Use()
	b := newBackground(c)
	program := tea.NewProgram(newModel(c, b), c.options()...)
	stopped := context.AfterFunc(ctx, program.Quit)
	defer stopped()
	_, err := program.Run()
	if ctx.Err() != nil {
		err = nil // a terminal that is gone cannot be read: an expected end
	}
	return errors.Join(err, b.close())
}

func (c Config) options() []tea.ProgramOption {
	options := []tea.ProgramOption{tea.WithAltScreen(), tea.WithMouseCellMotion(),
		tea.WithoutSignalHandler()}
	if c.Input != nil {
		options = append(options, tea.WithInput(c.Input))
	}
	if c.Output != nil {
		options = append(options, tea.WithOutput(c.Output))
	}
	return options
}
