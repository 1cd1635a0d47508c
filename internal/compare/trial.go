package compare

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/process"
	"golang.org/x/sync/errgroup"

	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
)

// trial is what one turn measured.
type trial struct {
	Step
	sent, expected, delivered, duplicated, reordered int

	payload              int // bytes of JSON messages that crossed the wire
	latency              *hdrhistogram.Histogram
	slices               []*hdrhistogram.Histogram // see tally
	first                *hdrhistogram.Histogram   // by client: from dialing to its own first message
	recovery             *hdrhistogram.Histogram   // by client: from the end of the cut to its next message
	neverBack            int                       // clients that heard nothing any more
	elapsed              time.Duration
	empty, before, after usage // without clients; with them; at the end
	packets              netsim.Counters
	generator            time.Duration
	busy                 float64 // part of the machine's CPU time, 0 to 1
}

const (
	warmUpTimeout   = 30 * time.Second // and what the network takes
	drainTimeout    = 5 * time.Second  // and one polling interval, and what the network takes
	recoveryTimeout = 30 * time.Second // and the same

	probePace = 10 * time.Millisecond  // between two probes after a cut
	livePace  = 250 * time.Millisecond // between two Lives
	together  = 64                     // clients that connect at a time over a simulated network
)

// netTimeout returns the time that a network may add to any wait: some round trips, and TCP's
// timers where packets are lost.
func (c Config) netTimeout() time.Duration {
	timeout := 20 * (c.Net.RTT + c.Net.Jitter)
	if c.Net.Loss > 0 || c.Net.Rate > 0 {
		timeout += 20 * time.Second
	}
	return timeout
}

// turn is one trial under way.
type turn struct {
	Config
	lane      lesson.Lane
	server    *server
	tally     *tally
	fronts    []*netsim.Front // one a client; none without a simulated network
	peers     []*peer         // nil where it is not connected yet
	publisher *peer           // sends in place of the first client, see Config.besides
	tell      func(Live)
	trial     trial
}

func (c Config) measure(ctx context.Context, command Command, lane lesson.Lane, step Step, tell func(Live)) (*trial, error) {
	s, err := startServer(command, lane.Name, c.Workload)
	if err != nil {
		return nil, err
	}
	defer s.close()
	t := c.turn(s, lane, step, tell)
	defer t.hangUp()
	if t.trial.empty, err = s.settled(); err != nil {
		return nil, err
	}
	if err := t.connect(ctx); err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	if err := t.run(ctx); err != nil {
		return nil, err
	}
	if err := t.recover(ctx); err != nil {
		return nil, fmt.Errorf("after the cut: %w", err)
	}
	return &t.trial, nil
}

// turn is about to measure a server that nobody is connected to.
func (c Config) turn(s *server, lane lesson.Lane, step Step, tell func(Live)) *turn {
	shots := c.schedule(step.Run)
	tally := newTally(shots, c.Clients)
	tally.slice = c.Duration / timeSlices
	return &turn{Config: c, lane: lane, server: s, tally: tally, peers: make([]*peer, c.Clients),
		tell: tell, trial: trial{Step: step, sent: len(shots)}}
}

func (t *turn) hangUp() {
	var all sync.WaitGroup
	for _, p := range append(t.peers, t.publisher) {
		if p != nil {
			all.Go(p.close)
		}
	}
	all.Wait()
	for _, f := range t.fronts {
		all.Go(func() { _ = f.Close() })
	}
	all.Wait()
}

// simulate puts a network of its own before each client.
func (t *turn) simulate() error {
	if !t.simulated() {
		return nil
	}
	for i := range t.Clients {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		t.fronts = append(t.fronts, netsim.Start(netsim.Config{
			Listener: l, Target: strings.TrimPrefix(t.server.url, "http://"), Link: t.Net,
			Seed: t.Seed + uint64(t.trial.Run)<<32 + uint64(i)<<8, Log: slog.New(slog.DiscardHandler),
		}))
	}
	return nil
}

// url is where a client finds the server.
func (t *turn) url(client int) string {
	if t.fronts == nil {
		return t.server.url
	}
	return "http://" + t.fronts[client].Addr().String()
}

// connect opens the clients, evenly over a polling interval if there is one. The
// greeters send a hello and wait for it. connect ends when every client has
// received the warm-up after that, so that nothing of all this is still on its way.
func (t *turn) connect(ctx context.Context) error {
	timeout := warmUpTimeout + 3*t.Interval + t.netTimeout()
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not every client heard the first message within %s", timeout))
	defer cancel()
	if err := t.simulate(); err != nil {
		return err
	}
	if err := t.dialAll(ctx); err != nil || t.Workload == Ack {
		return err
	}
	if t.besides() {
		var err error
		if t.publisher, err = t.dialBesides(ctx); err != nil {
			return err
		}
	}
	return t.warmUp(ctx)
}

