// Package host runs one demo: its listener, its pages and its lifecycle.
package host

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"path"
	"strings"
	"time"

	"realtimelab/internal/httpserver"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/middlebox"
	"realtimelab/internal/netsim"
	"realtimelab/internal/site"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	xrayweb "realtimelab/internal/xray/web"
)

// A Config describes a demo to run.
type Config struct {
	Lesson lesson.Lesson
	Demo   lesson.Demo

	// Course lists the lessons, in order, of the home page at /lab/ and of the pages under
	// /lab/lesson/. Empty means Lesson alone.
	Course []lesson.Lesson

	// Directory lists the lab's running demos, this one among them until it is closed. Nil means
	// that the lab serves no other.
	Directory *site.Directory

	// Join lists the demo's addresses for others on the local network.
	Join []string

	// Listener accepts the demo's connections. Running.Close closes it.
	Listener net.Listener

	// Hosts lists names that the demo answers to, in addition to its listener's.
	Hosts []string

	// TLS makes the demo speak https, wss and HTTP/2. The tap is above it and records plain bytes.
	// Nil means http and ws.
	TLS *tls.Config

	Web fs.FS // pages/<demo>/ and shared/

	// Lang is the page's language. Empty lets the browser choose.
	Lang lang.Lang

	// Net is a simulated network between the clients and the demo, and Seed its random seed. A zero
	// Net means no simulation.
	Net  netsim.Link
	Seed uint64

	// Proxy puts a proxy of these kinds between the simulated network and the demo. The order is:
	// client, network, TLS, proxy, demo. The tap records both sides of the proxy, and the lab's own
	// pages do not pass it. Nil means no proxy.
	Proxy *middlebox.Kinds

	// Options holds values for Demo.Options by name; a missing one has its default.
	Options map[string]string

	// Key grants access to the x-ray of all connections. Without it, a page sees only its own
	// browser's connections.
	Key Key

	// LabFiles includes requests for the pages' own files under /lab/ in the x-ray. The x-ray never
	// includes its own requests.
	LabFiles bool

	// NoTap serves without the wire tap, and so without the x-ray.
	NoTap bool

	// TapLimits and XrayLimits set the memory of the tap and the x-ray. Zero values are the
	// defaults.
	TapLimits  tap.Config
	XrayLimits xray.Config

	// Closed is called at the end of Running.Close, after the last row was made. Nil calls nothing.
	Closed func() error

	Log *slog.Logger
}

// Running is a demo that is being served.
type Running struct {
	Name     string
	instance *lesson.Instance
	server   *httpserver.Server
	served   chan error
	leave    func()         // removes the demo from the directory
	xray     *xray.Xray     // nil without the tap
	panel    *xrayweb.Panel // nil if xray is nil
	front    *netsim.Front  // nil without a simulated network
	proxy    *proxied       // nil without a proxy

	closed   func() error // may be nil
	attached *Attached    // an x-ray without a demo; nil for demos
}

// Attached is an x-ray without a demo, of an external server or of a file. Screens show it like a
// demo.
type Attached struct {
	Xray    *xray.Xray
	Clients func() int
	Close   func(context.Context) error // ends the x-ray and its source
}

// Attach returns a Running for an x-ray without a demo.
func Attach(name string, a Attached) *Running {
	return &Running{Name: name, xray: a.Xray, attached: &a}
}

