package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"realtimelab/internal/host"
	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
	"realtimelab/internal/race"
	"realtimelab/lessons"
	"realtimelab/web"
)

// runOptions are the flags of `lab run`.
type runOptions struct {
	addr        string
	addrByHand  bool
	lan, open   bool
	plain       bool
	accessible  bool
	noTap       bool
	lang        string
	link        netsim.Link
	seed        uint64
	rows        rowFlags
	stdout, log io.Writer
}

// closeTime bounds the end of a run.
const closeTime = 4 * time.Second

func runCommand() *cobra.Command {
	var o runOptions
	var network string
	c := &cobra.Command{
		Use:   "run DEMO...",
		Short: "Run demos until Ctrl-C, each at its own address",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, names []string) error {
			var err error
			if o.link, err = netsim.Parse(network); err != nil {
				return err
			}
			o.addrByHand = c.Flags().Changed("addr")
			o.stdout, o.log = c.OutOrStdout(), c.ErrOrStderr()
			return run(c.Context(), o, names)
		},
	}
	c.Flags().StringVar(&o.addr, "addr", "127.0.0.1:3000", "listen here; the default takes the next free port if this one is taken")
	c.Flags().BoolVar(&o.lan, "lan", false, "listen for the whole classroom, and print the URLs and a QR code")
	c.Flags().BoolVar(&o.open, "open", false, "open the page in the browser")
	c.Flags().BoolVar(&o.plain, "plain", false, "print one line per demo on stdout, NAME<TAB>URL, and the x-ray's rows on stderr")
	c.Flags().BoolVar(&o.accessible, "accessible", false, "for screen readers: sentences, one a line, nothing drawn")
	c.Flags().BoolVar(&o.noTap, "no-tap", false, "serve without the wire tap: no x-ray")
	c.Flags().StringVar(&network, "net", "none", networkHelp)
	c.Flags().Uint64Var(&o.seed, "seed", 1, "of the simulated network's chances")
	o.rows.add(c)
	c.Flags().StringVar(&o.lang, "lang", "", "language of the page: en or zh (default: the browser's)")
	return c
}

func run(ctx context.Context, o runOptions, names []string) (err error) {
	lang, err := parseLang(o.lang)
	if err != nil {
		return err
	}
	found, err := o.findDemos(names)
	if err != nil {
		return err
	}
	layers, err := o.rows.parse()
	switch {
	case err != nil:
		return err
	case o.noTap && o.rows.json:
		return errors.New("--json prints the x-ray's rows, and --no-tap leaves the x-ray out")
	case !o.plain && !o.accessible && !o.rows.json && len(layers) == 0 && inTerminal(o.stdout):
		return o.screens(ctx, cmp.Or(lang, environmentLang()), names)
	}
	logs := newSpool(o.log)
	defer logs.close()
	log := slog.New(slog.NewTextHandler(logs, nil))
	printer := rowPrinter{out: logs, lang: cmp.Or(lang, environmentLang()), json: o.rows.json, layers: layers}
	if o.rows.json {
		printer.out = &lockedWriter{out: o.stdout}
	}
	var printing sync.WaitGroup
	defer waitFor(&printing)
	var running []*host.Running
	defer func() { err = errors.Join(err, closeAll(running)) }()
	for i, f := range found {
		listener, err := o.listen(i)
		if err != nil {
			return err
		}
		r, err := o.host(f.lesson, f.demo, listener, log)
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		running = append(running, r)
		o.announce(f.demo, listener.Addr().(*net.TCPAddr))
		if x := r.Xray(); x != nil && (o.lines() && !o.accessible || len(layers) > 0 || o.rows.json) {
			if len(found) > 1 {
				printer.name = f.demo.Name
			}
			printer := printer // each demo's lines keep its own name
			printing.Go(func() { printer.print(context.WithoutCancel(ctx), x) })
		}
	}
	<-ctx.Done()
	return nil
}

// host serves a demo. The comparison's page has a simulated network in each lane,
// and none before itself.
func (o runOptions) host(l lesson.Lesson, d lesson.Demo, listener net.Listener, log *slog.Logger) (*host.Running, error) {
	lang, _ := parseLang(o.lang)
	c := host.Config{
		Lesson: l, Demo: d, Listener: listener, Client: web.Client(), Web: web.Pages,
		Lang: lang, NoTap: o.noTap, Net: o.link, Seed: o.seed, Log: log,
	}
	if d.Name == race.Name {
		c.Net = netsim.Link{}
	}
	return host.Start(c)
}

// lessons are those of the lecture, and the comparison.
func (o runOptions) lessons() []lesson.Lesson {
	all := lessons.All()
	return append(all, race.Lesson(race.Config{Lessons: all, Web: web.Pages, Net: o.link, Seed: o.seed, Listen: func() (net.Listener, error) {
		if o.lan {
			return net.Listen("tcp", "0.0.0.0:0")
		}
		return net.Listen("tcp", "127.0.0.1:0")
	}}))
}

// everyLesson is for those who only look.
func everyLesson() []lesson.Lesson { return runOptions{}.lessons() }

func closeAll(running []*host.Running) error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	errs := make(chan error)
	for _, r := range running {
		go func() { errs <- r.Close(ctx) }()
	}
	var all error
	for range running {
		all = errors.Join(all, <-errs)
	}
	return all
}

// waitFor gives printers a moment: a pipe that nobody reads must not hold up
// the end.
func waitFor(printing *sync.WaitGroup) {
	done := make(chan struct{})
	go func() { printing.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(500 * time.Millisecond):
	}
}

// lines reports whether the output is plain lines.
func (o runOptions) lines() bool {
	file, ok := o.stdout.(*os.File)
	return o.plain || !ok || !isatty.IsTerminal(file.Fd())
}

// lockedWriter lets several demos write lines to one file.
type lockedWriter struct {
	mu  sync.Mutex
	out io.Writer
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(p)
}

// announce prints where the demo serves.
func (o runOptions) announce(demo lesson.Demo, addr *net.TCPAddr) {
	url := urlOf(addr)
	if o.rows.json {
		json.NewEncoder(o.stdout).Encode(map[string]string{"demo": demo.Name, "url": url})
	} else if o.accessible || !o.lines() {
		lang, _ := parseLang(o.lang)
		lang = cmp.Or(lang, environmentLang())
		fmt.Fprintf(o.stdout, lesson.Text{EN: "%s is running at %s\n%s\nCtrl-C stops it.\n", ZH: "%s 正在运行，地址 %s\n%s\n按 Ctrl-C 停止。\n"}.In(lang),
			demo.Name, url, demo.Summary.In(lang))
	} else {
		fmt.Fprintf(o.stdout, "%s\t%s\n", demo.Name, url)
	}
	if o.link != (netsim.Link{}) {
		fmt.Fprintf(o.log, "network %s: %s\n", o.link, o.link.Describe().In(cmp.Or(lesson.Lang(o.lang), environmentLang())))
	}
	if o.lan {
		printClassroom(o.log, addr.Port, !o.accessible)
	}
	if o.open {
		if err := openBrowser(url); err != nil {
			fmt.Fprintln(o.log, "lab: cannot open a browser:", err)
		}
	}
}