// dialAll connects one client after the other, or several at a time where each has
// a network of its own to wait for.
func (t *turn) dialAll(ctx context.Context) error {
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(1)
	if t.simulated() {
		all.SetLimit(together)
	}
	for i := range t.Clients {
		if t.lane.Polls && t.Workload != Ack && i > 0 {
			if err := sleep(ctx, t.Interval/time.Duration(t.Clients)); err != nil {
				break
			}
		}
		all.Go(func() error { return t.dialOne(ctx, i) })
	}
	return all.Wait()
}

// dialOne connects a client, whose subscription outlives ctx; hangUp ends it.
func (t *turn) dialOne(ctx context.Context, i int) (err error) {
	dial := t.lane.Dial
	if t.Workload == Ack {
		dial = t.lane.Ask
	}
	t.tally.dial(i)
	if t.peers[i], err = t.dialPeer(ctx, dial, t.url(i), func(text string) { t.tally.hear(i, text) }); err != nil {
		return err
	}
	if t.Workload != Ack && i >= greeters(t.Clients) {
		return nil
	}
	if err := t.peers[i].send(ctx, text(hello(i), t.Size)); err != nil {
		return err
	}
	if t.Workload == Ack {
		t.tally.holds(func() bool { t.tally.greet(time.Now(), i); return true })
	}
	return nil
}

// dialBesides opens a sender that nothing counts, nothing delays and nothing cuts.
func (t *turn) dialBesides(ctx context.Context) (*peer, error) {
	return t.dialPeer(ctx, t.lane.Sender(), t.server.direct, func(string) {})
}

// sender is who sends for a client.
func (t *turn) sender(client int) *peer {
	if t.publisher != nil {
		return t.publisher
	}
	return t.peers[client]
}

func (t *turn) warmUp(ctx context.Context) error {
	if err := t.await(ctx, func() bool { return t.tally.greeted == greeters(t.Clients) }); err != nil {
		return err
	}
	if err := t.sender(0).send(ctx, text(warmUp, t.Size)); err != nil {
		return err
	}
	return t.await(ctx, func() bool { return t.tally.warmed == t.Clients })
}

// watch tells how the turn goes until done.
func (t *turn) watch(done <-chan struct{}) {
	pace := time.NewTicker(livePace)
	defer pace.Stop()
	for {
		select {
		case <-pace.C:
			now, err := t.server.ask("")
			if err != nil {
				return // run meets it too
			}
			l := t.tally.live()
			l.Expected = t.expected()
			before := t.trial.before
			l.Bytes, l.Requests = now.In+now.Out-before.In-before.Out, now.Requests-before.Requests
			t.tell(l)
		case <-done:
			return
		}
	}
}

// recover cuts all clients off, and waits until each has heard something again. In
// the workload ack there is nothing to hear, and no cut.
func (t *turn) recover(ctx context.Context) error {
	if t.Cut == 0 || t.Workload == Ack {
		return nil
	}
	publisher, err := t.dialBesides(ctx)
	if err != nil {
		return err
	}
	defer publisher.close()
	if _, err := t.server.ask("cut"); err != nil {
		return err
	}
	if err := sleep(ctx, t.Cut); err != nil {
		return err
	}
	t.tally.holds(func() bool { t.tally.mended = time.Now(); return true })
	if _, err := t.server.ask("mend"); err != nil {
		return err
	}
	end := time.Now().Add(recoveryTimeout + t.Interval + t.netTimeout())
	for !t.tally.holds(func() bool { return t.tally.back == t.Clients }) && time.Now().Before(end) {
		if err := publisher.send(ctx, text(t.tally.probe(), t.Size)); err != nil {
			return err
		}
		if err := sleep(ctx, probePace); err != nil {
			return err
		}
	}
	t.tally.holds(func() bool {
		t.trial.recovery, t.trial.neverBack = durations(t.tally.recovered), t.Clients-t.tally.back
		return true
	})
	return nil
}

// durations is a histogram of those that are not zero.
func durations(all []time.Duration) *hdrhistogram.Histogram {
	h := newHistogram()
	for _, d := range all {
		if d > 0 {
			_ = h.RecordValue(micros(d))
		}
	}
	return h
}