// Start serves the demo until Close is called.
func Start(c Config) (*Running, error) {
	log := c.Log.With("demo", c.Demo.Name)
	if c.Directory == nil {
		c.Directory = &site.Directory{}
	}
	hosts := httpserver.NewHosts(c.Listener.Addr(), c.Hosts...)
	env := lesson.Env{Log: log}
	if addr, ok := c.Listener.Addr().(*net.TCPAddr); ok {
		env.Port = addr.Port
	}
	var wire *tap.Tap // nil without the tap
	omitted := labPath
	if c.LabFiles {
		omitted = xrayweb.Path // the x-ray leaves out its own requests
	}
	if !c.NoTap {
		c.TapLimits.Omit = xray.Omit(omitted)
		wire = tap.New(c.TapLimits)
	}
	env.Lab = c.lab(env.Port, wire)
	var err error
	if env.Options, err = c.Demo.Settings(c.Options); err != nil {
		return nil, err
	}
	if c.Demo.OwnNet {
		c.Net, c.Proxy = netsim.Link{}, nil
	}
	instance, err := c.Demo.Start(env)
	if err != nil {
		return nil, err
	}
	if err := checkPaths(instance.OwnChecks); err != nil {
		return nil, errors.Join(err, instance.Close(context.Background()))
	}
	r := &Running{Name: c.Demo.Name, instance: instance, served: make(chan error, 1),
		closed: c.Closed}
	if err := r.simulate(&c); err != nil {
		return nil, errors.Join(err, instance.Close(context.Background()))
	}
	if wire != nil {
		c.XrayLimits.Lab, c.XrayLimits.Omitted = labPath, omitted
		r.xray = xray.New(wire, c.XrayLimits)
		r.panel = xrayweb.NewPanel(xrayweb.PanelConfig{Xray: r.xray, Keyed: c.Key.Held,
			ByBrowser: true, LabFiles: c.LabFiles, Lessons: true})
	}
	demo, connContext, side, secured := instance.Handler, tap.ConnContext, tap.Side(""), c.TLS
	if c.Proxy != nil {
		if r.proxy, err = c.startProxy(demo, instance.OwnChecks, hosts, wire, log); err != nil {
			r.closeXray()
			return nil, errors.Join(err, r.closeFront(), instance.Close(context.Background()))
		}
		demo, connContext, side, secured = r.proxy.box, r.proxy.connContext, tap.ClientSide,
			r.proxy.tls(c.TLS)
	}
	handler, err := c.handler(demo, env.Port, r)
	if err != nil {
		r.closeXray()
		return nil, errors.Join(err, r.closeProxy(context.Background()), r.closeFront(),
			instance.Close(context.Background()))
	}
	c.Directory.Add(c.Demo.Name, env.Port, instance.Clients)
	r.leave = func() { c.Directory.Remove(c.Demo.Name, env.Port) }
	r.server = httpserver.New(httpserver.Config{Handler: handler, Hosts: hosts,
		OwnChecks: instance.OwnChecks, TLS: secured, Log: log, ConnContext: connContext})
	listener := r.server.Track(c.Listener)
	if wire != nil {
		listener = wire.SideListener(listener, side)
	}
	if r.proxy != nil {
		listener = r.proxy.box.Listener(listener)
	}
	go func() { r.served <- r.server.Serve(listener) }()
	return r, nil
}

// checkPaths refuses a demo that would check requests for the page or for the lab's own endpoints.
func checkPaths(own []string) error {
	for _, p := range own {
		if p == "/" || p != path.Clean(p) && p != path.Clean(p)+"/" ||
			strings.HasPrefix(p+"/", labPath) {
			return fmt.Errorf("host: the lab checks the requests for %s, and no demo", p)
		}
	}
	return nil
}

// simulate puts the simulated network in front of the demo. Clients connect to the network, and the
// demo gets its own listener behind it.
func (r *Running) simulate(c *Config) error {
	if c.Net == (netsim.Link{}) {
		return nil
	}
	behind, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	r.front = netsim.Start(netsim.Config{Listener: c.Listener, Target: behind.Addr().String(),
		Link: c.Net, Seed: c.Seed, Log: c.Log})
	c.Listener = behind
	return nil
}

func (r *Running) closeFront() error {
	if r.front == nil {
		return nil
	}
	return r.front.Close()
}

// Front returns the simulated network in front of the demo, or nil.
func (r *Running) Front() *netsim.Front { return r.front }

// Proxy returns the proxy in front of the demo, or nil.
func (r *Running) Proxy() *middlebox.Proxy {
	if r.proxy == nil {
		return nil
	}
	return r.proxy.box
}

// Xray returns the x-ray of the demo's connections, or nil without the tap.
func (r *Running) Xray() *xray.Xray { return r.xray }

func (r *Running) closeXray() {
	if r.xray != nil {
		r.panel.Close()
		last, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		// the ends of connections are rows, too; they are left out if they take too long
		_ = r.xray.Sync(last)
		r.xray.Close()
	}
}

// Clients returns the number of connected clients.
func (r *Running) Clients() int {
	if r.attached != nil {
		return r.attached.Clients()
	}
	return r.instance.Clients()
}

// Close closes the listener, lets clients disconnect, and soon closes all remaining connections. It
// returns when everything has ended, or with the context's error.
func (r *Running) Close(ctx context.Context) error {
	if r.attached != nil {
		return r.attached.Close(ctx)
	}
	r.leave()
	err := r.server.Close(ctx, r.closeDemo, r.closePanel)
	err = errors.Join(err, <-r.served, r.closeProxy(ctx))
	r.closeXray()
	err = errors.Join(err, r.closeFront())
	if r.closed != nil {
		err = errors.Join(err, r.closed())
	}
	return err
}

// closeDemo disconnects the demo's clients, through the proxy if there is one.
func (r *Running) closeDemo(ctx context.Context) error {
	if r.proxy == nil {
		return r.instance.Close(ctx)
	}
	return r.proxy.server.Close(ctx, r.instance.Close)
}

func (r *Running) closePanel(context.Context) error {
	if r.panel != nil {
		r.panel.Close()
	}
	return nil
}
