// Package compare carries one workload over every transport of the lab and
// measures what each costs.
//
// The load is an open loop: when each message should be sent is drawn before the
// run from the seed, and latency counts from that moment, so a transport that
// stalls the sender is charged for it. Each transport's server is the lesson's own,
// in a process of its own behind a counting tap; its client is the lesson's Go
// client. Transports run in random order, several times, and the spread is shown.
package compare

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
)

// The workloads.
const (
	Idle   = "idle"   // nothing is sent
	Feed   = "feed"   // the first client sends Rate messages a second, all hear them
	Chat   = "chat"   // each client sends Rate messages a second, all hear them
	Cursor = "cursor" // each client sends 60 messages a second at an even pace, all hear them
	Burst  = "burst"  // once a second the first client sends Rate messages at once, all hear them
	Ack    = "ack"    // each client asks Rate times a second, one question at a time, and is answered
)

// Workloads lists them in the order of the documentation.
func Workloads() []string { return []string{Idle, Feed, Chat, Cursor, Burst, Ack} }

// Config of a comparison.
type Config struct {
	Transports []string      `json:"transports"`
	Workload   string        `json:"workload"`
	Clients    int           `json:"clients"`
	Rate       float64       `json:"rate"` // see the workloads
	Size       int           `json:"size"` // bytes of a message's text
	Duration   time.Duration `json:"-"`    // of one run's measurement
	Interval   time.Duration `json:"-"`    // of short polling
	Net        netsim.Link   `json:"-"`    // each client's own, between it and the server
	Cut        time.Duration `json:"-"`    // after the measurement the clients are cut off so long, to see them recover; 0 is not at all
	Runs       int           `json:"runs"`
	Seed       uint64        `json:"seed"`
}

// Default is what the command and the screen begin with: all these lanes.
func Default(all []lesson.Lesson) Config {
	return Config{
		Transports: lesson.LaneNames(all), Workload: Feed, Clients: 10, Rate: 10, Size: DefaultSize(Feed), Duration: 10 * time.Second,
		Interval: time.Second, Cut: time.Second, Runs: 3, Seed: 1,
	}
}

// DefaultSize is the size of a message's text in a workload: a cursor's is small.
func DefaultSize(workload string) int {
	if workload == Cursor {
		return 32
	}
	return 100
}

// Bounds of a Config. The smallest text holds the message's own number.
const (
	maxClients = 1000

	maxSimulated = 200 // clients over a simulated network

	minSize = 16
	maxSize = 16 << 10
	maxRuns = 100

	// feedHistory is what the feed of the lessons keeps, and feedQueue how far
	// behind a subscriber may fall.
	feedHistory = 1000
	feedQueue   = 256

	cursorHz = 60
)

// Check tells in one line what is wrong with c, whose Transports are lanes of these lessons.
func (c Config) Check(all []lesson.Lesson) error {
	names := lesson.LaneNames(all)
	if err := known("transport", c.Transports, names); err != nil {
		return err
	}
	if err := known("workload", []string{c.Workload}, Workloads()); err != nil {
		return err
	}
	switch {
	case len(c.Transports) == 0:
		return fmt.Errorf("no transports; there are: %s", strings.Join(names, ", "))
	case c.Clients < 1 || c.Clients > maxClients:
		return fmt.Errorf("%d clients: want 1 to %d", c.Clients, maxClients)
	case !(c.Rate > 0 && c.Rate <= 10_000):
		return fmt.Errorf("rate %g: want more than 0 and at most 10000 messages a second", c.Rate)
	case c.Size < minSize || c.Size > maxSize:
		return fmt.Errorf("size %d: want %d to %d bytes", c.Size, minSize, maxSize)
	case c.Duration < 100*time.Millisecond || c.Duration > time.Hour:
		return fmt.Errorf("duration %s: want 100ms to 1h", c.Duration)
	case c.Interval < 10*time.Millisecond || c.Interval > time.Minute:
		return fmt.Errorf("interval %s: want 10ms to 1m", c.Interval)
	case c.Runs < 1 || c.Runs > maxRuns:
		return fmt.Errorf("%d runs: want 1 to %d", c.Runs, maxRuns)
	case c.Cut < 0 || c.Cut > time.Minute:
		return fmt.Errorf("cut %s: want 0 to 1m", c.Cut)
	case c.simulated() && c.Clients > maxSimulated:
		return fmt.Errorf("%d clients: a simulated network takes %d, each with two TCP/IP stacks", c.Clients, maxSimulated)
	}
	var lanes []lesson.Lane
	for _, name := range c.Transports {
		_, lane, _ := lesson.FindLane(all, name)
		lanes = append(lanes, lane)
	}
	return c.mix(lanes)
}

// mix refuses what cannot be carried without loss, whatever the machine.
func (c Config) mix(lanes []lesson.Lane) error {
	if c.Workload == Burst && c.Rate >= feedQueue {
		return fmt.Errorf("bursts of %g: a subscriber may fall %d messages behind, so want fewer", c.Rate, feedQueue)
	}
	polls := slices.ContainsFunc(lanes, func(l lesson.Lane) bool { return l.Polls })
	if polls && c.Workload != Ack && c.perSecond()*(c.Interval.Seconds()+0.25) > feedHistory {
		return fmt.Errorf("%.0f messages a second at an interval of %s: the server keeps %d between two polls; lower --rate, --clients or --interval",
			c.perSecond(), c.Interval, feedHistory)
	}
	if n := c.perSecond() * c.Duration.Seconds(); n > 1e6 {
		return fmt.Errorf("%.0f messages in one run: want at most a million", n)
	}
	return c.mixWithNet(lanes)
}

