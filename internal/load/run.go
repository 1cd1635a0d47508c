package load

import (
	"context"
	"crypto/tls"
	"iter"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"realtimelab/internal/lang"
	"realtimelab/internal/tasks"
)

// run is one load while it is put on the server.
type run struct {
	config   Config
	address  netip.AddrPort
	tls      *tls.Config // nil for plain text
	http     *http.Client
	protocol protocol
	labeler  labeler
	tally    *tally
	began    time.Time

	ctx     context.Context // ends when clients no longer come back
	tasks   tasks.Group     // all that ends soon after ctx
	sockets tasks.Group     // connections whose reader runs
	agenda  *agenda
	ready   chan *socket // have data to read

	dials, posts atomic.Int64

	mu      sync.Mutex
	clients map[*client]struct{}
	numbers int // of clients so far
}

// Run puts the load on the server, and returns what it measured. It calls progress, unless that is
// nil, about once a second from one goroutine at a time. When ctx ends, the run ends early and the
// report says so. An error means that nothing was measured.
func Run(ctx context.Context, c Config, progress func(Live)) (*Report, error) {
	c, err := c.complete()
	if err != nil {
		return nil, err
	}
	if err := c.checkFiles(); err != nil {
		return nil, err
	}
	address, err := c.resolve(ctx)
	if err == nil {
		err = c.preflight(ctx, address)
	}
	switch {
	case ctx.Err() != nil:
		return nil, lang.Errorf(
			"interrupted before the first client was connected: nothing was measured",
			"第一个客户端连接之前就中断了：什么也没有测到")
	case err != nil:
		return nil, err
	}
	if progress == nil {
		progress = func(Live) {}
	}
	return newRun(c, address).measure(ctx, progress)
}

func newRun(c Config, address netip.AddrPort) *run {
	r := &run{config: c, address: address, labeler: newLabeler(), tally: newTally(),
		began: time.Now(), ready: make(chan *socket, 256), clients: map[*client]struct{}{}}
	if c.target.Scheme == "https" {
		r.tls = &tls.Config{ServerName: c.target.Hostname(), InsecureSkipVerify: c.Insecure,
			NextProtos: []string{"http/1.1"}}
	}
	r.http = r.newHTTP()
	r.protocol = r.newProtocol()
	r.agenda = newAgenda(r.began, &r.tasks, r.tally.late)
	return r
}

// elapsed returns the time since the start.
func (r *run) elapsed() time.Duration { return time.Since(r.began) }

// start starts what serves the clients, and returns what ends it all.
func (r *run) start(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	r.ctx = ctx
	var workers sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) {
		workers.Go(r.work)
	}
	r.tasks.Go(func() { r.agenda.run(ctx) })
	r.tasks.Go(func() { r.protocol.watch(ctx) })
	return func() {
		cancel()
		for _, c := range r.everyone() {
			c.leave()
		}
		last, end := context.WithTimeout(context.Background(), 10*time.Second)
		defer end()
		_ = r.tasks.Wait(last)
		if r.sockets.Wait(last) == nil {
			close(r.ready)
			workers.Wait()
		}
		r.http.CloseIdleConnections()
	}
}

// preflight connects one client, whose error is the answer to a wrong target.
func (c Config) preflight(ctx context.Context, address netip.AddrPort) error {
	r := newRun(c, address)
	stop := r.start(ctx)
	defer stop()
	try, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	for _, polls := range []bool{false, true} {
		if share := c.Polling; polls && share == 0 || !polls && share == 1 {
			continue
		}
		if err := r.protocol.open(try, r.add(func(one *client) { one.polls = polls })); err != nil {
			if try.Err() != nil || causeOf(err) == CauseTimeout {
				err = &failure{CauseTimeout, lang.Errorf("no answer to the handshake in %s",
					"%s 内没有应答握手",
					c.Timeout)}
			}
			if !polls && r.pollingAnswers(try, err) {
				return lang.Errorf("%s answers as %s over polling, and not over WebSocket: %w%s",
					"%s 用轮询时按 %s 应答，用 WebSocket 则不行：%w%s",
					c.URL, c.As, err, pollingAdvice(err))
			}
			if causeOf(err) == CauseRejected {
				return lang.Errorf("%s: %w%s",
					"%s：%w%s", c.URL, err, c.advice(err))
			}
			return lang.Errorf("%s does not answer as %s: %w%s",
				"%s 没有按 %s 应答：%w%s", c.URL, c.As, err, c.advice(err))
		}
	}
	return nil
}

// add adds a client.
func (r *run) add(set func(*client)) *client {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := &client{run: r, number: r.numbers}
	set(c)
	r.numbers++
	r.clients[c] = struct{}{}
	return c
}

// remove closes a client's connection and forgets the client.
func (r *run) remove(c *client) {
	c.leave()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.clients, c)
}

// everyone returns the clients, in the order of their numbers.
func (r *run) everyone() []*client {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.SortedFunc(maps.Keys(r.clients), func(a, b *client) int {
		return a.number - b.number
	})
}

