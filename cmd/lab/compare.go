package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"realtimelab/internal/compare"
	"realtimelab/internal/draft"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
	"realtimelab/internal/terminal"
	"realtimelab/lessons"
)

// compareOptions are the flags of lab compare.
type compareOptions struct {
	plan     compare.Plan
	networks []string
	to, as   []string // the user's servers, and what they are
	pids     []int32
	format   string
	wide     bool
	file     string // of the page
	open     []string
	lang     string
}

func compareCommand() *cobra.Command {
	o := compareOptions{plan: compare.Plan{Config: compare.Default(lessons.All())}}
	o.plan.Workloads = []string{o.plan.Workload}
	var schema bool
	c := &cobra.Command{
		Use:   "compare",
		Short: "Measure the transports side by side",
		Long: `Carries one workload over each transport, the server in a process of its own,
and measures latency, bytes, requests, CPU and memory. The workloads:

` + workloadHelp() + `
Some lanes are measured only when --transports names them, or is "all":

  long-polling-h2         over HTTP/2: TLS, and one connection for all requests
  sse-h2                  over HTTP/2
  websocket-deflate       permessage-deflate, which compresses each message
  webtransport            one stream, which keeps the order
  webtransport-streams    a stream for each message, which may overtake another
  webtransport-datagrams  a datagram for each message; the lost ones are counted
  socketio-webtransport   Socket.IO over one stream

The bytes of a lane are those above TLS: HTTP/1.1, WebSocket frames, or HTTP/2 frames,
whose HEADERS and CONTINUATION frames count as headers. For WebTransport, over UDP, they
are UDP payload, TLS included; during --cut the server has reset its connections, and all
packets are lost. --tls measures every lane over TLS; without -h2 in its name, a lane
stays at HTTP/1.1.

A message's text is made of English words, so that it compresses as people's words would.

--to measures a server of your own, by its URL. Measure only your own servers: the load
would harm others. The server must send each message that a client sends to all clients,
the sender included:

  --as socketio           the event "chat message" both ways; for the workload ack, an
                          acknowledgement of the event "question"
  --as socketio-polling   the same, over polling
  --as websocket          a text frame both ways, at the path /ws
  --as sse                POST /messages, and the event stream GET /events

The workloads rooms and binary are not for these. docs/any-server.md has the whole
contract, with servers for Node. A relay in this process counts the bytes, for https those above TLS.
CPU and memory are measured if --pid names the server's process:

  lab compare --to http://127.0.0.1:3000 --as socketio --pid 4242 --transports socketio-websocket

Several workloads and networks are measured one after the other, each workload over
each network. --open shows a report again, from its page or its JSON. Given twice,
it compares two reports:

  lab compare --workload feed,ack --net none,3g --report before.html
  lab compare --open before.html
  lab compare --open before.html --open after.html`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if schema {
				_, err := io.WriteString(c.OutOrStdout(), compare.Schema)
				return err
			}
			if !slices.Contains(compare.Formats(), o.format) {
				return fmt.Errorf("--format %s: want %s", o.format, strings.Join(compare.Formats(), ", "))
			}
			language, err := parseLang(o.lang)
			if err != nil {
				return err
			}
			language = cmp.Or(language, environmentLang())
			if len(o.open) > 0 {
				return o.show(c, language)
			}
			for _, name := range []string{"clients", "rate", "size"} { // whose 0 means the workload's default
				if f := c.Flags().Lookup(name); f.Changed && f.Value.String() == "0" {
					return fmt.Errorf("--%s 0: want more than 0", name)
				}
			}
			for _, text := range o.networks {
				links, err := netsim.ParseList(text)
				if err != nil {
					return fmt.Errorf("--net: %w", err)
				}
				o.plan.Nets = append(o.plan.Nets, links...)
			}
			if slices.Equal(o.plan.Transports, []string{"all"}) {
				o.plan.Transports = lesson.LaneNames(lessons.All())
			}
			if err := o.addServers(c.Flags().Changed("transports")); err != nil {
				return err
			}
			return o.measure(c.Context(), language, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f := c.Flags()
	f.StringSliceVar(&o.plan.Transports, "transports", o.plan.Transports, "transports to compare, between commas; or all")
	f.StringArrayVar(&o.to, "to", nil, "measure your own server at this URL instead of the transports, see above; repeat it for several")
	f.StringArrayVar(&o.as, "as", nil, "what the server of --to is: "+strings.Join(lesson.AllAs(lessons.All()), ", "))
	f.Int32SliceVar(&o.pids, "pid", nil, "process ID of the server of --to, to measure its CPU and memory; between commas for several")
	f.StringSliceVar(&o.plan.Workloads, "workload", o.plan.Workloads, "what the clients send, see above; or several")
	f.IntVar(&o.plan.Clients, "clients", 0, "connected clients (default "+defaultHelp(func(l compare.Load) any { return l.Clients })+")")
	f.Float64Var(&o.plan.Rate, "rate", 0, "messages per second; see above (default "+defaultHelp(func(l compare.Load) any { return l.Rate })+")")
	f.IntVar(&o.plan.Size, "size", 0, "bytes of a message's text (default "+defaultHelp(func(l compare.Load) any { return l.Size })+")")
	f.DurationVar(&o.plan.Duration, "duration", o.plan.Duration, "duration of one run of one transport")
	f.DurationVar(&o.plan.Interval, "interval", o.plan.Interval, "polling interval of short polling")
	f.StringArrayVar(&o.networks, "net", []string{"none"}, networkHelp+"; repeat it, or put names between commas, for several")
	f.BoolVar(&o.plan.TLS, "tls", false, "TLS on every lane")
	f.DurationVar(&o.plan.Cut, "cut", o.plan.Cut, "how long to cut off the clients after each measurement, to see them recover; 0 for no cut")
	f.IntVar(&o.plan.Runs, "runs", o.plan.Runs, "number of runs of each transport")
	f.Uint64Var(&o.plan.Seed, "seed", o.plan.Seed, "random seed of the schedule and of the order of the transports")
	f.BoolVar(&o.plan.SameProcess, "same-process", false, "run the servers in the clients' process; their CPU and memory then include the clients'")
	f.StringVar(&o.format, "format", "table", "format on standard output: "+strings.Join(compare.Formats(), ", "))
	f.BoolVar(&o.wide, "wide", false, "all figures in the table, not only the main ones")
	f.StringVar(&o.file, "report", "", "also write a page with charts to this file, for the screen and for print")
	f.StringArrayVar(&o.open, "open", nil, "show this report instead of measuring, from its page or its JSON; twice: compare two reports")
	f.StringVar(&o.lang, "lang", "", "language of the page: en or zh (default: the terminal's)")
	f.BoolVar(&schema, "schema", false, "print the JSON Schema of --format json")
	f.VisitAll(func(flag *pflag.Flag) {
		if _, several := flag.Value.(pflag.SliceValue); !several {
			flag.Value = &once{Value: flag.Value}
		}
	})
	c.AddCommand(compareServerCommand())
	return c
}

// addServers adds the servers of --to to the plan. They replace the default transports.
func (o *compareOptions) addServers(transportsChosen bool) error {
	if len(o.as) != len(o.to) {
		return fmt.Errorf("--as is given %d times, and --to %d times: each server needs both", len(o.as), len(o.to))
	}
	if len(o.pids) > 0 && len(o.pids) != len(o.to) {
		return fmt.Errorf("--pid names %d processes, and --to %d servers: name one for each, or none", len(o.pids), len(o.to))
	}
	var names []string
	for i, to := range o.to {
		x := compare.External{URL: to, As: o.as[i]}
		if len(o.pids) > 0 {
			x.PID = o.pids[i]
		}
		o.plan.Servers = append(o.plan.Servers, x)
		names = append(names, x.Name())
	}
	if transportsChosen {
		names = append(names, o.plan.Transports...)
	}
	if len(names) > 0 {
		o.plan.Transports = names
	}
	return nil
}

// once is a flag that takes one value and refuses a second one.
type once struct {
	pflag.Value
	set bool
}

func (o *once) Set(text string) error {
	if o.set {
		return errors.New("it is given twice")
	}
	o.set = true
	return o.Value.Set(text)
}

// networkHelp is the help of the flag --net.
var networkHelp = "simulated network of each client: " + strings.Join(netsim.Names(), ", ") + ", or a list such as rtt=100ms,jitter=20ms,loss=2%,rate=1mbit"

// workloadHelp has a line for each workload.
func workloadHelp() string {
	var b strings.Builder
	width := 0
	for _, name := range compare.Workloads() {
		width = max(width, len(name))
	}
	for _, w := range compare.AllWorkloads() {
		fmt.Fprintf(&b, "  %-*s %s\n", width, w.Name, w.Says.EN)
	}
	return b.String()
}

// defaultHelp is the default of a load: that of most workloads, then the others by name.
func defaultHelp(of func(compare.Load) any) string {
	most := of(compare.Defaults(compare.Feed))
	help := fmt.Sprint(most)
	for _, w := range compare.AllWorkloads() {
		if v := of(w.Defaults); v != most {
			help += fmt.Sprintf(", for %s %v", w.Name, v)
		}
	}
	return help
}

// reportFile creates the file of the page. An error names the file that was asked for, and not the
// temporary one.
func reportFile(path string) (*draft.File, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("--report %s: this is a directory", path)
	}
	page, err := draft.New(path, 0o644)
	if err != nil {
		var at *fs.PathError
		if errors.As(err, &at) {
			err = at.Err
		}
		return nil, fmt.Errorf("--report %s: %w", path, err)
	}
	return page, nil
}

// measure runs the comparison and prints the results, even if it was interrupted.
func (o compareOptions) measure(ctx context.Context, language lang.Lang, out, progress io.Writer) error {
	runner, err := newRunner()
	if err != nil {
		return err
	}
	if err := o.plan.Check(runner.Lessons); err != nil {
		return err
	}
	var page *draft.File
	if o.file != "" {
		if page, err = reportFile(o.file); err != nil {
			return err
		}
		defer page.Discard()
	}
	parts := len(o.plan.Configs())
	document, err := runner.RunAll(ctx, o.plan, func(c compare.Config, p compare.Progress) {
		if p.Live != nil {
			return
		}
		part := ""
		if parts > 1 {
			part = c.Workload + " over " + c.Net.String() + ", "
		}
		fmt.Fprintf(progress, "[%d/%d] %srun %d, %s; about %s left\n", p.Done+1, p.Of, part, p.Run+1, p.Transport, p.Left.Round(time.Second))
	})
	if document == nil {
		return err
	}
	if len(document.Parts) > 0 {
		err = errors.Join(err, o.print(document, page, language, out))
	}
	if ctx.Err() != nil {
		fmt.Fprintln(progress, "Interrupted: results cover the completed runs only.")
		return document.Faults()
	}
	return errors.Join(err, document.Faults())
}

// print prints a document, and writes it to the page if there is one.
func (o compareOptions) print(d *compare.Document, page *draft.File, language lang.Lang, out io.Writer) error {
	err := d.Print(out, o.format, o.wide)
	if page == nil || err != nil {
		return err
	}
	if err := d.HTML(page, language); err != nil {
		return err
	}
	return page.Keep()
}

// show prints one report that was measured before, or compares two.
func (o compareOptions) show(c *cobra.Command, language lang.Lang) error {
	var err error
	c.Flags().Visit(func(flag *pflag.Flag) {
		if !slices.Contains([]string{"open", "format", "wide", "report", "lang"}, flag.Name) && err == nil {
			err = fmt.Errorf("--%s is for measuring, and --open shows what was measured: leave one out", flag.Name)
		}
	})
	if err != nil {
		return err
	}
	var documents []*compare.Document
	for _, path := range o.open {
		d, err := openReport(path)
		if err != nil {
			return err
		}
		documents = append(documents, d)
	}
	out := c.OutOrStdout()
	if o.format != "json" {
		out = terminal.NewWriter(out) // the names in a file may hold anything
	}
	switch {
	case len(documents) > 2:
		return fmt.Errorf("--open takes one report, or two to compare; there are %d", len(documents))
	case len(documents) == 2 && o.file != "":
		return errors.New("--report writes the page of one report, and --open names two")
	case len(documents) == 2:
		return documents[0].Compare(documents[1], o.open[0], o.open[1]).Print(out, o.format, o.wide)
	case o.file == "":
		return o.print(documents[0], nil, language, out)
	}
	page, err := reportFile(o.file)
	if err != nil {
		return err
	}
	defer page.Discard()
	return o.print(documents[0], page, language, out)
}

func openReport(path string) (*compare.Document, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--open: %w", err)
	}
	defer file.Close()
	d, err := compare.ReadDocument(file)
	if err != nil {
		return nil, fmt.Errorf("--open %s: %w", path, err)
	}
	return d, nil
}

// newRunner returns a runner that runs this program as a lane's server in its own process.
func newRunner() (compare.Runner, error) {
	self, err := os.Executable()
	if err != nil {
		return compare.Runner{}, err
	}
	return compare.Runner{Lessons: lessons.All(), Server: func(s compare.Serving) *exec.Cmd {
		c := exec.Command(self, "compare", "server", s.Lane, s.Workload, fmt.Sprintf("--tls=%t", s.TLS))
		detach(c) // this process handles Ctrl-C
		return c
	}}, nil
}

func compareServerCommand() *cobra.Command {
	var what compare.Serving
	c := &cobra.Command{
		Use:    "server LANE WORKLOAD",
		Hidden: true,
		Args:   cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			what.Lane, what.Workload = args[0], args[1]
			return compare.Serve(context.Background(), lessons.All(), what, os.Stdin, os.Stdout)
		},
	}
	c.Flags().BoolVar(&what.TLS, "tls", false, "serve over TLS")
	return c
}
