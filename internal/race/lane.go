package race

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"realtimelab/internal/compare"
	"realtimelab/internal/host"
	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
)

// lane is one transport in the race: its demo's server behind a meter and a
// simulated network, and a sender beside it that neither sees.
type lane struct {
	name     string
	port     int
	instance *lesson.Instance
	server   *http.Server
	meter    *compare.Meter
	front    *netsim.Front
	queue    chan string
	cancel   context.CancelFunc
	running  sync.WaitGroup
	closing  func() // ends the sender
}

// queued is how many messages a lane's server may be behind; more are dropped.
const queued = 256

// policy lets a lane's page load and reach its own server only. The page of the race
// frames it.
const policy = "default-src 'self'; connect-src 'self' ws:; img-src 'self' data:; base-uri 'none'"

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
	if l.instance, err = demo.Start(lesson.Env{Log: slog.New(slog.DiscardHandler), Client: env.Client}); err != nil {
		return nil, err
	}
	pages, err := fs.Sub(c.Web, "pages/compare")
	if err != nil {
		return nil, err
	}
	l.server = &http.Server{Handler: l.handler(pages), ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(env.Log.Handler(), slog.LevelDebug)}
	metered, direct, err := l.serve()
	if err != nil {
		return nil, err
	}
	public, err := c.Listen()
	if err != nil {
		return nil, err
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

// handler is the demo's, with the lane's page under /lab/lane/.
func (l *lane) handler(pages fs.FS) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", l.instance.Handler)
	mux.Handle("GET /lab/lane/", host.Asset(policy, http.StripPrefix("/lab/lane/", http.FileServerFS(pages))))
	return mux
}

// serve serves on two loopback ports, of which the first is metered.
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
	l.meter = compare.NewMeter(listeners[0])
	l.running.Go(func() { _ = l.server.Serve(l.meter.Listener()) })
	l.running.Go(func() { _ = l.server.Serve(listeners[1]) })
	return listeners[0].Addr().String(), listeners[1].Addr().String(), nil
}

// send hands the messages to the lane's server, in order.
func (l *lane) send(ctx context.Context, send func(context.Context, string) error, log *slog.Logger) {
	for {
		select {
		case text := <-l.queue:
			if err := send(ctx, text); err != nil && ctx.Err() == nil {
				log.Warn("not sent", "lane", l.name, "err", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// say queues a message; false if the lane is too far behind.
func (l *lane) say(text string) bool {
	select {
	case l.queue <- text:
		return true
	default:
		return false
	}
}

// reset cuts every connection, which may come again at once.
func (l *lane) reset() {
	l.meter.Cut()
	l.meter.Mend()
}

// close tells the clients and ends all that openLane began, as far as it came.
func (l *lane) close(ctx context.Context) (err error) {
	l.cancel()
	l.closing()
	if l.instance != nil {
		err = l.instance.Close(ctx)
	}
	if l.server != nil {
		err = errors.Join(err, l.server.Close())
	}
	if l.front != nil {
		err = errors.Join(err, l.front.Close())
	}
	l.running.Wait()
	return err
}
