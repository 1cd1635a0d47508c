package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"realtimelab/internal/connect"
	syntax "realtimelab/internal/connect/command"
	"realtimelab/internal/connect/screen"
	"realtimelab/internal/lang"
	"realtimelab/internal/xray"
	"realtimelab/internal/xray/capture"
)

// connectOptions holds the flags of `lab connect`.
type connectOptions struct {
	target connectTarget

	commands            []string // in the order of the command line
	count               int
	timeout             time.Duration
	timeoutByHand       bool
	follow, json, plain bool
	quiet, xray         bool
	save                *saveFlag
	lang                string

	stdin          io.Reader
	stdout, stderr io.Writer
}

const connectHelp = `Connects to a server of Socket.IO, WebSocket or server-sent events, as curl does for HTTP.

In a terminal it has a prompt with history and completion, and the x-ray beside it (ctrl+x); "help" lists
the commands. With --emit, --ack, --send, --join, --wait, --expect or --never it runs these commands in
their order, and ends. Otherwise it runs the commands on its standard input, a line each, and stops at
the first that fails.

Without --as it first asks the server what it speaks, over connections that the x-ray shows before its own.

Each event is a line on standard output: time, direction, namespace, and what it is; with --json an
object. --save keeps what crossed the wire.

Exit status: 0 everything was done, 1 no connection, 2 a wrong command line or script (both are checked
before the connect, a script only if it is a file), 3 namespace refused, 4 timeout, 5 not what was
expected, 6 the connection was lost.`

const connectExamples = `  lab connect http://127.0.0.1:3000
  lab connect http://127.0.0.1:3000/chat --auth '{"token":"x"}' --emit '"chat message" "hi"' --wait '"chat message"'
  lab connect http://127.0.0.1:3000 --ack 'ferret "tobi" => "woot"' --timeout 2s
  lab connect ws://127.0.0.1:3000/ws --send hello --count 1 --json
  lab connect http://127.0.0.1:3000/events --as sse --follow
  lab connect http://127.0.0.1:3000 < check.txt`

func connectCommand() *cobra.Command {
	o := connectOptions{save: &saveFlag{}}
	c := &cobra.Command{
		Use:     "connect URL",
		Short:   "Speak Socket.IO, WebSocket or server-sent events to any server",
		Long:    connectHelp,
		Example: connectExamples,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return lang.Errorf("name one URL, such as lab connect http://127.0.0.1:3000",
					"请写一个 URL，例如 lab connect http://127.0.0.1:3000")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			o.target.url, o.timeoutByHand = args[0], c.Flags().Changed("timeout")
			if o.count < 0 {
				return usagef("--count %d: want the number of events to wait for",
					"--count %d：应为要等待的事件个数", o.count)
			}
			if o.timeout <= 0 {
				return usagef("--timeout %v: want a time longer than 0",
					"--timeout %v：应大于 0", o.timeout)
			}
			o.stdin, o.stdout, o.stderr = c.InOrStdin(), c.OutOrStdout(), c.ErrOrStderr()
			return o.run(c.Context())
		},
	}
	f := c.Flags()
	for _, a := range []struct{ verb, help string }{
		{"emit", `emit an event: 'NAME VALUE…', the values in JSON`},
		{"ack", `emit an event and wait for its acknowledgement: 'NAME VALUE… [=> VALUE…]'`},
		{"send", "send a text message of WebSocket"},
		{"join", `join a namespace: '/chat {"token":"x"}'`},
		{"wait", `wait for an event: '[NAMESPACE] NAME [VALUE…] [TIME]'`},
		{"expect", `the next event of that name must have these arguments: '[NAMESPACE] NAME VALUE…'`},
		{"never", `no such event may come for a time: '[NAMESPACE] NAME [VALUE…] TIME'`},
	} {
		f.Var(&commandFlag{a.verb, &o.commands}, a.verb, a.help)
	}
	f.IntVar(&o.count, "count", 0, "after the commands, wait for this number of events")
	f.BoolVar(&o.follow, "follow", false,
		"after the commands, print events until the connection ends")
	f.DurationVar(&o.timeout, "timeout", 5*time.Second,
		"limit of the connect, of each wait, and of --count")
	f.BoolVar(&o.json, "json", false, "print the events as JSON lines")
	f.BoolVar(&o.plain, "plain", false, "read lines and print lines, also in a terminal")
	f.BoolVar(&o.quiet, "quiet", false, "print no events")
	f.BoolVar(&o.xray, "xray", false,
		"show the x-ray: on the screen, or as lines on standard error")
	f.StringVar(&o.lang, "lang", "", "en or zh (default: the terminal's)")
	o.save.add(c)
	o.target.add(f)
	return c
}

// commandFlag adds a command each time it is set.
type commandFlag struct {
	verb     string
	commands *[]string
}

// Set adds the command.
func (f *commandFlag) Set(text string) error {
	*f.commands = append(*f.commands, f.verb+" "+text)
	return nil
}

// String returns the default: no command.
func (f *commandFlag) String() string { return "" }

