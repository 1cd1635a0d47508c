package main

import (
	"cmp"
	"context"
	"crypto/tls"
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
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
	"realtimelab/internal/site"
	"realtimelab/lessons"
	"realtimelab/web"
)

// runOptions holds the flags of `lab run`.
type runOptions struct {
	addr        string
	addrByHand  bool
	allowHosts  []string
	lan, open   bool
	plain       bool
	accessible  bool
	noTap       bool
	labFiles    bool
	key         host.Key        // of this process
	directory   *site.Directory // of this process
	lang        string
	link        netsim.Link
	seed        uint64
	tlsFlags    tlsFlags
	tls         *tls.Config // nil for plain HTTP
	rows        rowFlags
	stdout, log io.Writer
}

// closeTime bounds the time to close all demos.
const closeTime = 4 * time.Second

func runCommand() *cobra.Command {
	o := runOptions{key: host.NewKey(), directory: &site.Directory{}}
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
			if err = o.secure(); err != nil {
				return err
			}
			return run(c.Context(), o, names)
		},
	}
	o.addFlags(c, &network)
	c.Flags().BoolVar(&o.plain, "plain", false, "print one line per demo on stdout, NAME<TAB>URL, and the x-ray's rows on stderr")
	o.rows.add(c)
	return c
}

// addFlags adds the flags of the commands that run demos. network receives --net.
func (o *runOptions) addFlags(c *cobra.Command, network *string) {
	c.Flags().StringVar(&o.addr, "addr", "127.0.0.1:3000", "address to listen on; if the default port is taken, the next free one is used")
	addAllowHost(c, &o.allowHosts)
	c.Flags().BoolVar(&o.lan, "lan", false, "listen on all addresses, for the whole classroom, and print the URLs and a QR code")
	c.Flags().BoolVar(&o.open, "open", false, "open the page in the browser")
	c.Flags().BoolVar(&o.accessible, "accessible", false, "for screen readers: print sentences, one per line")
	c.Flags().BoolVar(&o.noTap, "no-tap", false, "serve without the wire tap: no x-ray")
	c.Flags().BoolVar(&o.labFiles, "lab-files", false, "include requests for the pages' own files (/lab/) in the x-ray")
	o.tlsFlags.add(c)
	c.Flags().StringVar(network, "net", "none", networkHelp)
	c.Flags().Uint64Var(&o.seed, "seed", 1, "random seed of the simulated network")
	c.Flags().StringVar(&o.lang, "lang", "", "language of the pages: en or zh (default: the browser's)")
}

func run(ctx context.Context, o runOptions, names []string) (err error) {
	language, err := parseLang(o.lang)
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
		return errors.New("--json prints the x-ray's rows, but --no-tap turns the x-ray off")
	case !o.plain && !o.accessible && !o.rows.json && len(layers) == 0 && inTerminal(o.stdout):
		return o.screens(ctx, cmp.Or(language, environmentLang()), names)
	}
	logs := newSpool(o.log)
	defer logs.close()
	log := newLog(logs)
	printer := rowPrinter{out: logs, lang: cmp.Or(language, environmentLang()), json: o.rows.json, layers: layers}
	if o.rows.json {
		printer.out = &lockedWriter{out: o.stdout}
	}
	var printing sync.WaitGroup
	defer waitFor(&printing)
	var running []closer
	defer func() { err = errors.Join(err, closeAll(running)) }()
	o.noteCertificate()
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
		addr := listener.Addr().(*net.TCPAddr)
		o.notePort(language, i, addr)
		o.announce(f.demo, addr)
		if x := r.Xray(); x != nil && (o.lines() && !o.accessible || len(layers) > 0 || o.rows.json) {
			if len(found) > 1 {
				printer.name = f.demo.Name
			}
			printer := printer // each demo's lines begin with its own name
			printing.Go(func() { printer.print(context.WithoutCancel(ctx), x) })
		}
	}
	<-ctx.Done()
	return nil
}

// host serves a demo.
func (o runOptions) host(l lesson.Lesson, d lesson.Demo, listener net.Listener, log *slog.Logger) (*host.Running, error) {
	language, _ := parseLang(o.lang)
	return host.Start(host.Config{
		Lesson: l, Demo: d, Course: lessons.All(), Directory: o.directory, Join: o.joinURLs(listener.Addr().(*net.TCPAddr)),
		Listener: listener, Hosts: hosts(o.addr, o.allowHosts), TLS: o.tls, Web: web.Pages, Lang: language,
		NoTap: o.noTap, LabFiles: o.labFiles, Key: o.key, Net: o.link, Seed: o.seed, Log: log,
	})
}

// A closer is a server of the lab.
type closer interface{ Close(context.Context) error }

func closeAll(running []closer) error {
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

// waitFor waits briefly for the printers. A pipe without a reader must not delay the exit.
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

// lockedWriter lets several demos write lines to one writer.
type lockedWriter struct {
	mu  sync.Mutex
	out io.Writer
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(p)
}

// announce prints the demo's URL.
func (o runOptions) announce(demo lesson.Demo, addr *net.TCPAddr) {
	url := o.urlOf(addr)
	if o.rows.json {
		json.NewEncoder(o.stdout).Encode(map[string]string{"demo": demo.Name, "url": url})
	} else if o.accessible || !o.lines() {
		language, _ := parseLang(o.lang)
		language = cmp.Or(language, environmentLang())
		fmt.Fprintf(o.stdout, lang.Text{EN: "%s is running at %s\n%s\nCtrl-C stops it.\n", ZH: "%s 正在运行，地址 %s\n%s\n按 Ctrl-C 停止。\n"}.In(language),
			demo.Name, url, demo.Summary.In(language))
	} else {
		fmt.Fprintf(o.stdout, "%s\t%s\n", demo.Name, url)
	}
	o.announceRest(demo.Name, cmp.Or(lang.Lang(o.lang), environmentLang()), addr)
}

// announceRest logs the network, the addresses for the classroom and the page's address with the
// key, and opens the page if that is wanted.
func (o runOptions) announceRest(name string, language lang.Lang, addr *net.TCPAddr) {
	if o.link != (netsim.Link{}) {
		fmt.Fprintf(o.log, "network %s: %s\n", o.link, o.link.Describe().In(language))
	}
	if addr.IP.IsUnspecified() {
		o.printClassroom(addr.Port)
	}
	fmt.Fprintf(o.log, "%s, for you only (with the key): %s\n", name, o.key.URL(o.localURL(addr)))
	if o.open {
		openOrPrint(o.log, o.key.URL(o.localURL(addr)))
	}
}
