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
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"realtimelab/internal/host"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/middlebox"
	"realtimelab/internal/netsim"
	"realtimelab/internal/site"
	"realtimelab/internal/xray/capture"
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
	proxyFlag   proxyFlag
	proxy       *middlebox.Kinds // nil without a proxy
	tlsFlags    tlsFlags
	tls         *tls.Config // nil for plain HTTP
	demoFlags   demoFlags
	rows        rowFlags
	choice      rowChoice
	save        *saveFlag
	stdout, log io.Writer
}

func runCommand() *cobra.Command {
	o := runOptions{key: host.NewKey(), directory: &site.Directory{}, save: &saveFlag{}}
	var network string
	c := &cobra.Command{
		Use:   "run DEMO...",
		Short: "Run demos until Ctrl-C, each at its own address",
		Args: func(_ *cobra.Command, names []string) error {
			if len(names) == 0 {
				return usagef("name a demo, for example: lab run broadcast. The demos are: %s",
					"请写一个演示，例如：lab run broadcast。演示有：%s",
					strings.Join(demoNames(), ", "))
			}
			return nil
		},
		RunE: func(c *cobra.Command, names []string) error {
			var err error
			if o.link, err = netsim.Parse(network); err != nil {
				return usageError{err}
			}
			if o.proxy, err = o.proxyFlag.kinds(c); err != nil {
				return err
			}
			o.addrByHand = c.Flags().Changed("addr")
			o.stdout, o.log = c.OutOrStdout(), c.ErrOrStderr()
			if err = o.demoFlags.check(names); err != nil {
				return err
			}
			if err = o.secure(); err != nil {
				return err
			}
			return run(c.Context(), o, names)
		},
	}
	o.addFlags(c, &network)
	c.Flags().BoolVar(&o.plain, "plain", false,
		"print one line per demo on stdout, NAME<TAB>URL, and the x-ray's rows on stderr")
	o.rows.add(c)
	o.save.add(c)
	return c
}

// addFlags adds the flags of the commands that run demos. network receives --net.
func (o *runOptions) addFlags(c *cobra.Command, network *string) {
	c.Flags().StringVar(&o.addr, "addr", "127.0.0.1:3000",
		"address to listen on; if the default port is taken, the next free one is used")
	addAllowHost(c, &o.allowHosts)
	c.Flags().BoolVar(&o.lan, "lan", false,
		"listen on all addresses, for the whole classroom, and print the URLs and a QR code")
	c.Flags().BoolVar(&o.open, "open", false, "open the page in the browser")
	c.Flags().BoolVar(&o.accessible, "accessible", false,
		"for screen readers: print sentences, one per line")
	c.Flags().BoolVar(&o.noTap, "no-tap", false, "serve without the wire tap: no x-ray")
	c.Flags().BoolVar(&o.labFiles, "lab-files", false,
		"include requests for the pages' own files (/lab/) in the x-ray")
	o.tlsFlags.add(c)
	o.demoFlags.add(c)
	c.Flags().StringVar(network, "net", "none", networkHelp)
	c.Flags().Uint64Var(&o.seed, "seed", 1, "random seed of the simulated network")
	o.proxyFlag.add(c)
	c.Flags().StringVar(&o.lang, "lang", "",
		"language of the pages: en or zh (default: the browser's)")
}

func run(ctx context.Context, o runOptions, names []string) (err error) {
	if o.save == nil {
		o.save = &saveFlag{}
	}
	language, err := parseLang(o.lang)
	if err != nil {
		return err
	}
	found, err := o.findDemos(names)
	if err != nil {
		return err
	}
	choice, err := o.rows.parse()
	if err != nil {
		return err
	}
	o.choice = choice
	if err = o.checkSave(names); err != nil {
		return err
	}
	defer func() { o.save.tell(o.log, cmp.Or(language, environmentLang())) }()
	if !o.plain && !o.accessible && !o.rows.json && choice.all() && inTerminal(o.stdout) {
		return o.screens(ctx, cmp.Or(language, environmentLang()), names)
	}
	logs := newSpool(o.log)
	defer logs.close()
	log := newLog(logs)
	printer := rowPrinter{out: logs, notes: logs, lang: cmp.Or(language, environmentLang()),
		json: o.rows.json, heads: onTerminal(os.Stderr), choice: choice}
	if o.rows.json {
		printer.out = &lockedWriter{out: o.stdout}
	}
	speech := &lockedWriter{out: o.stdout}
	var printing sync.WaitGroup
	defer waitFor(&printing)
	var demos host.Group
	defer func() { err = errors.Join(err, demos.Close()) }()
	o.noteCertificate()
	for i, f := range found {
		r, addr, err := o.startDemo(&demos, f.lesson, f.demo, i, log)
		if err != nil {
			return err
		}
		o.notePort(language, i, addr)
		o.announce(f.demo, addr)
		if len(found) > 1 {
			printer.name = f.demo.Name
		}
		switch x := r.Xray(); {
		case o.accessible:
			said := narrator{out: speech, name: printer.name, lang: printer.lang,
				clients: r.Clients}
			printing.Go(func() { said.run(ctx, x) })
		case x != nil && (o.lines() || !choice.all() || o.rows.json):
			printer := printer // each demo's lines begin with its own name
			printing.Go(func() { printer.print(context.WithoutCancel(ctx), x) })
		}
		printer.heads = false
	}
	<-ctx.Done()
	return nil
}

