package compare

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
)

// Config of a comparison.
type Config struct {
	Transports []string   `json:"transports"`        // names of lanes, or of Servers
	Servers    []External `json:"servers,omitempty"` // servers of the user's
	Load
	Interval time.Duration `json:"-"` // of short polling
	Line
	TLS  bool   `json:"tls,omitempty"` // on every lane; those of HTTP/2 and over UDP have it anyway
	Runs int    `json:"runs"`
	Seed uint64 `json:"seed"`

	// SameProcess runs the servers in this process, so that their CPU time and memory include the
	// clients'.
	SameProcess bool `json:"same_process,omitempty"`
}

// A Line is what happens between each client and the server.
type Line struct {
	Net netsim.Link   `json:"-"` // the client's own
	Cut time.Duration `json:"-"` // after the measurement the clients are cut off so long, to see them recover; 0 is not at all
}

const (
	maxSimulated = 200 // clients over a simulated network
	maxRuns      = 100
	envelope     = 100 // bytes of a message's JSON beside its text, at most
)

// Default is what the command and the screen begin with: the lanes that the page compare has too.
func Default(all []lesson.Lesson) Config {
	var names []string
	for _, l := range lesson.Lanes(all) {
		if !l.GoOnly {
			names = append(names, l.Name)
		}
	}
	load := Defaults(Feed)
	load.Duration = 10 * time.Second
	return Config{
		Transports: names,
		Load:       load,
		Interval:   time.Second, Line: Line{Cut: time.Second}, Runs: 3, Seed: 1,
	}
}

// Check tells in one line what is wrong with c, whose Transports are lanes of these lessons.
func (c Config) Check(all []lesson.Lesson) error {
	names := lesson.LaneNames(all)
	for _, x := range c.Servers {
		if err := x.check(all); err != nil {
			return err
		}
		names = append(names, x.Name())
	}
	if err := known("transport", c.Transports, names); err != nil {
		return err
	}
	if err := c.Load.check(); err != nil {
		return err
	}
	switch {
	case len(c.Servers) > 0 && c.TLS:
		return fmt.Errorf("TLS is for the lab's own servers: measure %s without it", c.Servers[0].URL)
	case len(c.Transports) == 0:
		return fmt.Errorf("no transports; there are: %s", strings.Join(names, ", "))
	case c.Interval < 10*time.Millisecond || c.Interval > time.Minute:
		return fmt.Errorf("interval %s: want 10ms to 1m", c.Interval)
	case c.workload().Storm && c.Cut == 0:
		return fmt.Errorf("workload %s: it measures the clients' return after a cut, so --cut must be more than 0", c.Workload)
	case c.Runs < 1 || c.Runs > maxRuns:
		return fmt.Errorf("%d runs: want 1 to %d", c.Runs, maxRuns)
	}
	if err := c.Line.check(c.Load); err != nil {
		return err
	}
	var lanes []lesson.Lane
	for _, name := range c.Transports {
		lane := c.lane(all, name)
		lanes = append(lanes, lane)
	}
	return c.checkLanes(lanes)
}

// check refuses what no lane can carry over the line, however it is packed.
func (n Line) check(l Load) error {
	switch heard := l.heardBits(); {
	case n.Cut < 0 || n.Cut > time.Minute:
		return fmt.Errorf("cut %s: want 0 to 1m", n.Cut)
	case n.simulated() && l.Clients > maxSimulated:
		return fmt.Errorf("%d clients: a simulated network takes %d, each with two TCP/IP stacks", l.Clients, maxSimulated)
	case n.Net.Rate > 0 && heard > n.Net.Rate:
		return fmt.Errorf("each client hears %.0f kbit of text a second, and the network carries %.0f: lower --rate, --size or --clients", heard/1000, n.Net.Rate/1000)
	}
	return nil
}

// checkLanes refuses what the lanes cannot carry without loss, whatever the machine.
func (c Config) checkLanes(lanes []lesson.Lane) error {
	w := c.workload()
	for _, l := range lanes {
		if needs := w.needs(); needs != "" && w.way(l).Dial == nil {
			return fmt.Errorf("%s has no %s: leave it out, or take another workload than %s", l.Name, needs, w.Name)
		}
		if most := lesson.MaxDatagram - envelope; l.Lossy && c.Size > most {
			return fmt.Errorf("size %d: %s carries a text of at most %d bytes, in one packet", c.Size, l.Name, most)
		}
	}
	polls := slices.ContainsFunc(lanes, func(l lesson.Lane) bool { return l.Polls })
	if n := c.heardPerSecond(); polls && !w.Asks && n*(c.Interval.Seconds()+0.25) > feedHistory {
		return fmt.Errorf("%.0f messages a second at an interval of %s: the server keeps %d between two polls; lower --rate, --clients or --interval",
			n, c.Interval, feedHistory)
	}
	var inTurn []string // lanes whose clients have one request or question under way at a time
	for _, l := range lanes {
		if l.Posts || w.Asks {
			inTurn = append(inTurn, l.Name)
		}
	}
	most := 1 / max(c.Net.RTT.Seconds(), 1e-6)
	if !c.besides() && w.rate(c.Load) > 0.8*most && len(inTurn) > 0 {
		return fmt.Errorf("%s: a client has one request or question under way at a time, at an RTT of %s %.1f a second at most: lower --rate, or leave them out",
			strings.Join(inTurn, ", "), c.Net.RTT, most)
	}
	return nil
}

// simulated reports whether there is a network to simulate.
func (n Line) simulated() bool { return n.Net != netsim.Link{} }

// timeout returns the time that the network may add to any wait: some round trips, and TCP's
// timers where packets are lost.
func (n Line) timeout() time.Duration {
	timeout := 20 * (n.Net.RTT + n.Net.Jitter)
	if n.Net.Loss > 0 || n.Net.Rate > 0 {
		timeout += 20 * time.Second
	}
	return timeout
}

// besides reports whether the messages come from beside the server, not from the
// first client.
func (c Config) besides() bool { return c.simulated() && c.workload().OneSender }

// cuts reports whether the clients are cut off. Clients that ask hear nothing on their own, and those
// with rooms or bytes do not all reconnect, so there is no recovery to see.
func (c Config) cuts() bool {
	w := c.workload()
	return c.Cut > 0 && !w.Asks && !w.Rooms && !w.Bytes && !w.Uncut
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
