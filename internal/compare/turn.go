package compare

import (
	"context"
	"sync"
	"time"

	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
)

// turn is one trial under way.
type turn struct {
	config  Config
	server  *server
	clients *clients
	tally   *tally
	tell    func(Live)
	trial   trial
}

const (
	drainTimeout = 5 * time.Second        // plus a polling interval and Config.timeout
	livePace     = 250 * time.Millisecond // between two Lives
)

// turn returns a turn that measures a server without clients.
func (c Config) turn(s *server, lane lesson.Lane, step Step, tell func(Live)) *turn {
	shots := c.schedule(c.Seed, step.Run)
	tally := newTally(shots, c.Clients)
	tally.assignRooms(c.Load)
	tally.slice = c.Duration / timeSlices
	if s.external {
		tally.mark = newMark()
	}
	if c.workload().Latest {
		tally.arrivals = make([][]arrival, c.Clients)
	}
	return &turn{
		config: c, server: s, tally: tally, tell: tell,
		trial: trial{Step: step, base64: c.workload().way(lane).Base64, lossy: lane.Lossy,
			unordered: lane.Unordered, sent: len(shots)},
		clients: &clients{config: c, lane: lane, server: s, tally: tally,
			peers: make([]*peer, c.Clients)},
	}
}

func (t *turn) connect(ctx context.Context) error {
	return t.clients.connect(ctx, t.config.Seed+uint64(t.trial.Run)<<32)
}

// run sends the schedule and waits for the last delivery.
func (t *turn) run(ctx context.Context) (err error) {
	r := &t.trial
	if r.before, err = t.server.settled(); err != nil {
		return err
	}
	generator := WatchGenerator()
	packets := t.clients.networks.counters()
	began := time.Now()
	t.tally.holds(func() bool { t.tally.began = began; return true })
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { t.watch(done) })
	err = t.shoot(ctx, began)
	r.elapsed = time.Since(began)
	close(done)
	watching.Wait()
	if err != nil {
		return err
	}
	now := t.clients.networks.counters()
	r.packets = netsim.Counters{Packets: now.Packets - packets.Packets,
		Bytes: now.Bytes - packets.Bytes, Lost: now.Lost - packets.Lost}
	// before the server's figures, which thus include the bytes of every message counted here
	t.tally.holds(func() bool {
		r.expected, r.delivered = t.expected(), t.tally.delivered
		r.misdirected, r.aside = t.tally.misdirected, t.tally.aside
		r.duplicated, r.reordered, r.latency = t.tally.duplicated, t.tally.reordered,
			t.tally.latency
		r.slices, r.last = t.tally.slices, t.tally.last
		r.first = durations(t.tally.first)
		return true
	})
	if r.after, err = t.server.usage(); err != nil {
		return err
	}
	r.generator, r.busy = generator.Spent()
	t.tally.holds(func() bool {
		r.screens = t.config.watchScreens(t.tally.arrivals, t.tally.shots)
		return true
	})
	r.payload = t.payload()
	return nil
}

// shoot gives each shot to its sender at its time, regardless of the earlier shots. It returns when
// everything is delivered and the duration is over, or after the timeout.
func (t *turn) shoot(ctx context.Context, began time.Time) error {
	sending, stop := context.WithCancel(ctx)
	var senders sync.WaitGroup
	defer senders.Wait()
	defer stop()
	queues := make([]chan int, t.config.Clients)
	for i := range queues {
		queues[i] = make(chan int, len(t.tally.shots))
		senders.Go(func() { t.send(sending, t.clients.sender(i), queues[i]) })
	}
	for n, s := range t.tally.shots {
		if err := sleep(ctx, time.Until(began.Add(s.at))); err != nil {
			return err
		}
		queues[s.sender] <- n
	}
	if err := sleep(ctx, time.Until(began.Add(t.config.Duration))); err != nil {
		return err
	}
	timeout := drainTimeout + t.config.Interval + t.config.timeout()
	if t.trial.lossy { // nothing is sent again
		timeout = time.Second + 2*(t.config.Net.RTT+t.config.Net.Jitter)
	}
	drain, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	// missing messages are lost
	_ = t.tally.await(drain, func() bool {
		return t.tally.delivered >= t.expected() &&
			(!t.clients.hears || t.tally.aside >= len(t.tally.shots))
	})
	return context.Cause(ctx)
}

// send sends the messages one after the other, to keep their order. A message that cannot be sent
// counts as lost.
func (t *turn) send(ctx context.Context, p *peer, queue <-chan int) {
	for {
		select {
		case n := <-queue:
			if err := p.send(ctx, label{scheduled, n}); err == nil && t.config.workload().Asks {
				t.tally.answered(n)
			}
		case <-ctx.Done():
			return
		}
	}
}

// watch reports the progress of the turn until done.
func (t *turn) watch(done <-chan struct{}) {
	pace := time.NewTicker(livePace)
	defer pace.Stop()
	for {
		select {
		case <-pace.C:
			l, aside := t.tally.live()
			now, err := t.server.ask("")
			if err != nil {
				return // run gets the error too
			}
			l.Expected = t.expected()
			crossed := whole(t.trial.before.Snapshot, now, l.Delivered, aside)
			l.Bytes, l.Requests = int64(crossed.bytes), int64(crossed.requests)
			t.tell(l)
		case <-done:
			return
		}
	}
}

func (t *turn) expected() int { return t.config.deliveries(t.tally.shots) }

// payload returns the bytes of the JSON messages on the wire, up and down. A message that was not
// delivered counts as the mean of the others.
func (t *turn) payload() int {
	sum, heard := 0, 0
	for n := range t.tally.shots {
		size := len(t.config.encode(label{scheduled, n}, t.tally.shots, t.tally.mark))
		sum += size
		heard += size * t.config.audience(t.tally.shots[n].sender)
	}
	if sum == 0 {
		return 0
	}
	return sum + heard*t.trial.delivered/t.expected()
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