// share reports whether a client belongs to a part of all, spread evenly over their numbers.
func share(client int, part float64) bool {
	return int(float64(client+1)*part+1e-9) > int(float64(client)*part+1e-9)
}

// measure runs the phases: connect, measure, grace.
func (r *run) measure(ctx context.Context, progress func(Live)) (*Report, error) {
	stop := r.start(ctx)
	defer stop()
	w := newWatch(r, progress)
	watching, end := context.WithCancel(context.Background())
	var watcher sync.WaitGroup
	watcher.Go(func() { w.loop(watching) })

	r.connect(ctx)
	if r.config.Clients >= 1000 {
		debug.FreeOSMemory() // what the handshakes needed
	}
	w.begin()
	r.load(ctx)
	w.end()
	r.grace(ctx)
	end()
	watcher.Wait()
	return r.report(ctx.Err() != nil, w), nil
}

// connect connects the clients at their times, and waits for the first attempt of each.
func (r *run) connect(ctx context.Context) {
	if r.config.profile.churn {
		return
	}
	for i := range r.config.Clients {
		due := r.config.arrival(i)
		c := r.add(func(c *client) {
			c.slow, c.polls = share(i, r.config.Slow), share(i, r.config.Polling)
		})
		r.agenda.at(due, func(ctx context.Context) { c.arrive(ctx, due) })
	}
	deadline := r.config.rampTime() + r.config.Timeout + time.Second
	for r.elapsed() < deadline && (r.elapsed() < r.config.rampTime() ||
		int(r.tally.tried.Load()) < r.config.Clients) {
		if !sleep(ctx, 20*time.Millisecond) {
			return
		}
	}
	if r.config.profile.rooms {
		sleep(ctx, time.Second/2) // for the server to put them into their rooms
	}
}

// load is the measurement.
func (r *run) load(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, r.config.Duration)
	defer cancel()
	var busy sync.WaitGroup
	defer busy.Wait()
	if r.config.sends() {
		busy.Go(func() { r.publish(ctx) })
	}
	if r.config.profile.churn {
		busy.Go(func() { r.churn(ctx) })
	}
	if r.config.profile.storm && sleep(ctx, r.config.Duration/2) {
		r.storm()
	}
	<-ctx.Done()
}

// times yields the times of a Poisson process, that is of independent users, at a mean rate per
// second.
func times(seed uint64, rate float64, until time.Duration) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		random := rand.New(rand.NewPCG(seed, 0))
		for at := time.Duration(0); ; {
			at += seconds(random.ExpFloat64() / rate)
			if at >= until || !yield(at) {
				return
			}
		}
	}
}

// schedule calls do for each of the times, with the time from the start of the run. A late one is
// not left out. It ends with ctx.
func (r *run) schedule(ctx context.Context, rate float64, do func(at time.Duration)) {
	start := r.elapsed()
	for at := range times(r.config.Seed, rate, r.config.Duration) {
		if wait := start + at - r.elapsed(); wait > 0 && !sleep(ctx, wait) || ctx.Err() != nil {
			return
		}
		do(start + at)
	}
}

// publish sends the messages, each from a random client.
func (r *run) publish(ctx context.Context) {
	random := rand.New(rand.NewPCG(r.config.Seed, 1))
	clients := r.everyone()
	r.schedule(ctx, r.config.Rate, func(at time.Duration) {
		c := clients[random.IntN(len(clients))]
		r.tally.late(r.elapsed() - at)
		number := r.tally.shoot(at, c)
		if err := c.send(r.protocol.message(c, number)); err != nil {
			r.tally.notSent(number)
			if err == errQueue {
				r.tally.failed(phaseSend, err)
			}
		}
	})
}

// churn has clients arrive and leave.
func (r *run) churn(ctx context.Context) {
	number := 0
	r.schedule(ctx, r.config.Arrivals, func(at time.Duration) {
		c := r.add(func(c *client) { c.polls = share(number, r.config.Polling) })
		number++
		r.agenda.at(at, func(ctx context.Context) { c.arrive(ctx, at) })
		r.agenda.at(at+r.config.Stay, func(context.Context) { r.remove(c) })
	})
}

// storm cuts all connections. The clients come back, evenly over Spread.
func (r *run) storm() {
	clients, start := r.everyone(), r.elapsed()
	for i, c := range clients {
		due := start + r.config.Spread*time.Duration(i)/time.Duration(len(clients))
		if c.drop(due) {
			r.tally.mu.Lock()
			r.tally.cut++
			r.tally.mu.Unlock()
		}
	}
}

// grace waits for the messages under way.
func (r *run) grace(ctx context.Context) {
	end := time.Now().Add(r.config.Grace)
	for r.config.sends() && r.tally.missing() > 0 && time.Now().Before(end) {
		if !sleep(ctx, 20*time.Millisecond) {
			return
		}
	}
}

// sleep waits, and reports false if ctx ends before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
