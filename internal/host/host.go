// Package host runs one demo: its listener, its pages and its lifecycle.
package host

import (
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"log/slog"
	"net"

	"realtimelab/internal/httpserver"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
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

	// Hosts lists further names that the demo answers to, besides those of its listener.
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

	// Key grants access to the x-ray of all connections. Without it, a page sees only its own
	// browser's connections.
	Key Key

	// LabFiles includes requests for the pages' own files under /lab/ in the x-ray. The x-ray never
	// includes its own requests.
	LabFiles bool

	// NoTap serves without the wire tap, and so without the x-ray.
	NoTap bool

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
	env.Lab = c.lab(env.Port)
	if c.Demo.OwnNet {
		c.Net = netsim.Link{}
	}
	instance, err := c.Demo.Start(env)
	if err != nil {
		return nil, err
	}
	r := &Running{Name: c.Demo.Name, instance: instance, served: make(chan error, 1)}
	if err := r.simulate(&c); err != nil {
		return nil, errors.Join(err, instance.Close(context.Background()))
	}
	var wire *tap.Tap
	if !c.NoTap {
		omitted := labPath
		if c.LabFiles {
			omitted = xrayweb.Path // the x-ray leaves out its own requests
		}
		wire = tap.New(tap.Config{Omit: xray.Omit(omitted)})
		r.xray = xray.New(wire, xray.Config{Lab: labPath, Omitted: omitted})
		r.panel = xrayweb.NewPanel(xrayweb.PanelConfig{Xray: r.xray, Keyed: c.Key.Held, ByBrowser: true, LabFiles: c.LabFiles, Lessons: true})
	}
	handler, err := c.handler(instance, env.Port, r.panel)
	if err != nil {
		r.closeXray()
		return nil, errors.Join(err, r.closeFront(), instance.Close(context.Background()))
	}
	c.Directory.Add(c.Demo.Name, env.Port, instance.Clients)
	r.leave = func() { c.Directory.Remove(c.Demo.Name, env.Port) }
	r.server = httpserver.New(httpserver.Config{Handler: handler, Hosts: hosts, TLS: c.TLS, Log: log, ConnContext: tap.ConnContext})
	listener := r.server.Track(c.Listener)
	if wire != nil {
		listener = wire.Listener(listener)
	}
	go func() { r.served <- r.server.Serve(listener) }()
	return r, nil
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
	r.front = netsim.Start(netsim.Config{Listener: c.Listener, Target: behind.Addr().String(), Link: c.Net, Seed: c.Seed, Log: c.Log})
	c.Listener = behind
	return nil
}

func (r *Running) closeFront() error {
	if r.front == nil {
		return nil
	}
	return r.front.Close()
}

// Front returns the simulated network in front of the demo, or nil if there is none.
func (r *Running) Front() *netsim.Front { return r.front }

// Xray returns the x-ray of the demo's connections, or nil without the tap.
func (r *Running) Xray() *xray.Xray { return r.xray }

func (r *Running) closeXray() {
	if r.xray != nil {
		r.panel.Close()
		r.xray.Close()
	}
}

// Clients returns the number of connected clients.
func (r *Running) Clients() int { return r.instance.Clients() }

// Close closes the listener, lets clients disconnect, and soon closes all remaining connections. It
// returns when everything has ended, or with the context's error.
func (r *Running) Close(ctx context.Context) error {
	r.leave()
	err := r.server.Close(ctx, r.instance.Close, r.closePanel)
	err = errors.Join(err, <-r.served)
	r.closeXray()
	return errors.Join(err, r.closeFront())
}

func (r *Running) closePanel(context.Context) error {
	if r.panel != nil {
		r.panel.Close()
	}
	return nil
}
