package main

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"realtimelab/internal/draft"
	"realtimelab/internal/lang"
	"realtimelab/internal/load"
	"realtimelab/internal/load/screen"
)

// loadOptions are the flags of lab load.
type loadOptions struct {
	config  load.Config
	auth    string
	headers []string
	json    bool
	plain   bool
	file    string // of the page
	lang    string
}

func loadCommand(l lang.Lang) *cobra.Command {
	var o loadOptions
	var schema bool
	c := &cobra.Command{
		Use:   "load URL",
		Short: "Put load on a server of Socket.IO, WebSocket or SSE",
		Long:  loadHelp(l),
		Example: `  lab load http://127.0.0.1:3000
  lab load http://127.0.0.1:3000 --profile publish --clients 500 --rate 20 --fail 'p99>200ms'
  lab load ws://127.0.0.1:8080/ws --profile publish --receivers sender --rate 1000
  lab load http://127.0.0.1:3000/events --as sse --profile publish --post /messages
  lab load http://127.0.0.1:3000/admin --auth '{"token":"x"}' --profile emit --event question --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 && !schema {
				return lang.Errorf("name one server, for example: lab load http://127.0.0.1:3000",
					"请写一个服务器，例如：lab load http://127.0.0.1:3000")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if schema {
				_, err := io.WriteString(c.OutOrStdout(), load.Schema)
				return err
			}
			o.config.URL = args[0]
			o.config.Command = o.command(c.Flags())
			return o.run(c)
		},
	}
	o.add(c)
	c.Flags().BoolVar(&schema, "schema", false, "print the JSON Schema of --json")
	return c
}

func (o *loadOptions) add(c *cobra.Command) {
	f, l := c.Flags(), &o.config
	f.StringVar(&l.As, "as", "", "what the server is: "+strings.Join(load.Protocols, ", ")+
		" (default websocket for ws:// and wss://, else socketio)")
	f.StringVar(&l.Profile, "profile", load.Idle,
		"what the clients do: "+strings.Join(load.ProfileNames(), ", "))
	f.IntVar(&l.Clients, "clients", 100, "connected clients")
	f.Float64Var(&l.Arrivals, "arrivals", 0,
		"clients that connect per second (default 200, for connect 50)")
	f.DurationVar(&l.Ramp, "ramp", 0, "time over which the arrivals grow from zero to their rate")
	f.DurationVar(&l.Duration, "duration", 10*time.Second,
		"duration of the measurement, once all clients had time to connect")
	f.DurationVar(&l.Grace, "grace", 2*time.Second,
		"how long to wait for messages that are under way at the end")
	f.DurationVar(&l.Timeout, "timeout", 10*time.Second, "time for one attempt to connect")
	f.Float64Var(&l.Rate, "rate", 0,
		"messages per second, of all clients together (default 10 or 100, by the profile)")
	f.IntVar(&l.Size, "size", 64, "bytes of the text in a message")
	f.StringVar(&l.Receivers, "receivers", load.All,
		"clients that should receive a message: "+strings.Join(load.Receivers, ", "))
	f.IntVar(&l.RoomSize, "room-size", 10, "clients in a room, for the profile rooms")
	f.DurationVar(&l.Stay, "stay", 5*time.Second, "how long a client stays, in the profile connect")
	f.DurationVar(&l.Spread, "spread", 0,
		"time over which the clients of a storm come back; 0 for all at once")
	f.Float64Var(&l.Slow, "slow", 0,
		"part of the clients that read slowly, 0 to 1 (default 0, for the profile slow 0.1)")
	f.IntVar(&l.SlowRate, "slow-rate", 1024, "bytes per second that a slow client reads")
	f.Float64Var(&l.Polling, "polling", 0,
		"part of the Socket.IO clients that stay on polling, 0 to 1")
	f.BoolVar(&l.Upgrade, "upgrade", false,
		"Socket.IO clients begin with polling and upgrade to WebSocket, or stay on polling if "+
			"that fails, as browsers do; else they begin with WebSocket")
	f.BoolVar(&l.NoReconnect, "no-reconnect", false, "clients that lost their connection stay away")
	f.StringVar(&l.Event, "event", "chat message", "Socket.IO event to emit")
	f.StringArrayVar(&l.Messages, "message", nil,
		"message to send, with {{id}} for the label; for Socket.IO an argument of the event as "+
			"JSON, repeated for several; {{room}} is the sender's room")
	f.StringVar(&l.JoinEvent, "join-event", "join",
		"Socket.IO event with which a client asks for its room")
	f.StringVar(&l.Post, "post", "/messages", "URL to publish at, with --as sse")
	f.StringVar(&l.Path, "path", "/socket.io/",
		"path of Socket.IO on the server; the path of the URL is the namespace")
	f.StringVar(&l.Namespace, "namespace", "",
		"namespace of Socket.IO (default: the path of the URL)")
	f.StringVar(&o.auth, "auth", "", "payload of the Socket.IO handshake, as JSON")
	f.IntVar(&l.EIO, "eio", 4, "revision of Engine.IO: 4, or 3 for Socket.IO 2")
	f.StringArrayVar(&o.headers, "header", nil,
		`HTTP header "NAME: VALUE" of the requests that connect (repeatable)`)
	f.BoolVar(&l.Insecure, "insecure", false, "accept any certificate")
	f.Uint64Var(&l.Seed, "seed", 1, "random seed of the schedule")
	f.StringArrayVar(&l.Fail, "fail", nil,
		"fail if this is true, such as 'p99>200ms', 'missing>0.1%' or "+
			"generator; repeat it for several")
	f.BoolVar(&l.Owned, "i-own-this-server", false,
		"permit a target outside this machine and private networks")
	f.BoolVar(&o.json, "json", false, "print the report on stdout as JSON")
	f.BoolVar(&o.plain, "plain", false, "print lines instead of the live screen")
	f.StringVar(&o.file, "report", "", "also write a page with charts to this file")
	f.StringVar(&o.lang, "lang", "", "language of the report: en or zh (default: the terminal's)")
}

func (o *loadOptions) run(c *cobra.Command) error {
	language, err := parseLang(o.lang)
	if err != nil {
		return err
	}
	language = cmp.Or(language, environmentLang())
	if err := o.parse(); err != nil {
		return usageError{err}
	}
	if err := o.config.Check(); err != nil {
		return usageError{err}
	}
	if err := o.useless(c.Flags()); err != nil {
		return err
	}
	var page *draft.File
	if o.file != "" {
		if page, err = reportFile(o.file); err != nil {
			return err
		}
		defer page.Discard()
	}
	report, err := o.measure(c, language)
	if err != nil {
		return err
	}
	if o.json {
		err = report.JSON(c.OutOrStdout())
	} else {
		err = report.Print(c.OutOrStdout(), language)
	}
	if page != nil && err == nil {
		if err = report.HTML(page, language); err == nil {
			err = page.Keep()
		}
	}
	if crossed := report.Crossed(); err == nil && len(crossed) > 0 {
		return crossedError(crossed)
	}
	return err
}

// flagsOfProtocols are the flags of lab load that only some protocols use.
var flagsOfProtocols = map[string][]string{
	"event": ofSocketIO, "join-event": ofSocketIO, "path": ofSocketIO, "namespace": ofSocketIO,
	"auth": ofSocketIO, "eio": ofSocketIO,
	"polling": {load.SocketIO}, "upgrade": {load.SocketIO}, // socketio-polling never leaves it
	"post": {load.SSE},
	"slow": {load.SocketIO, load.WebSocket}, "slow-rate": {load.SocketIO, load.WebSocket},
}

var ofSocketIO = []string{load.SocketIO, load.SocketIOPolling}

// flagsOfProfiles are the flags of lab load that only one profile uses.
var flagsOfProfiles = map[string]string{"stay": load.Connect, "spread": load.Storm,
	"room-size": load.Rooms, "join-event": load.Rooms}

// useless returns an error for a flag that the chosen protocol or profile would ignore.
func (o *loadOptions) useless(given *pflag.FlagSet) (err error) {
	as := o.config.Protocol()
	given.Visit(func(f *pflag.Flag) {
		protocols, some := flagsOfProtocols[f.Name]
		profile, one := flagsOfProfiles[f.Name]
		switch {
		case some && !slices.Contains(protocols, as):
			err = usagef("--%s is for --as %s, and %s has no use for it: leave it out",
				"--%s 只用于 --as %s，%s 用不到它：请去掉", f.Name,
				strings.Join(protocols, ", "), as)
		case one && profile != o.config.Profile:
			err = usagef("--%s is for the profile %s, and %s has no use for it: leave it out",
				"--%s 只用于方案 %s，%s 用不到它：请去掉", f.Name, profile, o.config.Profile)
		}
	})
	return err
}

// parse reads the flags that are text.
func (o *loadOptions) parse() (err error) {
	if o.auth != "" {
		o.config.Auth = json.RawMessage(o.auth)
	}
	o.config.Header, err = parseHeaders(o.headers)
	return err
}

// measure runs the load: with the live screen in a terminal, else with a line per second.
func (o *loadOptions) measure(c *cobra.Command, language lang.Lang) (report *load.Report,
	err error) {
	if !o.plain && !o.json && inTerminal(c.OutOrStdout()) {
		err = wholeTerminal(language, func() (err error) {
			report, err = screen.Run(c.Context(), screen.Config{Load: o.config, Lang: language})
			return err
		})
		return report, err
	}
	return load.Run(c.Context(), o.config, func(l load.Live) {
		io.WriteString(c.ErrOrStderr(), l.Line(language)+"\n")
	})
}

// crossedError is the end of a run in which conditions of --fail were true.
type crossedError []load.Threshold

func (e crossedError) Error() string { return e.In(lang.English) }

// In returns the message in a language.
func (e crossedError) In(l lang.Lang) string {
	var all []string
	for _, t := range e {
		all = append(all, t.In(l))
	}
	return l.Say("failed: ", "未通过：") + strings.Join(all, l.Say("; ", "；"))
}

// ExitStatus is the exit status of the process.
func (crossedError) ExitStatus() int { return 3 }

// command returns the line that measures the same again, without what may be a secret.
func (o *loadOptions) command(flags *pflag.FlagSet) string {
	args := []string{"lab", "load", o.config.URL}
	flags.Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "auth", "header", "json", "plain", "report", "lang":
		case "fail", "message":
			for _, value := range map[string][]string{"fail": o.config.Fail,
				"message": o.config.Messages}[f.Name] {
				args = append(args, "--"+f.Name, value)
			}
		default:
			args = append(args, "--"+f.Name)
			if f.Value.Type() != "bool" {
				args = append(args, f.Value.String())
			}
		}
	})
	return quoted(args)
}

// quoted joins arguments so that a shell reads them back.
func quoted(args []string) string {
	for i, a := range args {
		if strings.ContainsAny(a, " \t\n\"'`$\\{}[]()<>|&;*?#~!") || a == "" {
			args[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
	}
	return strings.Join(args, " ")
}
