package compare

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"realtimelab/internal/lang"
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
	TLS  bool   `json:"tls,omitempty"` // on every lane; lanes over HTTP/2 and UDP always have it
	Runs int    `json:"runs"`
	Seed uint64 `json:"seed"`

	// SameProcess runs the servers in this process, so that their CPU time and memory include the
	// clients'.
	SameProcess bool `json:"same_process,omitempty"`
}

// A Line describes the network and the cut between each client and the server.
type Line struct {
	Net netsim.Link `json:"-"` // the client's own
	// length of the cut after the measurement, whose recovery is measured; 0 for no cut
	Cut time.Duration `json:"-"`
}

const (
	maxSimulated = 200 // clients over a simulated network
	maxRuns      = 100
	envelope     = 100 // bytes of a message's JSON beside its text, at most
)

// Default returns the configuration of the command and the screen without options. The page
// /lab/compare measures the same lanes.
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

// Check returns what is wrong with c, in one line. Its Transports must be lanes of these lessons.
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
		return lang.Errorf("TLS is for the lab's own servers: measure %s without it",
			"TLS 只用于实验室自己的服务器：测量 %s 时请去掉它",
			c.Servers[0].URL)
	case len(c.Transports) == 0:
		return lang.Errorf("no transports; there are: %s",
			"没有写传输；可选：%s", strings.Join(names, ", "))
	case c.Interval < 10*time.Millisecond || c.Interval > time.Minute:
		return lang.Errorf("interval %s: want 10ms to 1m",
			"interval %s：应为 10ms 到 1m", c.Interval)
	case c.workload().Storm && c.Cut == 0:
		return lang.Errorf(
			"workload %s: it measures the clients' return after a "+
				"cut, so --cut must be more than 0",
			"负载 %s 测量断线之后的重连，所以 --cut 必须大于 0", c.Workload)
	case c.Runs < 1 || c.Runs > maxRuns:
		return lang.Errorf("runs %d: want 1 to %d",
			"runs %d：应为 1 到 %d", c.Runs, maxRuns)
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

// check refuses a load that no lane can carry over the line, whatever its framing.
func (n Line) check(l Load) error {
	switch heard := l.heardBits(); {
	case n.Cut < 0 || n.Cut > time.Minute:
		return lang.Errorf("cut %s: want 0 to 1m",
			"cut %s：应为 0 到 1m", n.Cut)
	case n.simulated() && l.Clients > maxSimulated:
		return lang.Errorf("clients %d: a simulated network takes %d, each with two TCP/IP stacks",
			"%d 个客户端：模拟网络最多 %d 个，每个要两套 TCP/IP 协议栈",
			l.Clients, maxSimulated)
	case n.Net.Rate > 0 && heard > n.Net.Rate:
		return lang.Errorf(
			"each client hears %.0f kbit of text a second, and the network carries %.0f: lower "+
				"--rate, --size or --clients",
			"每个客户端每秒要收 %.0f kbit 文本，而网络只能传 %.0f："+
				"请减小 --rate、--size 或 --clients",
			heard/1000, n.Net.Rate/1000)
	}
	return nil
}

// checkLanes refuses a load that the lanes cannot carry without loss on any machine.
func (c Config) checkLanes(lanes []lesson.Lane) error {
	w := c.workload()
	for _, l := range lanes {
		if needs := w.needs(); needs != "" && w.way(l).Dial == nil {
			return lang.Errorf("%s has no %s: leave it out, or take another workload than %s",
				"%s 没有 %s：请去掉它，或换掉负载 %s",
				l.Name, needs, w.Name)
		}
		if most := lesson.MaxDatagram - envelope; l.Lossy && c.Size > most {
			return lang.Errorf("size %d: %s carries a text of at most %d bytes, in one packet",
				"size %d：%s 的一个数据包最多装 %d 字节文本",
				c.Size, l.Name, most)
		}
	}
	polls := slices.ContainsFunc(lanes, func(l lesson.Lane) bool { return l.Polls })
	if n := c.heardPerSecond(); polls && !w.Asks && n*(c.Interval.Seconds()+0.25) > feedHistory {
		return lang.Errorf(
			"%.0f messages a second at an interval of %s: the server keeps %d between two polls; "+
				"lower --rate, --clients or --interval",
			"每秒 %.0f 条消息，间隔 %s：服务器在两次轮询之间只保留 %d 条；"+
				"请减小 --rate、--clients 或 --interval",
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
		return lang.Errorf(
			"%s: a client has one request or question under way at a time, at an RTT of %s %.1f "+
				"a second at most: lower --rate, or leave them out",
			"%s：客户端同一时间只有一个请求在途，RTT 为 %s "+
				"时每秒最多 %.1f 个：请减小 --rate，或去掉它们",
			strings.Join(inTurn, ", "), c.Net.RTT, most)
	}
	return nil
}

// simulated reports whether the configuration simulates a network.
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

// besides reports whether a sender beside the server sends the messages, instead of the first
// client.
func (c Config) besides() bool { return c.simulated() && c.workload().OneSender }

// cuts reports whether the clients are cut off. Clients that ask receive nothing on their own, and
// clients with rooms or bytes do not all reconnect, so their recovery cannot be measured.
func (c Config) cuts() bool {
	w := c.workload()
	return c.Cut > 0 && !w.Asks && !w.Rooms && !w.Bytes && !w.Uncut
}

// memoryClients is the least number of clients for which the memory per client is a figure. With
// fewer, the memory of the process itself outweighs it.
const memoryClients = 100

// unmeasured returns the keys of the figures that a lane does not have.
func (c Config) unmeasured(lane string) (keys []string) {
	x, ok := c.external(lane)
	switch {
	case !ok:
	case x.PID == 0:
		keys = []string{cpuPerMessage, memoryPerClient, goroutinesPerClient, descriptorsPerClient,
			stormPeakCPU}
	default:
		keys = []string{goroutinesPerClient, stormPeakCPU}
	}
	if c.Clients < memoryClients && !slices.Contains(keys, memoryPerClient) {
		keys = append(keys, memoryPerClient)
	}
	return keys
}

func known(what string, names, all []string) error {
	for i, name := range names {
		if !slices.Contains(all, name) {
			return unknown(what, name, all)
		}
		if slices.Contains(names[:i], name) {
			return lang.Errorf("%s %q is named twice",
				"%s %q 写了两次", what, name)
		}
	}
	return nil
}

func unknown(what, name string, all []string) error {
	return lang.Errorf("no %s %q; there are: %s",
		"没有 %s %q；可选：%s", what, name, strings.Join(all, ", "))
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