// mixWithNet refuses what the network cannot carry, however it is packed.
func (c Config) mixWithNet(lanes []lesson.Lane) error {
	if heard := c.heardBits(); c.Net.Rate > 0 && heard > c.Net.Rate {
		return fmt.Errorf("each client hears %.0f kbit of text a second, and the network carries %.0f: lower --rate, --size or --clients", heard/1000, c.Net.Rate/1000)
	}
	var posts []string
	for _, l := range lanes {
		if l.Posts || c.Workload == Ack {
			posts = append(posts, l.Name)
		}
	}
	most := 1 / max(c.Net.RTT.Seconds(), 1e-6)
	if each := c.eachSends(); each > 0.8*most && len(posts) > 0 {
		return fmt.Errorf("%s: a client has one request or question under way at a time, at an RTT of %s %.1f a second at most: lower --rate, or leave them out",
			strings.Join(posts, ", "), c.Net.RTT, most)
	}
	return nil
}

// simulated reports whether there is a network to simulate.
func (c Config) simulated() bool { return c.Net != netsim.Link{} }

// besides reports whether the messages come from beside the server, not from the
// first client: what is fed over a simulated network is measured one way.
func (c Config) besides() bool {
	return c.simulated() && (c.Workload == Feed || c.Workload == Burst)
}

// eachSends is how many messages a second go up a client's link.
func (c Config) eachSends() float64 {
	switch {
	case c.besides():
		return 0
	case c.Workload == Cursor:
		return cursorHz
	case c.Workload == Idle:
		return 0
	}
	return c.Rate
}

// heardBits is how much text comes down a client's link in a second.
func (c Config) heardBits() float64 {
	heard := c.perSecond()
	if c.Workload == Ack {
		heard = c.Rate
	}
	return heard * float64(c.Size) * 8
}

// perSecond is how many messages all senders together send.
func (c Config) perSecond() float64 {
	switch c.Workload {
	case Idle:
		return 0
	case Feed, Burst:
		return c.Rate
	case Cursor:
		return cursorHz * float64(c.Clients)
	}
	return c.Rate * float64(c.Clients)
}

func known(what string, names, all []string) error {
	for i, name := range names {
		if !slices.Contains(all, name) {
			return unknown(what, name, all)
		}
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("%s %q is named twice", what, name)
		}
	}
	return nil
}

func unknown(what, name string, all []string) error {
	return fmt.Errorf("no %s %q; there are: %s", what, name, strings.Join(all, ", "))
}

// Step is one transport's turn in one run.
type Step struct {
	Run       int // from 0
	Transport string
}

// order is the order of all turns: in each run every transport once, shuffled.
func (c Config) order() []Step {
	random := rand.New(rand.NewPCG(c.Seed, 1))
	var steps []Step
	for run := range c.Runs {
		for _, i := range random.Perm(len(c.Transports)) {
			steps = append(steps, Step{run, c.Transports[i]})
		}
	}
	return steps
}

// Progress is told before each turn, and several times a second while it measures.
type Progress struct {
	Step
	Done, Of int
	Left     time.Duration // estimate, of all that is to come
	Live     *Live         // of this turn; nil before it measures
	Report   *Report       // of the turns that were measured whole; not to be changed
}

// Live is how a turn goes, from the start of its measurement.
type Live struct {
	Elapsed   time.Duration
	Delivered int
	Expected  int     // at the end
	P50, P99  float64 // ms, so far
	Recent    float64 // ms, the median of what was delivered since the last time; 0 if nothing was
	Bytes     int64
	Requests  int64
}

// A Runner measures the lanes of lessons.
type Runner struct {
	Lessons []lesson.Lesson
	Server  Command // starts a lane's server
}

// Run measures. When ctx ends, or a turn fails, the Report has the turns that were measured whole,
// and the error is the cause. One goroutine at a time calls tell.
func (r Runner) Run(ctx context.Context, c Config, tell func(Progress)) (*Report, error) {
	if err := c.Check(r.Lessons); err != nil {
		return nil, err
	}
	steps := c.order()
	var trials []trial
	began := time.Now()
	for i, step := range steps {
		each := c.Duration + c.Cut + time.Second
		if i > 0 {
			each = time.Since(began) / time.Duration(i)
		}
		turnBegan, p := time.Now(), Progress{Step: step, Done: i, Of: len(steps), Left: time.Duration(len(steps)-i) * each, Report: c.report(trials)}
		tell(p)
		_, lane, _ := lesson.FindLane(r.Lessons, step.Transport)
		t, err := c.measure(ctx, r.Server, lane, step, func(l Live) {
			now := p
			now.Live, now.Left = &l, p.Left-min(time.Since(turnBegan), each)
			tell(now)
		})
		if err != nil {
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			return c.report(trials), fmt.Errorf("%s: %w", step.Transport, err)
		}
		trials = append(trials, *t)
	}
	return c.report(trials), nil
}
