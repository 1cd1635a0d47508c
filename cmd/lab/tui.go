package main

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/aymanbagabas/go-osc52/v2"
	"github.com/mattn/go-isatty"

	"realtimelab/internal/compare"
	"realtimelab/internal/lesson"
	"realtimelab/internal/tui"
)

// inTerminal reports whether a person sits in front of a terminal that can show
// screens.
func inTerminal(stdout io.Writer) bool {
	file, ok := stdout.(*os.File)
	return ok && isatty.IsTerminal(file.Fd()) && isatty.IsTerminal(os.Stdin.Fd()) && os.Getenv("TERM") != "dumb"
}

// screens shows the screens until the reader quits, with the demos named running.
func (o runOptions) screens(ctx context.Context, lang lesson.Lang, names []string) error {
	if !signal.Ignored(syscall.SIGHUP) {
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, syscall.SIGHUP) // the terminal is gone: the demos end cleanly
		defer stop()
	}
	var places places
	return tui.Run(ctx, tui.Config{
		Lessons: o.lessons(),
		Lang:    lang,
		Run:     names,
		Start: func(l lesson.Lesson, d lesson.Demo, log io.Writer) (tui.Served, error) {
			return o.serve(l, d, places.of(d.Name), log)
		},
		Open: openBrowser,
		Copy: copyToClipboard,
		Test: runTests,
		Compare: func(ctx context.Context, c compare.Config, tell func(compare.Progress)) (*compare.Report, error) {
			server, err := serverCommand()
			if err != nil {
				return nil, err
			}
			return c.Run(ctx, server, tell)
		},

		ExerciseFolder: folder(""),
		Editor:         strings.Fields(cmp.Or(os.Getenv("VISUAL"), os.Getenv("EDITOR"))),
	})
}

// places numbers demos in the order of their first start, so that one that starts
// again finds its port again.
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
	running, err := o.host(l, d, listener, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		listener.Close()
		return tui.Served{}, err
	}
	served := tui.Served{Running: running, URL: urlOf(listener.Addr().(*net.TCPAddr))}
	if o.lan {
		served.Classroom = classroom(listener.Addr().(*net.TCPAddr).Port)
	}
	if o.open {
		if err := openBrowser(served.URL); err != nil {
			slog.New(slog.NewTextHandler(log, nil)).Warn("cannot open a browser", "error", err)
		}
	}
	return served, nil
}

// copyToClipboard asks the terminal to do it, which works over ssh too. One write:
// it must not come between the pieces of a screen.
func copyToClipboard(text string) error {
	_, err := io.WriteString(os.Stdout, osc52.New(text).String())
	return err
}