// Type names the value in the help.
func (f *commandFlag) Type() string { return "command" }

// Append, Replace and GetSlice say that the flag takes several values.
func (f *commandFlag) Append(text string) error     { return f.Set(text) }
func (f *commandFlag) Replace(texts []string) error { *f.commands = texts; return nil }
func (f *commandFlag) GetSlice() []string           { return *f.commands }

func (o connectOptions) run(ctx context.Context) error {
	language, err := parseLang(o.lang)
	if err != nil {
		return err
	}
	return o.session(ctx, cmp.Or(language, environmentLang()))
}

// session opens a session, and runs it in the way that the flags and the terminal ask for.
func (o connectOptions) session(ctx context.Context, language lang.Lang) (err error) {
	if err := o.save.check(); err != nil {
		return err
	}
	config, err := o.target.config()
	if err != nil {
		return usageError{err}
	}
	config.Timeout = o.timeout
	if o.save.path != "" {
		var saver *capture.Saver
		config.Tap, config.Xray = capture.Held()
		config.Record = func(x *xray.Xray) (err error) {
			saver, err = o.save.begin(x, o.target.scheme())
			return err
		}
		defer func() { // after Close: the traffic of a connection that failed is saved too
			if failed := o.save.finish(saver); failed != nil {
				err = errors.Join(err, failed)
			}
			o.save.tell(o.stderr, language)
		}()
	}
	commands, err := config.Parse(o.commands)
	if err != nil {
		return err
	}
	s, err := connect.Open(ctx, config)
	if err != nil {
		return err
	}
	batch := len(o.commands) > 0 || o.count > 0 || o.follow
	if !batch && !o.plain && !o.json && inTerminal(o.stdout) {
		defer s.Close()
		return wholeTerminal(language, func() error {
			return screen.Run(ctx, screen.Config{Session: s, URL: o.target.shown(), Lang: language,
				Xray: o.xray, HistoryFile: historyFile()})
		})
	}
	wait := o.print(ctx, s, language)
	defer wait() // after Close: what comes in the end is printed too
	defer s.Close()
	if batch {
		err = s.Check(commands)
	} else {
		err = checkFile(s, o.stdin)
	}
	if err != nil {
		return err
	}
	if err := s.Connect(ctx); err != nil {
		return err
	}
	if batch {
		return o.batch(ctx, s, commands)
	}
	return o.script(ctx, s, language)
}

// checkFile checks a script that is a file, so that none of its lines runs if one is wrong. A pipe
// is not read ahead: what comes over it may depend on the answers.
func checkFile(s *connect.Session, script io.Reader) error {
	file, ok := script.(*os.File)
	if !ok {
		return nil
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	start, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return lang.Errorf("cannot read the script: %w",
			"无法读取脚本：%w", err)
	}
	if err := s.CheckScript(file); err != nil {
		return err
	}
	_, err = file.Seek(start, io.SeekStart)
	return err
}

// print prints what happens, and returns a function that waits until all of it is printed.
func (o connectOptions) print(ctx context.Context, s *connect.Session,
	language lang.Lang) (wait func()) {
	var printing sync.WaitGroup
	background := context.WithoutCancel(ctx)
	if !o.quiet {
		printing.Go(func() {
			connect.Print(background, o.stdout, s.Log().NewReader(), language, o.json)
		})
	}
	if o.xray {
		rows := rowPrinter{out: o.stderr, lang: language, heads: onTerminal(os.Stderr)}
		printing.Go(func() { rows.print(background, s.Xray()) })
	}
	return printing.Wait
}

// batch runs the commands of the flags.
func (o connectOptions) batch(ctx context.Context, s *connect.Session,
	commands []syntax.Command) error {
	for _, c := range commands {
		if err := s.Do(ctx, c); err != nil {
			return interrupted(ctx, err)
		}
	}
	s.Flush(ctx)
	limit := time.Duration(0)
	if o.timeoutByHand {
		limit = o.timeout
	}
	switch {
	case o.follow:
		if err := s.Count(ctx, 0, 0); ctx.Err() == nil {
			return err
		}
	case o.count > 0:
		return interrupted(ctx, s.Count(ctx, o.count, limit))
	}
	return nil
}

// script runs the lines of the standard input. A person's typing error does not end the session.
func (o connectOptions) script(ctx context.Context, s *connect.Session, language lang.Lang) error {
	var failed func(*connect.Failure)
	if file, ok := o.stdin.(*os.File); ok && isatty.IsTerminal(file.Fd()) {
		failed = func(f *connect.Failure) { fmt.Fprintln(o.stderr, "lab:", f.In(language)) }
	}
	err := s.Run(ctx, o.stdin, failed)
	s.Flush(ctx)
	return interrupted(ctx, err)
}

// interrupted is err, unless the user has ended the program before its end.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil && err != nil {
		return lang.Errorf("interrupted before the last command was done",
			"最后一条命令完成之前就中断了")
	}
	return err
}

// historyFile returns where the prompt's lines are kept; empty if the system has no such place.
func historyFile() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "realtimelab", "connect-history")
}
