package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"realtimelab/internal/host"
	"realtimelab/internal/httpserver"
	"realtimelab/internal/relay"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	xrayweb "realtimelab/internal/xray/web"
	"realtimelab/web"
)

// xrayOptions holds the flags of `lab xray`.
type xrayOptions struct {
	to, addr, page, lang string
	allowHosts           []string
	plain, open          bool
	addrByHand           bool
	rows                 rowFlags
	stdout, log          io.Writer
}

func xrayCommand() *cobra.Command {
	var o xrayOptions
	c := &cobra.Command{
		Use:   "xray --to URL",
		Short: "Put the x-ray in front of any server",
		Long: `Carries connections to a server of yours, byte for byte, and shows what crosses:
on a page, and with --plain or --json on standard output.

Its first two lines are "xray<TAB>URL", the address for your client, and
"page<TAB>URL". It reads HTTP/1.1 and WebSocket; with https:// or wss:// it
speaks TLS to the server, and your client speaks plain HTTP to it.

The bytes pass unchanged, Host and Origin included: your server decides which hosts and
origins it answers to, as it does without the x-ray. The x-ray's page answers only to its
own, and to --allow-host.`,
		Example: "  lab xray --to http://127.0.0.1:8080\n  lab xray --to wss://example.org --plain",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o.addrByHand = c.Flags().Changed("addr")
			o.stdout, o.log = c.OutOrStdout(), c.ErrOrStderr()
			return o.run(c.Context())
		},
	}
	c.Flags().StringVar(&o.to, "to", "", "URL of the server, with http, ws, https or wss (required)")
	c.Flags().StringVar(&o.addr, "addr", "127.0.0.1:3100", "address for your client; if the default port is taken, the next free one is used; port 0 picks any")
	c.Flags().StringVar(&o.page, "page", "127.0.0.1:0", "address of the page; port 0 picks any")
	addAllowHost(c, &o.allowHosts)
	c.Flags().StringVar(&o.lang, "lang", "", "en or zh")
	c.Flags().BoolVar(&o.plain, "plain", false, "print the rows on stdout, one per line")
	c.Flags().BoolVar(&o.open, "open", false, "open the page in the browser")
	o.rows.add(c)
	c.MarkFlagRequired("to")
	return c
}

func (o xrayOptions) run(ctx context.Context) (err error) {
	lang, err := parseLang(o.lang)
	if err != nil {
		return err
	}
	layers, err := o.rows.parse()
	if err != nil {
		return err
	}
	target, err := parseTarget(o.to)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	near := runOptions{addr: o.addr, addrByHand: o.addrByHand, log: o.log}
	listener, err := near.listen(0)
	if err != nil {
		return err
	}
	pages, err := listenPage(o.page)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	logs := newSpool(o.log)
	defer logs.close()
	log := newLog(logs)

	wire := tap.New(tap.Config{})
	x := xray.New(wire, xray.Config{})
	key := host.NewKey()
	panel := xrayweb.NewPanel(xrayweb.PanelConfig{Xray: x, Keyed: key.Held})
	near.notePort(lang, 0, listener.Addr().(*net.TCPAddr))
	at, page := near.urlOf(listener.Addr().(*net.TCPAddr)), near.urlOf(pages.Addr().(*net.TCPAddr))
	handler, err := xrayweb.Page{Web: web.Pages, Key: key, Lang: lang, Target: target.url.Redacted(), Proxy: at}.Handler(panel)
	if err != nil {
		return err
	}
	server := httpserver.New(httpserver.Config{Handler: handler, Hosts: httpserver.NewHosts(pages.Addr(), hosts(o.page, o.allowHosts)...), Log: log})
	go server.Serve(server.Track(pages))
	carried := relay.Start(relay.Config{Listener: wire.Listener(listener), Dial: target.connect, Log: log.With("target", target.url.Redacted())})

	o.announce(at, key.URL(page))
	var printing sync.WaitGroup
	if o.lines() || o.rows.json {
		printer := rowPrinter{out: o.stdout, lang: cmp.Or(lang, environmentLang()), json: o.rows.json, layers: layers}
		printing.Go(func() { printer.print(context.WithoutCancel(ctx), x) })
	}
	<-ctx.Done()
	err = errors.Join(carried.Close(), server.Close(context.Background(), func(context.Context) error { panel.Close(); return nil }))
	last, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err = errors.Join(err, x.Sync(last)) // connection ends are rows too
	x.Close()
	waitFor(&printing)
	return err
}

func listenPage(addr string) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, fmt.Errorf("--page %q: want HOST:PORT", addr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("--page: cannot listen on %s: %w", addr, err)
	}
	return l, nil
}

func (o xrayOptions) lines() bool {
	file, ok := o.stdout.(*os.File)
	return o.plain || !ok || !isatty.IsTerminal(file.Fd())
}

func (o xrayOptions) announce(at, page string) {
	if o.rows.json {
		json.NewEncoder(o.stdout).Encode(map[string]string{"xray": at, "page": page})
	} else {
		fmt.Fprintf(o.stdout, "xray\t%s\npage\t%s\n", at, page)
	}
	if o.open {
		openOrPrint(o.log, page)
	}
}
