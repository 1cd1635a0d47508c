package main

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/aymanbagabas/go-osc52/v2"
	"github.com/mattn/go-isatty"

	"realtimelab/internal/compare"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/tui"
	"realtimelab/lessons"
)

// inTerminal reports whether a person sits in front of a terminal that can show
// screens.
func inTerminal(stdout io.Writer) bool {
	file, ok := stdout.(*os.File)
	return ok && isatty.IsTerminal(file.Fd()) && isatty.IsTerminal(os.Stdin.Fd()) && os.Getenv("TERM") != "dumb"
}

// screens shows the screens until the user quits. The named demos are already running.
func (o runOptions) screens(ctx context.Context, language lang.Lang, names []string) error {
	if !signal.Ignored(syscall.SIGHUP) {
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, syscall.SIGHUP) // the terminal was closed: end the demos cleanly
		defer stop()
	}
	var places places
	return tui.Run(ctx, tui.Config{
		Lessons: lessons.All(),
		Lang:    language,
		Run:     names,
		Start: func(l lesson.Lesson, d lesson.Demo, log io.Writer) (tui.Served, error) {
			return o.serve(l, d, places.of(d.Name), log)
		},
		Open: openBrowser,
		Copy: copyToClipboard,
		Test: runTests,
		Compare: func(ctx context.Context, c compare.Config, tell func(compare.Progress)) (*compare.Report, error) {
			runner, err := newRunner()
			if err != nil {
				return nil, err
			}
			return runner.Run(ctx, c, tell)
		},

		ExerciseFolder: folder(""),
		Editor:         editor(),
	})
}

// editors are taken, in this order, if the user has named none. The first ones say on the screen how to leave them.
var editors = []string{"nano", "micro", "vim", "vi", "notepad"}

// editor returns the command of the user's editor: VISUAL, EDITOR, or the first of editors that is installed. It returns nil if
// there is none.
func editor() []string {
	for _, named := range []string{os.Getenv("VISUAL"), os.Getenv("EDITOR")} {
		command := strings.Fields(named)
		if len(command) == 0 {
			continue
		}
		if _, err := exec.LookPath(command[0]); err == nil {
			return command
		}
	}
	for _, name := range editors {
		if _, err := exec.LookPath(name); err == nil {
			return []string{name}
		}
	}
	return nil
}

// places numbers demos in the order of their first start, so that a restarted demo gets the same
// port.
type places struct {
	mu     sync.Mutex
	byName map[string]int
}

func (p *places) of(name string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byName == nil {
		p.byName = map[string]int{}
	}
	if _, known := p.byName[name]; !known {
		p.byName[name] = len(p.byName)
	}
	return p.byName[name]
}

// serve starts the i-th demo of a run.
func (o runOptions) serve(l lesson.Lesson, d lesson.Demo, i int, log io.Writer) (tui.Served, error) {
	listener, err := o.listen(i)
	if err != nil {
		return tui.Served{}, err
	}
	running, err := o.host(l, d, listener, newLog(log))
	if err != nil {
		listener.Close()
		return tui.Served{}, err
	}
	addr := listener.Addr().(*net.TCPAddr)
	note := o.portNote(i, addr)
	if certificate := o.certificateNote(); certificate != (lang.Text{}) {
		note = lang.Text{EN: strings.TrimSpace(note.EN + "  " + certificate.EN), ZH: strings.TrimSpace(note.ZH + "  " + certificate.ZH)}
	}
	served := tui.Served{Running: running, URL: o.localURL(addr), KeyURL: o.key.URL(o.localURL(addr)), Note: note, Classroom: o.joinURLs(addr)}
	if o.open {
		if err := openBrowser(served.KeyURL); err != nil {
			newLog(log).Warn("cannot open a browser", "error", err, "open", served.URL)
		}
	}
	return served, nil
}

// copyToClipboard asks the terminal to copy the text, which also works over ssh. It makes a single
// write, which cannot be split by a screen update.
func copyToClipboard(text string) error {
	_, err := io.WriteString(os.Stdout, osc52.New(text).String())
	return err
}
