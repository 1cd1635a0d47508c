package compare

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
)

// The names of the workloads.
const (
	Idle   = "idle"
	Feed   = "feed"
	Chat   = "chat"
	Cursor = "cursor"
	Burst  = "burst"
	Ack    = "ack"
	FanOut = "fan-out"
	Ticker = "ticker"
	Rooms  = "rooms"
	Binary = "binary"

	Storm         = "reconnect-storm"
	StormNoJitter = "reconnect-storm-no-jitter"

	HeadOfLine = "head-of-line"
)

// A Workload describes the messages of a comparison's clients. Without Asks, all clients receive
// each message.
type Workload struct {
	Name string // as --workload takes it
	Says lang.Text

	Defaults Load // default Clients, Rate and Size

	// OneSender means that only the first client sends. Over a simulated network, a sender beside
	// the server takes its place, so that one way is measured.
	OneSender bool

	// Asks means that each message is a question. A client asks one at a time. The answer counts as
	// its delivery, and no other client receives it.
	Asks bool

	// Rooms means that the clients are in rooms of roomSize each. Only clients in the sender's room
	// receive a message.
	Rooms bool

	// Bytes means that a message is bytes instead of JSON.
	Bytes bool

	// Latest means that a client shows only the newest value. Every second client is slow.
	Latest bool

	// Storm means that the workload measures the cut, and sends nothing before it.
	Storm    bool
	NoJitter bool // the clients do not randomize their pauses before they reconnect

	// Uncut means that the clients are not cut off at the end.
	Uncut bool

	// Nets are the networks over which a Plan measures the workload, instead of the Plan's own.
	Nets []netsim.Link

	rate  func(Load) float64                     // messages a second of one sender
	times func(*rand.Rand, Load) []time.Duration // when one sender sends, from the start
	check func(Load) error                       // refuses a load that all lanes would lose; or nil

	figures []string // keys of the narrow table; nil: the main figures
	told    []string // keys of the first conclusions; nil: told
}

var workloads = []Workload{
	{
		Name: Idle, Says: lang.Text{EN: "nothing is sent: what does a connected client cost?",
			ZH: "什么都不发：一个连着的客户端要花多少？"},
		Defaults: few, rate: never, times: noTimes,
		figures: []string{requestsPerMin, bytesPerMinute, packetsPerMinute, recoveryP50,
			memoryPerClient, goroutinesPerClient},
		told: []string{bytesPerMinute, memoryPerClient},
	},
	{
		Name: Feed, Says: lang.Text{EN: "one client sends --rate messages a second, all hear them",
			ZH: "一个客户端每秒发 --rate 条消息，所有客户端都收到"},
		Defaults: few, OneSender: true, rate: steady, times: poisson,
	},
	{
		Name: Chat, Says: lang.Text{EN: "each client sends --rate messages a second, all hear them",
			ZH: "每个客户端每秒发 --rate 条消息，所有客户端都收到"},
		Defaults: few, rate: steady, times: poisson,
	},
	{
		Name: Cursor,
		Says: lang.Text{EN: "each client sends 60 small updates a second, all hear them",
			ZH: "每个客户端每秒发 60 条小更新，所有客户端都收到"},
		Defaults: Load{Clients: 10, Rate: 10, Size: 32}, rate: func(Load) float64 {
			return cursorHz
		},
		times: func(random *rand.Rand, l Load) (times []time.Duration) {
			for at := time.Duration(random.Int64N(
				int64(time.Second / cursorHz))); at < l.Duration; at += time.Second / cursorHz {
				times = append(times, at)
			}
			return times
		},
	},
	{
		Name: Burst,
		Says: lang.Text{
			EN: "once a second one client sends --rate messages at once, all hear them",
			ZH: "一个客户端每秒一次，一下子发 --rate 条消息，所有客户端都收到"},
		Defaults: few, OneSender: true, rate: steady,
		times: func(random *rand.Rand, l Load) (times []time.Duration) {
			for at := time.Duration(random.Int64N(int64(min(time.Second,
				l.Duration)))); at < l.Duration; at += time.Second {
				for range max(1, int(l.Rate)) {
					times = append(times, at)
				}
			}
			return times
		},
		check: func(l Load) error {
			if l.Rate >= feedQueue {
				return fmt.Errorf(
					"bursts of %g: a subscriber may fall %d messages behind, so want fewer", l.Rate,
					feedQueue)
			}
			return nil
		},
	},
	{
		Name: Ack, Says: lang.Text{
			EN: "each client asks --rate times a second and waits for the answer",
			ZH: "每个客户端每秒问 --rate 次，等到回答再问下一次"},
		Defaults: few, Asks: true, rate: steady, times: poisson,
	},
	{
		Name: FanOut,
		Says: lang.Text{
			EN: "as feed with many clients: how long until the last one has a message?",
			ZH: "同 feed，但客户端很多：最后一个客户端要多久才收到？"},
		Defaults: Load{Clients: 200, Rate: 2, Size: 100}, OneSender: true, Uncut: true,
		rate: steady, times: poisson,
		figures: []string{lostMessages, latencyP50, latencyP99, lastClientP50, lastClientP99,
			bytesPerMessage, requestsPerMsg, cpuPerMessage},
		told: []string{lastClientP50, bytesPerMessage},
	},
	{
		Name: Rooms,
		Says: lang.Text{EN: "as chat, in rooms of five: those in other rooms must hear nothing",
			ZH: "同 chat，但五人一个房间：其他房间不该收到"},
		Defaults: Load{Clients: 50, Rate: 2, Size: 100}, Rooms: true, rate: steady, times: poisson,
	},
	{
		Name: Binary,
		Says: lang.Text{
			EN: "as feed with bytes instead of JSON: what does base64 cost " +
				"where bytes must travel as text?",
			ZH: "同 feed，但消息是字节而不是 JSON：只能传文本的传输，base64 要多花多少？"},
		Defaults: Load{Clients: 10, Rate: 10, Size: 1000}, OneSender: true, Bytes: true,
		rate: steady, times: poisson,
		figures: []string{lostMessages, latencyP50, latencyP99, bytesPerMessage, payloadBytes,
			base64Bytes, framingBytes, headerBytes},
	},
	{
		Name: Ticker,
		Says: lang.Text{
			EN: "the latest value wins: what clients miss, and how old their " +
				"value is; every second client is slow",
			ZH: "只要最新值：客户端错过多少，看到的值有多旧；每两个客户端有一个是慢的"},
		Defaults: Load{Clients: 10, Rate: 20, Size: 100}, OneSender: true, Latest: true,
		rate: steady, times: regular,
		figures: []string{fastMissed, fastAgeP50, fastAgeP99, slowMissed, slowAgeP50, slowAgeP99,
			bytesPerMessage},
		told: []string{fastAgeP50, slowAgeP50},
		check: func(l Load) error {
			if l.Clients < 2 {
				return fmt.Errorf("clients %d: every second one is slow, so want 2 or more",
					l.Clients)
			}
			return nil
		},
	},
	{
		Name: Storm,
		Says: lang.Text{
			EN: "all clients are cut off at once (--cut): what do their reconnects cost?",
			ZH: "所有客户端同时被切断（--cut）：重连要付出什么代价？"},
		Defaults: Load{Clients: 200, Rate: 10, Size: 100}, Storm: true, rate: never, times: noTimes,
		figures: stormFigures, told: stormTold,
	},
	{
		Name: StormNoJitter,
		Says: lang.Text{EN: "the same without jitter in the clients' reconnect delays",
			ZH: "同上，但客户端的重连间隔不加抖动"},
		Defaults: Load{Clients: 200, Rate: 10, Size: 100}, Storm: true, NoJitter: true, rate: never,
		times: noTimes, figures: stormFigures, told: stormTold,
	},
	{
		Name: HeadOfLine,
		Says: lang.Text{
			EN: "as feed, over networks that lose 0, 0.5, 1, 2 and 5 % of the " +
				"packets: what does a lost packet hold up?",
			ZH: "同 feed，网络丢包 0、0.5、1、2 和 5 %：丢一个数据包会堵住什么？"},
		Defaults: Load{Clients: 20, Rate: 20, Size: 100}, OneSender: true, Uncut: true,
		Nets: losing(0, 0.005, 0.01, 0.02, 0.05), rate: steady, times: poisson,
		figures: []string{lostMessages, reordered, latencyP50, latencyP99, latencyP999,
			bytesPerMessage, packetsPerMsg},
		told: []string{latencyP99, latencyP999},
	},
}

