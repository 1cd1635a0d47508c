package race

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"realtimelab/internal/compare"
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
	server   *httpserver.Server
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
	_, demo, ok := lesson.FindDemo(c.Lessons, compare.Demo(name))
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
	l.server = httpserver.New(httpserver.Config{
		Handler: l.handler(page, c.Web, env.Port), Hosts: httpserver.NewHosts(public.Addr(), c.Hosts...), Log: env.Log,
	})
	metered, direct, err := l.serve()
	if err != nil {
		return nil, errors.Join(err, public.Close())
	}
	l.port = public.Addr().(*net.TCPAddr).Port
	l.front = netsim.Start(netsim.Config{Listener: public, Target: metered, Link: c.Net, Seed: c.Seed, Log: env.Log})
	send, end, err := compare.DialFeed(ctx, name, "http://"+direct)
	if err != nil {
		return nil, err
	}
	l.closing = end
	ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	l.running.Go(func() { l.send(ctx, send, env.Log) })
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
	l.running.Go(func() { _ = l.server.Serve(l.server.Track(listeners[1])) })
	return listeners[0].Addr().String(), listeners[1].Addr().String(), nil
}

// send passes the messages to the lane's server, in order.
func (l *lane) send(ctx context.Context, send func(context.Context, string) error, log *slog.Logger) {
	for {
		select {
		case text := <-l.queue:
			if err := send(ctx, text); err != nil && ctx.Err() == nil {
				log.Warn("message not sent", "lane", l.name, "err", err)
			}
		case <-ctx.Done():
			return
		}
	}
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
		err = l.server.Close(ctx, l.instance.Close)
	case l.instance != nil:
		err = l.instance.Close(ctx)
	}
	if l.front != nil {
		err = errors.Join(err, l.front.Close())
	}
	l.running.Wait()
	return err
}
