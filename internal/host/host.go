// Package host runs one demo: its listener, its page, its life.
package host

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"time"

	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// Config of a running demo.
type Config struct {
	Lesson lesson.Lesson
	Demo   lesson.Demo

	// Listener takes the demo's connections. Running.Close closes it.
	Listener net.Listener

	Client fs.FS // our browser client's bundles
	Web    fs.FS // pages/<demo>/ and shared/

	// Lang is the page's language; empty leaves it to the browser.
	Lang lesson.Lang

	// Net is a simulated network between the clients and the demo, with the seed of
	// its chances; none if it is zero.
	Net  netsim.Link
	Seed uint64

	// NoTap serves without the wire tap: there is no x-ray then.
	NoTap bool

	Log *slog.Logger
}

// Running is a demo that serves.
type Running struct {
	Name     string
	instance *lesson.Instance
	server   *http.Server
	served   chan error
	xray     *xray.Xray    // nil without the tap
	panel    *Panel        // with xray
	front    *netsim.Front // nil without a network
}

// Start serves the demo until Close.
func Start(c Config) (*Running, error) {
	log := c.Log.With("demo", c.Demo.Name)
	instance, err := c.Demo.Start(lesson.Env{Log: log, Client: c.Client})
	if err != nil {
		return nil, err
	}
	r := &Running{Name: c.Demo.Name, instance: instance, served: make(chan error, 1)}
	if err := r.simulate(&c); err != nil {
		return nil, errors.Join(err, instance.Close(context.Background()))
	}
	if !c.NoTap {
		wire := tap.New(tap.Config{})
		c.Listener = wire.Listener(c.Listener)
		r.xray = xray.New(wire, xray.Config{})
		r.panel = NewPanel(r.xray)
	}
	handler, err := c.handler(instance, r.panel)
	if err != nil {
		r.closeXray()
		return nil, errors.Join(err, r.closeFront(), instance.Close(context.Background()))
	}
	r.server = &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		ConnContext:       tap.ConnContext,
	}
	go func() { r.served <- r.server.Serve(c.Listener) }()
	return r, nil
}

// simulate puts the network before the demo: clients connect to it, and the demo
// gets a listener of its own behind it.
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

// Front is the simulated network before the demo; nil without one.
func (r *Running) Front() *netsim.Front { return r.front }

// Xray reads what crosses the demo's wire; nil without the tap.
func (r *Running) Xray() *xray.Xray { return r.xray }

func (r *Running) closeXray() {
	if r.xray != nil {
		r.panel.Close()
		r.xray.Close()
	}
}

// Clients is the number of connected clients.
func (r *Running) Clients() int { return r.instance.Clients() }

// graceful is how much of Close's time goes to requests that are under way.
const graceful = time.Second

// Close tells the clients, then closes the listener and every connection. It
// returns when all has ended, or with the context's error.
func (r *Running) Close(ctx context.Context) error {
	err := r.instance.Close(ctx)
	if r.panel != nil {
		r.panel.Close()
	}
	patience, cancel := context.WithTimeout(ctx, graceful)
	defer cancel()
	if r.server.Shutdown(patience) != nil {
		err = errors.Join(err, r.server.Close())
	}
	if served := <-r.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	r.closeXray()
	return errors.Join(err, r.closeFront())
}
