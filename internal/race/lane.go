package race

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"realtimelab/internal/compare"
	"realtimelab/internal/feed"
	"realtimelab/internal/httpserver"
	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
)

// lane is one transport in the race: its demo's server behind a meter and a simulated network, and
// a sender that bypasses both.
type lane struct {
	name     string
	port     int
	instance *lesson.Instance
	server   *httpserver.Server // for the browsers
	direct   *httpserver.Server // for the sender
	meter    *compare.Meter
	front    *netsim.Front
	queue    chan string
	cancel   context.CancelFunc
	running  sync.WaitGroup
	closing  func() // stops the sender
}

// queued is the capacity of a lane's queue; messages beyond it are dropped.
const queued = 256

func (c Config) openLane(ctx context.Context, name string, env lesson.Env) (_ *lane, err error) {
	demo, way, ok := lesson.FindLane(c.Lessons, name)
	if !ok {
		return nil, errors.New("race: no demo for " + name)
	}
	l := &lane{name: name, queue: make(chan string, queued), cancel: func() {}, closing: func() {}}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close(context.Background()))
		}
	}()
	if l.instance, err = demo.Start(lesson.Env{Log: slog.New(slog.DiscardHandler)}); err != nil {
		return nil, err
	}
	page, err := fs.Sub(c.Web, "pages/compare")
	if err != nil {
		return nil, err
	}
	public, err := c.Listen()
	if err != nil {
		return nil, err
	}
	config := httpserver.Config{Handler: l.handler(page, c.Web, env.Port), Hosts: httpserver.NewHosts(public.Addr(), c.Hosts...), Log: env.Log}
	l.direct = httpserver.New(config)
	if c.TLS != nil {
		config.TLS = c.TLS.Clone()
		config.TLS.NextProtos = []string{"http/1.1"}
	}
	l.server = httpserver.New(config)
	metered, direct, err := l.serve()
	if err != nil {
		return nil, errors.Join(err, public.Close())
	}
	l.port = public.Addr().(*net.TCPAddr).Port
	l.front = netsim.Start(netsim.Config{Listener: public, Target: metered, Link: c.Net, Seed: c.Seed, Log: env.Log})
	dial := way.Publish
	if dial == nil {
		dial = way.Dial
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l.cancel = cancel
	sender, err := dial(running, lesson.Dialing{URL: "http://" + direct, Hear: func(string) {}})
	if err != nil {
		return nil, err
	}
	l.closing = sender.Close
	l.running.Go(func() { l.send(running, sender, env.Log) })
	return l, nil
}

// handler returns the demo's handler. It adds the lane's page under /lab/lane/, which the race's
// page on that port frames, and the page's modules under /lab/shared/.
func (l *lane) handler(page, web fs.FS, framedBy int) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", l.instance.Handler)
	mux.Handle("GET /lab/lane/", httpserver.Policy{FramedBy: []int{framedBy}}.Page(http.StripPrefix("/lab/lane/", http.FileServerFS(page))))
	mux.Handle("GET /lab/shared/", httpserver.Policy{}.Page(http.StripPrefix("/lab/", http.FileServerFS(web))))
	return mux
}

// serve listens on two loopback ports, the first of which is metered.
func (l *lane) serve() (metered, direct string, err error) {
	var listeners [2]net.Listener
	for i := range listeners {
		if listeners[i], err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			if i > 0 {
				listeners[0].Close()
			}
			return "", "", err
		}
	}
	l.meter = compare.NewMeter(l.server.Track(listeners[0]))
	l.running.Go(func() { _ = l.server.Serve(l.meter.Listener()) })
	l.running.Go(func() { _ = l.direct.Serve(l.direct.Track(listeners[1])) })
	return listeners[0].Addr().String(), listeners[1].Addr().String(), nil
}

// send passes the messages to the lane's server, in order.
func (l *lane) send(ctx context.Context, sender lesson.Client, log *slog.Logger) {
	for {
		select {
		case text := <-l.queue:
			if err := sender.Send(ctx, message(text)); err != nil && ctx.Err() == nil {
				log.Warn("message not sent", "lane", l.name, "err", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// message is the text as a message of a feed. A server with a feed replaces the id and the time.
func message(text string) []byte {
	data, err := json.Marshal(feed.Message{ID: 1, From: "lab", Text: text, At: feed.Time{Time: time.Now()}})
	if err != nil {
		panic(err) // strings, a number and a time: nothing that JSON cannot say
	}
	return data
}

// enqueue queues a message. It returns false if the queue is full.
func (l *lane) enqueue(text string) bool {
	select {
	case l.queue <- text:
		return true
	default:
		return false
	}
}

// reset cuts every connection. Clients may reconnect at once.
func (l *lane) reset() {
	l.meter.Cut()
	l.meter.Mend()
}

// close notifies the clients and ends everything that openLane has started so far.
func (l *lane) close(ctx context.Context) (err error) {
	l.cancel()
	l.closing()
	switch {
	case l.server != nil:
		err = l.server.Close(ctx, l.instance.Close, func(ctx context.Context) error { return l.direct.Close(ctx) })
	case l.instance != nil:
		err = l.instance.Close(ctx)
	}
	if l.front != nil {
		err = errors.Join(err, l.front.Close())
	}
	l.running.Wait()
	return err
}
