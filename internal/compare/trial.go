package compare

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/process"
)

// trial is what one turn measured.
type trial struct {
	Step
	sent, expected, delivered, duplicated, reordered int

	latency              *hdrhistogram.Histogram
	first                *hdrhistogram.Histogram // by client: from dialing to its own first message
	elapsed              time.Duration
	empty, before, after usage // without clients; with them; at the end
	generator            time.Duration
	busy                 float64 // part of the machine's CPU time, 0 to 1
}

const (
	warmUpPatience = 30 * time.Second
	drainPatience  = 5 * time.Second // and one polling interval
)

// turn is one trial under way.
type turn struct {
	Config
	transport
	server *server
	tally  *tally
	peers  []*peer
	trial  trial
}

func (c Config) measure(ctx context.Context, command Command, step Step) (*trial, error) {
	found, _ := find(step.Transport)
	demo := found.demo
	if c.Workload == Ack {
		demo = found.ackDemo
	}
	s, err := startServer(command, demo)
	if err != nil {
		return nil, err
	}
	defer s.close()
	shots := c.schedule(step.Run)
	t := &turn{Config: c, transport: found, server: s, tally: newTally(shots, c.Clients), trial: trial{Step: step, sent: len(shots)}}
	defer t.hangUp()
	if t.trial.empty, err = s.usage(); err != nil {
		return nil, err
	}
	if err := t.connect(ctx); err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	if err := t.run(ctx); err != nil {
		return nil, err
	}
	return &t.trial, nil
}

func (t *turn) hangUp() {
	var all sync.WaitGroup
	for _, p := range t.peers {
		all.Go(p.close)
	}
	all.Wait()
}

// connect opens the clients, evenly over a polling interval if there is one. Each
// says hello, and hears it. It ends when each has heard the warm-up after that, so
// that nothing of all this is on its way any more.
func (t *turn) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, warmUpPatience+3*t.Interval, fmt.Errorf("not every client heard the first message within %s", warmUpPatience))
	defer cancel()
	dial := t.dial
	if t.Workload == Ack {
		dial = t.dialAsks
	}
	for i := range t.Clients {
		if t.name == "short-polling" && t.Workload != Ack && i > 0 {
			if err := sleep(ctx, t.Interval/time.Duration(t.Clients)); err != nil {
				return err
			}
		}
		// A subscription outlives the warm-up; hangUp ends it.
		t.tally.dial(i)
		p, err := dialWithin(ctx, dial, dialing{t.server.url, t.Interval, func(text string) { t.tally.hear(i, text) }})
		if err != nil {
			return err
		}
		t.peers = append(t.peers, p)
		if err := p.send(ctx, text(hello(i), t.Size)); err != nil {
			return err
		}
		if t.Workload == Ack {
			t.tally.holds(func() bool { t.tally.greet(time.Now(), i); return true })
		}
	}
	if t.Workload == Ack {
		return nil
	}
	return t.warmUp(ctx)
}

func dialWithin(ctx context.Context, dial func(context.Context, dialing) (*peer, error), o dialing) (*peer, error) {
	forever, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	defer stop()
	p, err := dial(forever, o)
	if err != nil {
		cancel()
		return nil, cmp.Or(context.Cause(ctx), err)
	}
	closePeer := p.close
	p.close = func() { closePeer(); cancel() }
	return p, nil
}

func (t *turn) warmUp(ctx context.Context) error {
	if err := t.await(ctx, func() bool { return t.tally.greeted == t.Clients }); err != nil {
		return err
	}
	if err := t.peers[0].send(ctx, text(warmUp, t.Size)); err != nil {
		return err
	}
	return t.await(ctx, func() bool { return t.tally.warmed == t.Clients })
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
	if r.before, err = t.server.usage(); err != nil {
		return err
	}
	generatorBefore, err := cpuOf(us)
	if err != nil {
		return err
	}
	machine := machineTimes()
	began := time.Now()
	t.tally.holds(func() bool { t.tally.began = began; return true })
	if err := t.shoot(ctx, began); err != nil {
		return err
	}
	r.elapsed = time.Since(began)
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
		r.first = newHistogram()
		for _, d := range t.tally.first {
			_ = r.first.RecordValue(max(1, min(d, longest).Microseconds()))
		}
		return true
	})
	return nil
}

func (t *turn) expected() int {
	if t.Workload == Ack {
		return len(t.tally.shots)
	}
	return len(t.tally.shots) * t.Clients
}

// shoot gives each shot to its sender at its time, whatever became of those before,
// and ends when all was delivered and the duration is over, or patience is.
func (t *turn) shoot(ctx context.Context, began time.Time) error {
	sending, stop := context.WithCancel(ctx)
	var senders sync.WaitGroup
	defer senders.Wait()
	defer stop()
	queues := make([]chan int, t.Clients)
	for i := range queues {
		queues[i] = make(chan int, len(t.tally.shots))
		senders.Go(func() { t.send(sending, t.peers[i], queues[i]) })
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
	drain, cancel := context.WithTimeout(ctx, drainPatience+t.Interval)
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
