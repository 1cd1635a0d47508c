package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/aymanbagabas/go-osc52/v2"
	"github.com/mattn/go-isatty"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/tui"
	"realtimelab/lessons"
)

// inTerminal reports whether a person sits in front of a terminal that can show
// screens.
func inTerminal(stdout io.Writer) bool {
	return onTerminal(stdout) && isatty.IsTerminal(os.Stdin.Fd()) &&
		os.Getenv("TERM") != "dumb"
}

// onTerminal reports whether a person reads what is printed.
func onTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}

// screens shows the screens until the user quits. The named demos are already running.
func (o runOptions) screens(ctx context.Context, language lang.Lang, names []string) error {
	if !signal.Ignored(syscall.SIGHUP) {
		var stop context.CancelFunc
		// the terminal was closed: end the demos cleanly
		ctx, stop = signal.NotifyContext(ctx, syscall.SIGHUP)
		defer stop()
	}
	var places places
	config := tui.Config{
		Lessons: lessons.All(),
		Lang:    language,
		Run:     names,
		Line:    tui.Line{Net: o.link, Proxy: o.proxy},
		Start: func(l lesson.Lesson, d lesson.Demo, line tui.Line, log io.Writer) (tui.Served,
			error) {
			o := o
			o.link, o.proxy = line.Net, line.Proxy
			return o.serve(l, d, places.of(d.Name), log)
		},
		XrayOf: func(url string) (tui.Xray, error) {
			server, err := parseTarget(url, false)
			if err != nil {
				return tui.Xray{}, err
			}
			x := &xrayOptions{addr: xrayAddr, log: io.Discard}
			return x.onScreens(ctx, language, server), nil
		},
		Open:    openBrowser,
		Copy:    copyToClipboard,
		Test:    runTests,
		Compare: measureOnScreen,

		ExerciseFolder: folder(""),
		Editor:         editor(),
	}
	return wholeTerminal(language, func() error { return tui.Run(ctx, config) })
}

// editors are taken, in this order, if the user has named none. The first ones say on the screen
// how to leave them.
var editors = []string{"nano", "micro", "vim", "vi", "notepad"}

// editor returns the command of the user's editor: VISUAL, EDITOR, or the first of editors that is
// installed. It returns nil if there is none.
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
func (o runOptions) serve(l lesson.Lesson, d lesson.Demo, i int, log io.Writer) (tui.Served,
	error) {
	running, addr, err := o.serveDemo(l, d, i, newLog(log))
	if err != nil {
		return tui.Served{}, err
	}
	note := o.portNote(i, addr)
	if certificate := o.certificateNote(); certificate != (lang.Text{}) {
		note = lang.Text{EN: strings.TrimSpace(note.EN + "  " + certificate.EN),
			ZH: strings.TrimSpace(note.ZH + "  " + certificate.ZH)}
	}
	served := tui.Served{Running: running, URL: o.localURL(addr),
		KeyURL: o.key.URL(o.localURL(addr)), Note: note, Classroom: o.joinURLs(addr)}
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
	_, err := io.WriteString(os.Stdout, clipboardSequence(text, os.Getenv))
	return err
}

// clipboardSequence returns what makes the terminal copy a text. screen passes on only what is
// wrapped for it. tmux takes the plain sequence with set-clipboard on, and the wrapped one with
// allow-passthrough on, so that it gets both.
func clipboardSequence(text string, env func(string) string) string {
	plain := osc52.New(text)
	switch {
	case env("TMUX") != "":
		return plain.String() + plain.Tmux().String()
	case env("STY") != "":
		return plain.Screen().String()
	}
	return plain.String()
}
