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
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"realtimelab/internal/host"
	"realtimelab/internal/proxy"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	"realtimelab/web"
)

// xrayOptions are the flags of `lab xray`.
type xrayOptions struct {
	to, addr, page, lang string
	plain, open          bool
	rows                 rowFlags
	stdout, log          io.Writer
}

func xrayCommand() *cobra.Command {
	var o xrayOptions
	c := &cobra.Command{
		Use:   "xray --to URL",
		Short: "The x-ray in front of any server of yours",
		Long: `Carries connections to a server of yours, byte for byte, and shows what crosses:
on a page, and with --plain or --json on standard output.

Its first two lines are "xray<TAB>URL", the address for your client, and
"page<TAB>URL". It reads HTTP/1.1 and WebSocket; with https:// or wss:// it
speaks TLS to the server, and your client speaks plain HTTP to it.`,
		Example: "  lab xray --to http://127.0.0.1:8080\n  lab xray --to wss://example.org --plain",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o.stdout, o.log = c.OutOrStdout(), c.ErrOrStderr()
			return o.run(c.Context())
		},
	}
	c.Flags().StringVar(&o.to, "to", "", "the server: http://, ws://, https:// or wss:// and a host (required)")
	c.Flags().StringVar(&o.addr, "addr", "127.0.0.1:3100", "where your client connects; port 0 takes any")
	c.Flags().StringVar(&o.page, "page", "127.0.0.1:0", "where the page is; port 0 takes any")
	c.Flags().StringVar(&o.lang, "lang", "", "en or zh")
	c.Flags().BoolVar(&o.plain, "plain", false, "print the rows on stdout, one a line")
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
	target, err := proxy.ParseTarget(o.to)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	listener, err := listenHere("--addr", o.addr)
	if err != nil {
		return err
	}
	pages, err := listenHere("--page", o.page)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	logs := newSpool(o.log)
	defer logs.close()
	log := slog.New(slog.NewTextHandler(logs, nil))

	wire := tap.New(tap.Config{})
	x := xray.New(wire, xray.Config{})
	panel := host.NewPanel(x)
	at, page := "http://"+listener.Addr().String(), "http://"+pages.Addr().String()
	handler, err := host.XrayPage{Web: web.Pages, Lang: lang, Target: target.Redacted(), Proxy: at}.Handler(panel)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	go server.Serve(pages)
	carried := proxy.Start(proxy.Config{Listener: wire.Listener(listener), Target: target, Log: log})

	o.announce(at, page)
	var printing sync.WaitGroup
	if o.lines() || o.rows.json {
		printer := rowPrinter{out: o.stdout, lang: cmp.Or(lang, environmentLang()), json: o.rows.json, layers: layers}
		printing.Go(func() { printer.print(context.WithoutCancel(ctx), x) })
	}
	<-ctx.Done()
	err = carried.Close()
	panel.Close()
	server.Close()
	last, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err = errors.Join(err, x.Sync(last)) // the ends of the connections are rows too
	x.Close()
	waitFor(&printing)
	return err
}

func listenHere(flag, addr string) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, fmt.Errorf("%s %q: want HOST:PORT", flag, addr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot listen on %s: %w", flag, addr, err)
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
		if err := openBrowser(page); err != nil {
			fmt.Fprintln(o.log, "lab: cannot open a browser:", err)
		}
	}
}
