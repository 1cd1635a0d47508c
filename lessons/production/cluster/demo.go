// Package cluster is the demo of several Socket.IO servers behind a load balancer, joined by Redis.
// A teacher switches the balancer, the adapter and the servers, and the page shows what clients
// see.
//
// start makes everything: the servers (server.go), the balancer before them (balancer.go), Redis
// (database.go) and simulated clients (crowd.go). viewer.go tells the pages, change.go takes the
// switches, roll.go restarts the servers, and trace.go follows broadcasts.
package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/livepage"
	"realtimelab/internal/tasks"
)

// Bounds of the number of servers.
const (
	minServers, maxServers = 1, 6
	defaultServers         = "3"
)

// Demo describes the demo.
func Demo() lesson.Demo {
	return lesson.Demo{
		Name:  "cluster",
		Title: lang.Text{EN: "Several servers", ZH: "多台服务器"},
		Summary: lang.Text{
			EN: "Three Socket.IO servers behind a balancer, joined by Redis. Switch stickiness, " +
				"the adapter and the servers off and on, and count what is lost.",
			ZH: "三台 Socket.IO 服务器，前面是负载均衡器，后面用 Redis 相连。关掉再打开粘性会话、" +
				"适配器和服务器，数一数丢了什么。",
		},
		Options: []lesson.Option{
			{Name: "servers", Default: defaultServers, Usage: "number of Socket.IO servers, 1 to 6",
				Check: checkServers},
			{Name: "redis",
				Usage: "URL of a Redis, such as redis://127.0.0.1:6379 " +
					"(default: one inside the lab)", Check: checkRedis},
		},
		Start: start,
	}
}

func checkServers(value string) error {
	if n, err := strconv.Atoi(value); err != nil || n < minServers || n > maxServers {
		return fmt.Errorf("%q: want a number from %d to %d", value, minServers, maxServers)
	}
	return nil
}

// demo is the running demo.
type demo struct {
	keyed    func(*http.Request) bool
	lab      *lesson.Lab
	log      *slog.Logger
	servers  []*server
	balancer *balancer
	front    lesson.Inside // the balancer, for the crowd
	database *database
	traces   traces
	pace     time.Duration // from the start of a server to the next restart

	ctx     context.Context
	cancel  context.CancelFunc
	running tasks.Group // counts viewers, operations and the ticker

	mu    sync.Mutex // guards what follows
	state state
	// the operation that runs: "roll", "restart" or the name of a server; "" without one
	busy  string
	views int
	crowd []*guest
	left  account // of guests that have left
	ticks int     // so far
}

// start starts the servers, the balancer, Redis and the crowd.
func start(env lesson.Env) (*lesson.Instance, error) {
	if env.Lab == nil {
		return nil, errors.New(
			"the demo cluster needs the lab's listeners: start it with lab run or lab serve")
	}
	d, err := open(env)
	if err != nil {
		return nil, err
	}
	return d.instance(), nil
}

func (d *demo) instance() *lesson.Instance {
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", d.balancer)
	mux.HandleFunc("GET "+path, d.serve)
	mux.HandleFunc("POST "+path, livepage.Change(d.keyed, d.apply))
	return &lesson.Instance{Handler: mux, Clients: d.clients, Close: d.close}
}

// path is the demo's endpoint for its pages. It is below /lab/ so that browsers send the key's
// cookie.
const path = "/lab/cluster"

// open starts everything that close ends.
func open(env lesson.Env) (d *demo, err error) {
	d = &demo{
		keyed: env.Lab.Keyed, lab: env.Lab, log: env.Log, pace: 2 * time.Second,
		state: state{Sticky: byCookie, Adapter: pubSub, Recovery: false, Redis: true,
			Crowd: defaultCrowd},
	}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	d.balancer = newBalancer(d, env.Port)
	count, err := strconv.Atoi(cmp.Or(env.Options["servers"], defaultServers))
	if err != nil {
		return nil, err
	}
	for i := range count {
		d.servers = append(d.servers, &server{demo: d, name: string(rune('A' + i))})
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close(context.Background()))
		}
	}()
	if d.database, err = openDatabase(env.Options["redis"], env.Lab); err != nil {
		return d, err
	}
	for _, s := range d.servers {
		if err := s.start(); err != nil {
			return d, err
		}
	}
	if d.front, err = env.Lab.ServeInside(&trustedFront{d.balancer}); err != nil {
		return d, err
	}
	if err := d.setCrowd(defaultCrowd); err != nil {
		return d, err
	}
	d.running.Go(d.tick)
	return d, nil
}

// clients returns the number of clients of all servers.
func (d *demo) clients() (sum int) {
	for _, s := range d.servers {
		sum += s.clients()
	}
	return sum
}

// close disconnects all clients and ends everything that open has started.
func (d *demo) close(ctx context.Context) error {
	d.running.Refuse()
	d.cancel()
	_ = d.running.Wait(context.Background()) // which never ends
	_ = d.setCrowd(0)
	errs := make(chan error)
	for _, s := range d.servers {
		go func() { errs <- s.stop(ctx) }()
	}
	var err error
	for range d.servers {
		if e := <-errs; !errors.Is(e, context.DeadlineExceeded) {
			err = errors.Join(err, e)
		}
	}
	if d.front != nil {
		err = errors.Join(err, d.front.Close(ctx))
	}
	d.balancer.close()
	if d.database != nil {
		err = errors.Join(err, d.database.close())
	}
	return err
}

// tickEvery is the time between two events of the ticker.
const tickEvery = 250 * time.Millisecond

// tick counts aloud to all clients of the cluster, each time through the next server that is up.
func (d *demo) tick() {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for turn := 0; ; turn++ {
		select {
		case <-d.ctx.Done():
			return
		case <-ticker.C:
		}
		up := d.up()
		if len(up) == 0 {
			continue
		}
		d.mu.Lock()
		d.ticks++
		n := d.ticks
		d.mu.Unlock()
		up[turn%len(up)].emit("tick", n)
	}
}

// up returns the servers that take new clients.
func (d *demo) up() (up []*server) {
	for _, s := range d.servers {
		if s.status() == statusUp {
			up = append(up, s)
		}
	}
	return up
}

func (d *demo) server(name string) *server {
	for _, s := range d.servers {
		if s.name == name {
			return s
		}
	}
	return nil
}
