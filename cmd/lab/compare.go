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

func compareCommand(l lang.Lang) *cobra.Command {
	o := compareOptions{plan: compare.Plan{Config: compare.Default(lessons.All())}}
	o.plan.Workloads = []string{o.plan.Workload}
	var schema bool
	var proxies string
	c := &cobra.Command{
		Use:   "compare",
		Short: "Measure the transports side by side",
		Long:  compareHelp(l),
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if schema {
				_, err := io.WriteString(c.OutOrStdout(), compare.Schema)
				return err
			}
			if !slices.Contains(compare.Formats(), o.format) {
				return usagef("--format %s: want %s",
					"--format %s：应为 %s", o.format,
					strings.Join(compare.Formats(), ", "))
			}
			if c.Flags().Changed("proxy") {
				return o.survive(c, proxies)
			}
			language, err := parseLang(o.lang)
			if err != nil {
				return err
			}
			language = cmp.Or(language, environmentLang())
			if len(o.open) > 0 {
				return o.show(c, language)
			}
			for _, name := range []string{"clients", "rate", "size"} {
				// whose 0 means the workload's default
				if f := c.Flags().Lookup(name); f.Changed && f.Value.String() == "0" {
					return usagef("--%s 0: want more than 0",
						"--%s 0：应大于 0", name)
				}
			}
			for _, text := range o.networks {
				links, err := netsim.ParseList(text)
				if err != nil {
					return usageError{fmt.Errorf("--net: %w", err)}
				}
				o.plan.Nets = append(o.plan.Nets, links...)
			}
			switch all := slices.Contains(o.plan.Transports, "all"); {
			case all && len(o.plan.Transports) > 1:
				return usagef("--transports all is every lane: leave the others out",
					"--transports all 已包含全部跑道：请去掉其他名称")
			case all:
				o.plan.Transports = lesson.LaneNames(lessons.All())
			}
			if err := o.addServers(c.Flags().Changed("transports")); err != nil {
				return err
			}
			return o.measure(c.Context(), language, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f := c.Flags()
	f.StringSliceVar(&o.plan.Transports, "transports", o.plan.Transports,
		"transports to compare, between commas; or all")
	f.StringArrayVar(&o.to, "to", nil,
		"measure your own server at this URL instead of the transports, "+
			"see above; repeat it for several")
	f.StringArrayVar(&o.as, "as", nil,
		"what the server of --to is: "+strings.Join(lesson.AllAs(lessons.All()), ", "))
	f.Int32SliceVar(&o.pids, "pid", nil,
		"ID of the process that listens at --to, to measure its CPU and "+
			"memory; between commas for several")
	f.StringSliceVar(&o.plan.Workloads, "workload", o.plan.Workloads,
		"what the clients send, see above; or several")
	f.IntVar(&o.plan.Clients, "clients", 0,
		"connected clients (default "+defaultHelp(func(l compare.Load) any {
			return l.Clients
		})+")")
	f.Float64Var(&o.plan.Rate, "rate", 0,
		"messages per second; see above (default "+defaultHelp(func(l compare.Load) any {
			return l.Rate
		})+")")
	f.IntVar(&o.plan.Size, "size", 0,
		"bytes of a message's text (default "+defaultHelp(func(l compare.Load) any {
			return l.Size
		})+")")
	f.DurationVar(&o.plan.Duration, "duration", o.plan.Duration,
		"duration of one run of one transport")
	f.DurationVar(&o.plan.Interval, "interval", o.plan.Interval,
		"polling interval of short polling")
	f.StringArrayVar(&o.networks, "net", []string{"none"},
		networkHelp+"; repeat it, or put names between commas, for several")
	f.BoolVar(&o.plan.TLS, "tls", false, "TLS on every lane")
	f.DurationVar(&o.plan.Cut, "cut", o.plan.Cut,
		"how long to cut off the clients after each measurement, to see them recover; 0 for no cut; "+
			"with reconnect-storm among the workloads, only its clients are cut off")
	f.IntVar(&o.plan.Runs, "runs", o.plan.Runs, "number of runs of each transport")
	f.Uint64Var(&o.plan.Seed, "seed", o.plan.Seed,
		"random seed of the schedule and of the order of the transports")
	f.BoolVar(&o.plan.SameProcess, "same-process", false,
		"run the servers in the clients' process; their CPU and memory then include the clients'")
	f.StringVar(&o.format, "format", "table",
		"format on standard output: "+strings.Join(compare.Formats(), ", "))
	f.BoolVar(&o.wide, "wide", false, "all figures in the table, not only the main ones")
	f.StringVar(&o.file, "report", "",
		"also write a page with charts to this file, for the screen and for print")
	f.StringArrayVar(&o.open, "open", nil,
		"show this report instead of measuring, from its page or its "+
			"JSON; twice: compare two reports")
	f.StringVar(&o.lang, "lang", "", "language of the page: en or zh (default: the terminal's)")
	addProxyFlag(c, &proxies)
	f.BoolVar(&schema, "schema", false, "print the JSON Schema of --format json")
	c.AddCommand(compareServerCommand())
	return c
}

// addServers adds the servers of --to to the plan. They replace the default transports.
func (o *compareOptions) addServers(transportsChosen bool) error {
	switch {
	case len(o.as) != len(o.to):
		return usagef("each --to needs an --as, in the same order: there are %d --to and %d --as",
			"每个 --to 都要有一个 --as，顺序相同：现有 %d 个 --to 和 %d 个 --as",
			len(o.to), len(o.as))
	case len(o.pids) > 0 && len(o.to) == 0:
		return usagef("--pid names the process of a server of --to: give its --to and --as too",
			"--pid 是 --to 的服务器的进程：请同时给出 --to 和 --as")
	case len(o.pids) > 0 && len(o.pids) != len(o.to):
		return usagef(
			"--pid needs one process for each --to, in the same order: "+
				"there are %d --to and %d --pid",
			"每个 --to 要有一个 --pid 的进程，顺序相同：现有 %d 个 --to 和 %d 个进程", len(o.to),
			len(o.pids))
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

// networkHelp is the help of the flag --net.
var networkHelp = "simulated network of each client: " + strings.Join(netsim.Names(), ", ") +
	", or a list such as rtt=100ms,jitter=20ms,loss=2%,rate=1mbit"

// reportFile creates the file of the page. An error names the file that was asked for, and not the
// temporary one.
func reportFile(path string) (*draft.File, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, usagef("--report %s: this is a directory",
			"--report %s：这是一个目录", path)
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
func (o compareOptions) measure(ctx context.Context, language lang.Lang,
	out, progress io.Writer) error {
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
		fmt.Fprintf(progress, "[%d/%d] %srun %d, %s; about %s left\n", p.Done+1, p.Of, part,
			p.Run+1, p.Transport, p.Left.Round(time.Second))
	})
	if document == nil {
		return err
	}
	if len(document.Parts) > 0 {
		err = errors.Join(err, o.print(document, page, language, out))
	}
	if ctx.Err() == nil {
		return errors.Join(err, document.Faults())
	}
	if document.Incomplete == nil || document.Incomplete.Turns == 0 {
		return lang.Errorf("interrupted before the first run ended: nothing was measured",
			"第一轮还没结束就中断了：什么也没有测到")
	}
	fmt.Fprintln(progress, document.Incomplete.Says(lang.English))
	return document.Faults()
}

// print prints a document, and writes it to the page if there is one.
func (o compareOptions) print(d *compare.Document, page *draft.File, language lang.Lang,
	out io.Writer) error {
	err := d.Print(out, o.format, o.wide)
	if page == nil || err != nil {
		return err
	}
	if err := d.HTML(page, language, lessons.All()); err != nil {
		return err
	}
	return page.Keep()
}

// show prints one report that was measured before, or compares two.
func (o compareOptions) show(c *cobra.Command, language lang.Lang) error {
	var err error
	c.Flags().Visit(func(flag *pflag.Flag) {
		if !slices.Contains([]string{"open", "format", "wide", "report", "lang"}, flag.Name) &&
			err == nil {
			err = usagef(
				"--open shows a report and measures nothing, so --%s has no use: leave it out",
				"--open 只显示报告，不测量，--%s 没有用：请去掉",
				flag.Name)
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
		return usagef("--open shows one report or compares two, and there are %d",
			"--open 显示一份报告或对比两份，现有 %d 份", len(documents))
	case len(documents) == 2 && o.file != "":
		return usagef("--report writes the page of one report, but there are two --open",
			"--report 写一份报告的页面，但有两个 --open")
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
		c := exec.Command(self, "compare", "server", s.Lane, s.Workload,
			fmt.Sprintf("--tls=%t", s.TLS))
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
