package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/spf13/cobra"

	"realtimelab/internal/host"
	"realtimelab/internal/lang"
	"realtimelab/internal/netsim"
	"realtimelab/internal/site"
	"realtimelab/lessons"
	"realtimelab/web"
)

func serveCommand() *cobra.Command {
	o := runOptions{key: host.NewKey(), directory: &site.Directory{}}
	var network string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve the whole lab until Ctrl-C: the home page, every lesson and every demo",
		Long: "Serves the home page at the address, and each demo at " +
			"one of the ports that follow.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if o.link, err = netsim.Parse(network); err != nil {
				return usageError{err}
			}
			if o.proxy, err = o.proxyFlag.kinds(c); err != nil {
				return err
			}
			o.addrByHand = c.Flags().Changed("addr")
			o.stdout, o.log = c.OutOrStdout(), c.ErrOrStderr()
			if err = o.demoFlags.check(nil); err != nil {
				return err
			}
			if err = o.secure(); err != nil {
				return err
			}
			return serveAll(c.Context(), o)
		},
	}
	o.addFlags(c, &network)
	c.Flags().BoolVar(&o.plain, "plain", false,
		"print lines on stdout, NAME<TAB>URL: first the home page, named serve, then one per demo")
	c.Flags().BoolVar(&o.rows.json, "json", false, "print the same lines as JSON")
	return c
}

// serveAll serves the home page and every demo.
func serveAll(ctx context.Context, o runOptions) (err error) {
	if _, err := parseLang(o.lang); err != nil {
		return err
	}
	logs := newSpool(o.log)
	defer logs.close()
	log := newLog(logs)
	var servers host.Group
	defer func() { err = errors.Join(err, servers.Close()) }()
	var addr *net.TCPAddr
	if err = servers.Start(func() (_ host.Closer, err error) {
		var home *host.Home
		home, addr, err = o.serveHome(log)
		return home, err
	}); err != nil {
		return err
	}
	demos, err := o.startAll(&servers, log)
	if err != nil {
		return err
	}
	lines := append([]map[string]string{{"demo": "serve", "url": o.urlOf(addr)}}, demos...)
	o.notePort(lang.Lang(o.lang), 0, addr)
	o.noteCertificate()
	o.announceAll(lines, addr)
	<-ctx.Done()
	return nil
}

// serveHome serves the home page and returns its address.
func (o runOptions) serveHome(log *slog.Logger) (*host.Home, *net.TCPAddr, error) {
	listener, err := o.listen(0)
	if err != nil {
		return nil, nil, err
	}
	addr := listener.Addr().(*net.TCPAddr)
	home, err := host.ServeHome(host.Config{
		Course: lessons.All(), Directory: o.directory, Join: o.joinURLs(addr), Listener: listener,
		Hosts: hosts(o.addr, o.allowHosts),
		TLS:   o.tls, Web: web.Pages, Lang: lang.Lang(o.lang), Key: o.key, Log: log,
	})
	if err != nil {
		return nil, nil, errors.Join(err, listener.Close())
	}
	return home, addr, nil
}

// startAll serves every demo, at the ports that follow the first, until the group is closed. It
// returns the name and the URL of each.
func (o runOptions) startAll(demos *host.Group, log *slog.Logger) (lines []map[string]string,
	err error) {
	for _, l := range lessons.All() {
		for _, d := range l.Demos {
			_, addr, err := o.startDemo(demos, l, d, len(lines)+1, log)
			if err != nil {
				return lines, err
			}
			lines = append(lines, map[string]string{"demo": d.Name, "url": o.urlOf(addr)})
		}
	}
	return lines, nil
}

// announceAll prints where the home page is, and where each demo is if the output is lines.
func (o runOptions) announceAll(lines []map[string]string, addr *net.TCPAddr) {
	language := cmp.Or(lang.Lang(o.lang), environmentLang())
	switch {
	case o.rows.json:
		for _, line := range lines {
			json.NewEncoder(o.stdout).Encode(line)
		}
	case o.accessible || !o.lines():
		fmt.Fprintf(o.stdout, lang.Text{EN: "The lab is at %s\nCtrl-C stops it.\n",
			ZH: "实验室地址：%s\n按 Ctrl-C 停止。\n"}.In(language), o.urlOf(addr))
	default:
		for _, line := range lines {
			fmt.Fprintf(o.stdout, "%s\t%s\n", line["demo"], line["url"])
		}
	}
	o.announceRest("serve", language, addr)
}
