package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"realtimelab/internal/compare"
	"realtimelab/internal/draft"
	"realtimelab/internal/netsim"
	"realtimelab/lessons"
)

func compareCommand() *cobra.Command {
	config := compare.Default(lessons.All())
	var asJSON, asCSV, asMarkdown bool
	var file, langFlag, network string
	c := &cobra.Command{
		Use:   "compare",
		Short: "Measure the transports side by side",
		Long: `Carries one workload over each transport, the server in a process of its own,
and measures latency, bytes, requests, CPU and memory. The workloads:

  idle    nothing is sent: what does a connected client cost?
  feed    one client sends --rate messages a second, all hear them
  chat    each client sends --rate messages a second, all hear them
  cursor  each client sends 60 small updates a second, all hear them
  burst   once a second one client sends --rate messages at once, all hear them
  ack     each client asks --rate times a second and waits for the answer`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !c.Flags().Changed("size") {
				config.Size = compare.DefaultSize(config.Workload)
			}
			var err error
			if config.Net, err = netsim.Parse(network); err != nil {
				return err
			}
			write := reportWriter(asJSON, asCSV, asMarkdown)
			lang, err := parseLang(langFlag)
			if err != nil {
				return err
			}
			if file != "" {
				page, err := reportFile(file)
				if err != nil {
					return err
				}
				defer page.Discard()
				printed := write
				write = func(r *compare.Report, out io.Writer) error {
					if err := errors.Join(printed(r, out), r.HTML(page, cmp.Or(lang, environmentLang()))); err != nil {
						return err
					}
					return page.Keep()
				}
			}
			return runComparison(c.Context(), config, write, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f := c.Flags()
	f.StringSliceVar(&config.Transports, "transports", config.Transports, "transports to compare")
	f.StringVar(&config.Workload, "workload", config.Workload, "idle, feed, chat, cursor, burst or ack")
	f.IntVar(&config.Clients, "clients", config.Clients, "connected clients")
	f.Float64Var(&config.Rate, "rate", config.Rate, "messages per second; see above")
	f.IntVar(&config.Size, "size", config.Size, "bytes of a message's text (32 for cursor)")
	f.DurationVar(&config.Duration, "duration", config.Duration, "duration of one run of one transport")
	f.DurationVar(&config.Interval, "interval", config.Interval, "polling interval of short polling")
	f.StringVar(&network, "net", "none", networkHelp)
	f.DurationVar(&config.Cut, "cut", config.Cut, "how long to cut off the clients after each measurement, to see them recover; 0 for no cut")
	f.IntVar(&config.Runs, "runs", config.Runs, "number of runs of each transport")
	f.Uint64Var(&config.Seed, "seed", config.Seed, "random seed of the schedule and of the order of the transports")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	f.BoolVar(&asCSV, "csv", false, "print CSV")
	f.BoolVar(&asMarkdown, "markdown", false, "print a Markdown table")
	f.StringVar(&file, "report", "", "also write an HTML page with charts to this file, for the screen and for print")
	f.StringVar(&langFlag, "lang", "", "language of the page: en or zh (default: the terminal's)")
	c.MarkFlagsMutuallyExclusive("json", "csv", "markdown")
	c.AddCommand(compareServerCommand())
	return c
}

// reportWriter returns the printer that the flags select, which is the table by default.
func reportWriter(asJSON, asCSV, asMarkdown bool) func(*compare.Report, io.Writer) error {
	switch {
	case asJSON:
		return (*compare.Report).JSON
	case asCSV:
		return (*compare.Report).CSV
	case asMarkdown:
		return (*compare.Report).Markdown
	}
	return (*compare.Report).Table
}

// networkHelp is the help of the flag --net.
var networkHelp = "simulated network of each client: " + strings.Join(netsim.Names(), ", ") + ", or a list such as rtt=100ms,jitter=20ms,loss=2%,rate=1mbit"

// reportFile creates the file of the HTML report.
func reportFile(path string) (*draft.File, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("--report %s: this is a directory", path)
	}
	page, err := draft.New(path, 0o644)
	if err != nil {
		return nil, fmt.Errorf("--report: %w", err)
	}
	return page, nil
}

// runComparison runs the comparison and prints the results, even if it was interrupted.
func runComparison(ctx context.Context, config compare.Config, write func(*compare.Report, io.Writer) error, out, progress io.Writer) error {
	runner, err := newRunner()
	if err != nil {
		return err
	}
	report, err := runner.Run(ctx, config, func(p compare.Progress) {
		if p.Live != nil {
			return
		}
		fmt.Fprintf(progress, "[%d/%d] run %d, %s; about %s left\n", p.Done+1, p.Of, p.Run+1, p.Transport, p.Left.Round(time.Second))
	})
	if report == nil {
		return err
	}
	if len(report.Results) > 0 {
		err = errors.Join(err, write(report, out))
	}
	if ctx.Err() != nil {
		fmt.Fprintln(progress, "Interrupted: results cover the completed runs only.")
		return report.Faults()
	}
	return errors.Join(err, report.Faults())
}

// newRunner returns a runner that runs this program as a lane's server in its own process.
func newRunner() (compare.Runner, error) {
	self, err := os.Executable()
	if err != nil {
		return compare.Runner{}, err
	}
	return compare.Runner{Lessons: lessons.All(), Server: func(lane, workload string) *exec.Cmd {
		c := exec.Command(self, "compare", "server", lane, workload)
		detach(c) // this process handles Ctrl-C
		return c
	}}, nil
}

func compareServerCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "server LANE WORKLOAD",
		Hidden: true,
		Args:   cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			return compare.Serve(context.Background(), lessons.All(), args[0], args[1], os.Stdin, os.Stdout)
		},
	}
}
