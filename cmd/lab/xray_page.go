package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"net"
	"strconv"

	"realtimelab/internal/host"
	"realtimelab/internal/httpserver"
	"realtimelab/internal/lang"
	"realtimelab/internal/xray"
	xrayweb "realtimelab/internal/xray/web"
	"realtimelab/web"
)

// Ports of the x-ray's pages. Systems give higher ports to clients.
const (
	firstPagePort = 17000
	pagePorts     = 15000
)

// pagePort returns the port of the page for a source, a server's URL or a file. It is the same from
// run to run, so that a browser finds the page again.
func pagePort(source string) int {
	h := fnv.New32a()
	io.WriteString(h, source)
	return firstPagePort + int(h.Sum32()%pagePorts)
}

// listenPage opens the listener of the page for a source. Without an address it takes the source's
// port or, if that is taken, the next free one; the text says so.
func listenPage(addr, source string) (l net.Listener, note lang.Text, err error) {
	if addr != "" {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			return nil, note, usagef("--page %q: want HOST:PORT",
				"--page %q：应为 HOST:PORT", addr)
		}
		if l, err = net.Listen("tcp", addr); err != nil {
			return nil, note, lang.Errorf("--page: cannot listen on %s: %w",
				"--page：无法监听 %s：%w", addr, err)
		}
		return l, note, nil
	}
	wanted := pagePort(source)
	for port := wanted; port < wanted+nextPorts; port++ {
		if l, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1",
			strconv.Itoa(port))); err != nil {
			continue
		}
		if port != wanted {
			note = lang.Text{
				EN: fmt.Sprintf("the page's port %d is taken: using port %d instead", wanted, port),
				ZH: fmt.Sprintf("页面的端口 %d 已被占用，改用 %d", wanted, port),
			}
		}
		return l, note, nil
	}
	return nil, note, lang.Errorf("--page: cannot listen on ports %d to %d: %w",
		"--page：无法监听端口 %d 到 %d：%w", wanted,
		wanted+nextPorts-1, err)
}

// xrayPage serves the page of an x-ray.
type xrayPage struct {
	url    string // with the key
	panel  *xrayweb.Panel
	server *httpserver.Server
}

// servePage serves the page of an x-ray until close.
func servePage(l net.Listener, x *xray.Xray, page xrayweb.Page, addr string, allowed []string,
	log *slog.Logger) (*xrayPage, error) {
	key := host.NewKey()
	page.Web, page.Key = web.Pages, key
	p := &xrayPage{panel: xrayweb.NewPanel(xrayweb.PanelConfig{Xray: x, Keyed: key.Held})}
	handler, err := page.Handler(p.panel)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	p.url = key.URL(runOptions{}.urlOf(l.Addr().(*net.TCPAddr)))
	p.server = httpserver.New(httpserver.Config{Handler: handler,
		Hosts: httpserver.NewHosts(l.Addr(), hosts(addr, allowed)...), Log: log})
	go p.server.Serve(p.server.Track(l))
	return p, nil
}

func (p *xrayPage) close(ctx context.Context) error {
	return p.server.Close(ctx, func(context.Context) error { p.panel.Close(); return nil })
}