// await waits until the tally holds what is asked.
func (t *turn) await(ctx context.Context, condition func() bool) error {
	for !t.tally.holds(condition) {
		select {
		case <-t.tally.change:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// run sends the schedule and waits for the last delivery.
func (t *turn) run(ctx context.Context) error {
	r := &t.trial
	us, err := process.NewProcess(int32(os.Getpid()))
	if err != nil {
		return err
	}
	if r.before, err = t.server.settled(); err != nil {
		return err
	}
	generatorBefore, err := cpuOf(us)
	if err != nil {
		return err
	}
	machine, packets := machineTimes(), t.packets()
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
	now := t.packets()
	r.packets = netsim.Counters{Packets: now.Packets - packets.Packets, Bytes: now.Bytes - packets.Bytes, Lost: now.Lost - packets.Lost}
	if r.after, err = t.server.usage(); err != nil {
		return err
	}
	generatorAfter, err := cpuOf(us)
	if err != nil {
		return err
	}
	r.generator, r.busy = generatorAfter-generatorBefore, machine.busySince()
	t.tally.holds(func() bool {
		r.expected, r.delivered = t.expected(), t.tally.delivered
		r.duplicated, r.reordered, r.latency = t.tally.duplicated, t.tally.reordered, t.tally.latency
		r.slices = t.tally.slices
		r.first = durations(t.tally.first)
		return true
	})
	r.payload = t.payload()
	return nil
}

// payload is how many bytes of JSON messages crossed the counted line, up and down.
// A message that was not delivered counts as the mean of the others.
func (t *turn) payload() int {
	sum := 0
	for n := range t.tally.shots {
		sum += len(message(text(n, t.Size), t.Clients))
	}
	if sum == 0 {
		return 0
	}
	down := sum * t.trial.delivered / len(t.tally.shots)
	if t.besides() {
		return down
	}
	return sum + down
}

// packets counts those of all clients so far.
func (t *turn) packets() (sum netsim.Counters) {
	for _, f := range t.fronts {
		c := f.Counters()
		sum = netsim.Counters{Packets: sum.Packets + c.Packets, Bytes: sum.Bytes + c.Bytes, Lost: sum.Lost + c.Lost}
	}
	return sum
}

func (t *turn) expected() int {
	if t.Workload == Ack {
		return len(t.tally.shots)
	}
	return len(t.tally.shots) * t.Clients
}

// shoot gives each shot to its sender at its time, whatever became of those before,
// and ends when all was delivered and the duration is over, or the timeout is.
func (t *turn) shoot(ctx context.Context, began time.Time) error {
	sending, stop := context.WithCancel(ctx)
	var senders sync.WaitGroup
	defer senders.Wait()
	defer stop()
	queues := make([]chan int, t.Clients)
	for i := range queues {
		queues[i] = make(chan int, len(t.tally.shots))
		senders.Go(func() { t.send(sending, t.sender(i), queues[i]) })
	}
	for n, s := range t.tally.shots {
		if err := sleep(ctx, time.Until(began.Add(s.at))); err != nil {
			return err
		}
		queues[s.sender] <- n
	}
	if err := sleep(ctx, time.Until(began.Add(t.Duration))); err != nil {
		return err
	}
	drain, cancel := context.WithTimeout(ctx, drainTimeout+t.Interval+t.netTimeout())
	defer cancel()
	_ = t.await(drain, func() bool { return t.tally.delivered >= t.expected() }) // what is missing is lost
	return context.Cause(ctx)
}

// send sends one after the other, as order wants. What cannot be sent is lost, and
// counted so.
func (t *turn) send(ctx context.Context, p *peer, queue <-chan int) {
	for {
		select {
		case n := <-queue:
			if err := p.send(ctx, text(n, t.Size)); err == nil && t.Workload == Ack {
				t.tally.answered(n)
			}
		case <-ctx.Done():
			return
		}
	}
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

// machine is the CPU time of the whole machine at some moment, in seconds.
type machine struct{ total, idle float64 }

func machineTimes() machine {
	all, err := cpu.Times(false)
	if err != nil || len(all) == 0 {
		return machine{}
	}
	c := all[0]
	idle := c.Idle + c.Iowait
	return machine{c.User + c.System + c.Nice + c.Irq + c.Softirq + c.Steal + idle, idle}
}

func (m machine) busySince() float64 {
	now := machineTimes()
	if now.total <= m.total {
		return 0
	}
	return 1 - (now.idle-m.idle)/(now.total-m.total)
}