var (
	stormFigures = []string{recoveryP50, allBack, stormPeakCPU, stormConnections, stormRequests,
		stormBytes}
	stormTold = []string{allBack, stormPeakCPU}
)

// few holds the defaults of most workloads.
var few = Load{Clients: 10, Rate: 10, Size: 100}

// losing returns networks with the same RTT that lose that part of the packets.
func losing(parts ...float64) (all []netsim.Link) {
	for _, loss := range parts {
		all = append(all, netsim.Link{RTT: 40 * time.Millisecond, Loss: loss})
	}
	return all
}

func never(Load) float64 { return 0 }

func noTimes(*rand.Rand, Load) []time.Duration { return nil }

func steady(l Load) float64 { return l.Rate }

// regular sends at equal intervals.
func regular(random *rand.Rand, l Load) (times []time.Duration) {
	interval := time.Duration(float64(time.Second) / l.Rate)
	for at := time.Duration(random.Int64N(int64(interval))); at < l.Duration; at += interval {
		times = append(times, at)
	}
	return times
}

// poisson draws the times of a Poisson process. They are independent of any polling interval.
func poisson(random *rand.Rand, l Load) (times []time.Duration) {
	gap := func() time.Duration {
		return time.Duration(random.ExpFloat64() / l.Rate * float64(time.Second))
	}
	for at := gap(); at < l.Duration; at += gap() {
		times = append(times, at)
	}
	return times
}

// way returns the lane's functions for the workload.
func (w Workload) way(l lesson.Lane) lesson.Way {
	switch {
	case w.Asks:
		return lesson.Way{Start: l.Answers, Dial: l.Ask}
	case w.Rooms:
		return l.Rooms
	case w.Bytes:
		return l.Bytes
	}
	return lesson.Way{Dial: l.Dial}
}

// needs names a feature that the workload needs and not every lane has. It is empty without one.
func (w Workload) needs() string {
	switch {
	case w.Asks:
		return "answers"
	case w.Rooms:
		return "rooms"
	case w.Bytes:
		return "messages of bytes"
	}
	return ""
}

// AllWorkloads returns the workloads in the order of the documentation.
func AllWorkloads() []Workload { return slices.Clone(workloads) }

// Workloads returns the names of the workloads.
func Workloads() []string {
	var names []string
	for _, w := range workloads {
		names = append(names, w.Name)
	}
	return names
}

// FindWorkload finds a workload by its name.
func FindWorkload(name string) (Workload, bool) {
	i := slices.IndexFunc(workloads, func(w Workload) bool { return w.Name == name })
	if i < 0 {
		return Workload{}, false
	}
	return workloads[i], true
}

// Defaults returns the default load of a workload. It has no duration.
func Defaults(workload string) Load {
	w, _ := FindWorkload(workload)
	l := w.Defaults
	l.Workload = workload
	return l
}