// startDemo serves the i-th demo until the group is closed, and returns its address.
func (o runOptions) startDemo(demos *host.Group, l lesson.Lesson, d lesson.Demo, i int,
	log *slog.Logger) (r *host.Running, addr *net.TCPAddr, err error) {
	err = demos.Start(func() (host.Closer, error) {
		r, addr, err = o.serveDemo(l, d, i, log)
		return r, err
	})
	return r, addr, err
}

// serveDemo serves the i-th demo and returns its address.
func (o runOptions) serveDemo(l lesson.Lesson, d lesson.Demo, i int,
	log *slog.Logger) (*host.Running, *net.TCPAddr, error) {
	listener, err := o.listen(i)
	if err != nil {
		return nil, nil, err
	}
	r, err := o.host(l, d, listener, log)
	if err != nil {
		return nil, nil, errors.Join(err, listener.Close())
	}
	return r, listener.Addr().(*net.TCPAddr), nil
}

// host serves a demo.
func (o runOptions) host(l lesson.Lesson, d lesson.Demo, listener net.Listener,
	log *slog.Logger) (*host.Running, error) {
	language, _ := parseLang(o.lang)
	var saver *capture.Saver
	config := host.Config{
		Lesson: l, Demo: d, Course: lessons.All(), Directory: o.directory,
		Join:     o.joinURLs(listener.Addr().(*net.TCPAddr)),
		Listener: listener, Hosts: hosts(o.addr, o.allowHosts), TLS: o.tls, Web: web.Pages,
		Lang:  language,
		NoTap: o.noTap, LabFiles: o.labFiles, Options: o.demoFlags.given(), Key: o.key, Net: o.link,
		Seed: o.seed, Proxy: o.proxy, Log: log,
	}
	if o.save == nil || o.save.path == "" { // lab serve has no such flag
		return host.Start(config)
	}
	config.TapLimits, config.XrayLimits = capture.Held()
	config.Closed = func() error { return o.save.finish(saver) }
	r, err := host.Start(config)
	if err != nil {
		return nil, err
	}
	if saver, err = o.save.begin(r.Xray(), o.scheme()); err != nil {
		ctx, cancel := context.WithTimeout(context.Background(), host.CloseTime)
		defer cancel()
		return nil, errors.Join(err, r.Close(ctx))
	}
	return r, nil
}

// checkSave returns an error if --save cannot be done.
func (o runOptions) checkSave(names []string) error {
	switch {
	case o.save.path == "":
		return nil
	case o.noTap:
		return usagef("--save saves the x-ray's rows, but --no-tap turns the x-ray off",
			"--save 保存线路透视的行，但 --no-tap 关闭了线路透视")
	case len(names) > 1:
		return usagef("--save takes the traffic of one demo: name one",
			"--save 只保存一个演示的流量：请只写一个")
	}
	return o.save.check()
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
	return o.plain || !onTerminal(o.stdout)
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
	if demo.OwnNet {
		o.proxy = nil
	}
	if o.rows.json {
		json.NewEncoder(o.stdout).Encode(map[string]string{"demo": demo.Name, "url": url})
	} else if o.accessible || !o.lines() {
		language, _ := parseLang(o.lang)
		language = cmp.Or(language, environmentLang())
		fmt.Fprintf(o.stdout, lang.Text{EN: "%s is running at %s\n%s\nCtrl-C stops it.\n",
			ZH: "%s 正在运行，地址 %s\n%s\n按 Ctrl-C 停止。\n"}.In(language),
			demo.Name, url, demo.Summary.In(language))
	} else {
		fmt.Fprintf(o.stdout, "%s\t%s\n", demo.Name, url)
	}
	o.announceRest(demo.Name, cmp.Or(lang.Lang(o.lang), environmentLang()), addr)
}

// announceRest logs the network, the proxy, the addresses for the classroom and the page's address
// with the key, and opens the page if that is wanted.
func (o runOptions) announceRest(name string, language lang.Lang, addr *net.TCPAddr) {
	if o.link != (netsim.Link{}) {
		fmt.Fprintf(o.log, "network %s: %s\n", o.link, o.link.Describe().In(language))
	}
	if o.proxy != nil {
		fmt.Fprintf(o.log, "proxy %s: %s\n", o.proxy, o.proxy.Describe().In(language))
	}
	if addr.IP.IsUnspecified() {
		o.printClassroom(addr.Port)
	}
	fmt.Fprintf(o.log, lang.Text{EN: "%s, for you only (with the key): %s\n",
		ZH: "%s，带密钥的网址，只给自己用：%s\n"}.In(language), name, o.key.URL(o.localURL(addr)))
	if o.open {
		openOrPrint(o.log, o.key.URL(o.localURL(addr)), language)
	}
}
