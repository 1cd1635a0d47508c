package compare

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"

	jsonexp "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/shirou/gopsutil/v4/cpu"

	"realtimelab/internal/lang"
	"realtimelab/internal/latency"
)

// Report is the outcome of one configuration: a part of a Document.
type Report struct {
	Config ReportedConfig `json:"config"`
	// in the order of Config.Transports; only those measured
	Results  []Result    `json:"results"`
	Warnings []lang.Text `json:"warnings,omitempty"`

	withoutUpload bool // read from a Document of version 1, see schemaVersion
}

// Machine describes the computer that measured a Report.
type Machine struct {
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
	OS    string `json:"os"`
	Go    string `json:"go"`
}

// ThisMachine describes the machine that runs the program.
func ThisMachine() Machine {
	m := Machine{Cores: runtime.NumCPU(), OS: runtime.GOOS + "/" + runtime.GOARCH,
		Go: runtime.Version()}
	if all, err := cpu.Info(); err == nil && len(all) > 0 {
		m.CPU = all[0].ModelName
	}
	return m
}

// ReportedConfig is a Config with its durations in milliseconds.
type ReportedConfig struct {
	Config
	DurationMS float64 `json:"duration_ms"`
	IntervalMS float64 `json:"interval_ms"`
	Network    string  `json:"net"` // as --net takes it
	CutMS      float64 `json:"cut_ms"`
}

// Latency is the time from the intended send time to the delivery, in milliseconds.
type Latency struct {
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p999"`
	Max  float64 `json:"max"`
}

// Last is the time from the intended send time until the last client has a message, in milliseconds
// over the messages that reached all clients.
type Last struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// First is the time from the start of a connection to the client's own first message: a client
// connects, sends a message and receives it (in the workload ack: the answer), in milliseconds over
// all clients.
type First struct {
	P50 float64 `json:"p50"`
	Max float64 `json:"max"`
}

// Recovery is the time until clients that were cut off receive a message, from the moment when the
// server can be reached again, in milliseconds over all clients. Probes are sent all the time: see
// recover.
type Recovery struct {
	P50   float64 `json:"p50"`
	Max   float64 `json:"max"`
	Never int     `json:"never"` // clients that never received a message again
}

// Tickers holds the values that the clients of a ticker saw.
type Tickers struct {
	Fast Screen `json:"fast"`
	Slow Screen `json:"slow"`
}

// Screen holds the values that clients of one speed saw.
type Screen struct {
	// the share of the sent values that no frame showed
	Missed float64 `json:"missed_percent"`
	// age of the value on the screen, over time and clients
	AgeP50 float64 `json:"age_p50_ms"`
	AgeP99 float64 `json:"age_p99_ms"`
}

// screen sums up the clients of one speed.
func screen(trials []trial, speed int) (s Screen) {
	ages, values, drawn := latency.New(), 0, 0
	for _, t := range trials {
		if one := t.screens[speed]; one.ages != nil {
			ages.Merge(one.ages)
			values, drawn = values+one.values, drawn+one.drawn
		}
	}
	if values > 0 {
		s.Missed = 100 * float64(values-drawn) / float64(values)
	}
	s.AgeP50, s.AgeP99 = latency.Millis(ages.ValueAtQuantile(50)),
		latency.Millis(ages.ValueAtQuantile(99))
	return s
}

// StormCost is the server's cost when all clients reconnect at once, until all are back. Every
// field except AllBack counts from the cut.
type StormCost struct {
	// from the end of the cut; 0 if some clients did not come back
	AllBack float64 `json:"all_back_ms"`
	// CPUs that the server kept busy, the most over a fifth of a second
	PeakCPU     float64 `json:"peak_cpus"`
	Connections float64 `json:"connections_per_client"` // including refused ones
	Requests    float64 `json:"requests_per_client"`
	Bytes       float64 `json:"bytes_per_client"`
}

// Packets are the IP packets of the simulated network, both ways, TCP's
// acknowledgements and retransmissions included, on the way of all clients together.
type Packets struct {
	PerMessage      float64 `json:"per_message"`
	BytesPerMessage float64 `json:"bytes_per_message"` // IP and TCP headers included
	PerMinute       float64 `json:"per_client_minute"`
	Lost            int     `json:"lost"` // by the network, in all runs
}

// Bytes per delivered message, both ways, by kind. They sum to bytes_per_message.
type Bytes struct {
	Payload float64 `json:"payload"` // the JSON messages, the same on every lane
	// everything else: chunks, frames, packets, event names; negative if compression saves more
	Framing float64 `json:"framing"`
	Headers float64 `json:"headers"` // HTTP heads
	// part of the framing: what base64 adds to the payload, before compression
	Base64 float64 `json:"base64,omitzero"`
}

// Range is the minimum and the maximum over the runs. Its JSON is an array of both.
type Range struct{ Min, Max float64 }

// MarshalJSON writes [min, max], with four digits.
func (r Range) MarshalJSON() ([]byte, error) {
	return json.Marshal([2]float64{digits(r.Min, 4), digits(r.Max, 4)})
}

// UnmarshalJSON reads [min, max].
func (r *Range) UnmarshalJSON(data []byte) error {
	var both []float64
	if err := json.Unmarshal(data, &both); err != nil {
		return err
	}
	if len(both) != 2 {
		return fmt.Errorf("a range has %d numbers, want [min, max]", len(both))
	}
	r.Min, r.Max = both[0], both[1]
	return nil
}

func (r Range) overlaps(other Range) bool { return r.Min <= other.Max && other.Min <= r.Max }

// Spread is the range over the runs of one transport, by the keys of the figures.
type Spread map[string]Range

// OverTime is the latency in equal slices of a run, by the intended send time, in milliseconds over
// all runs. A slice without a message is nil.
type OverTime struct {
	Slice float64    `json:"slice_ms"`
	P50   []*float64 `json:"p50"`
	Max   []*float64 `json:"max"`
}

// Result holds the figures of one transport under one workload. Figures per message count delivered
// messages. They are zero without deliveries, as in the workload idle, which has figures per
// minute.
type Result struct {
	Transport   string `json:"transport"`
	Workload    string `json:"-"` // of the configuration
	Runs        int    `json:"runs"`
	Messages    int    `json:"messages"` // delivered, or answered
	Lost        int    `json:"lost"`
	Duplicated  int    `json:"duplicated"`
	Reordered   int    `json:"reordered"`
	Misdirected int    `json:"misdirected,omitzero"` // heard in another room
	Lossy       bool   `json:"lossy,omitempty"`      // the transport may lose messages
	Unordered   bool   `json:"unordered,omitempty"`  // and may reorder them

	// Unmeasured lists the keys of figures that the lane does not have: for a user's server, the
	// figures that cannot be measured from outside, and with few clients the memory per client.
	// Ignore their numbers.
	Unmeasured []string `json:"unmeasured,omitempty"`

	Latency  Latency   `json:"latency_ms"`
	OverTime *OverTime `json:"latency_over_time_ms,omitempty"`
	// in workloads where all clients receive each message
	Last               Last    `json:"last_client_ms,omitzero"`
	First              First   `json:"first_message_ms"`
	BytesPerMessage    float64 `json:"bytes_per_message"`
	Bytes              Bytes   `json:"bytes"`
	RequestsPerMessage float64 `json:"requests_per_message"`
	CPUPerMessage      float64 `json:"server_cpu_us_per_message"`
	// the resolution of the clock
	CPUResolution   float64 `json:"server_cpu_resolution_us_per_message"`
	MemoryPerClient float64 `json:"server_kib_per_client"`

	ConnectionsPerMessage float64 `json:"connections_per_message"` // opened while measuring
	RequestsPerMinute     float64 `json:"requests_per_client_minute"`
	BytesPerMinute        float64 `json:"bytes_per_client_minute"`
	GoroutinesPerClient   float64 `json:"server_goroutines_per_client"`
	DescriptorsPerClient  float64 `json:"server_descriptors_per_client"`
	GeneratorCPU          float64 `json:"generator_cpu"` // CPUs that the clients kept busy

	Ticker   *Tickers   `json:"ticker,omitempty"`      // in the workload ticker
	Storm    *StormCost `json:"storm,omitempty"`       // in the workloads of a reconnect storm
	Recovery *Recovery  `json:"recovery_ms,omitempty"` // with Config.Cut, but in the workload ack
	Packets  *Packets   `json:"packets,omitempty"`     // with Config.Net

	Spread Spread `json:"spread"`
}

// MarshalJSON rounds the figures to five digits, which is more than the runs agree on.
func (r Result) MarshalJSON() ([]byte, error) {
	type plain Result
	return jsonexp.Marshal(plain(r), jsonexp.Deterministic(true),
		jsonexp.WithMarshalers(jsonexp.MarshalToFunc(func(e *jsontext.Encoder, v float64) error {
			return e.WriteToken(jsontext.Float(round(v)))
		})))
}

// round keeps five digits.
func round(v float64) float64 { return digits(v, 5) }

// digits keeps that many digits, and all digits before the point.
func digits(v float64, n int) float64 {
	if v == 0 {
		return 0
	}
	unit := math.Pow(10, float64(n-1)-math.Floor(math.Log10(math.Abs(v))))
	if unit < 1 {
		return math.Round(v)
	}
	return math.Round(v*unit) / unit
}

// saturated is the fraction of the machine's CPU time above which latency says more about the
// machine than about the transport.
const saturated = 0.9

func (c Config) report(trials []trial) *Report {
	r := &Report{Results: []Result{}, Config: ReportedConfig{
		Config: c, DurationMS: latency.Millis(c.Duration.Microseconds()),
		IntervalMS: latency.Millis(c.Interval.Microseconds()), Network: c.Net.String(),
		CutMS: latency.Millis(c.Cut.Microseconds()),
	}}
	var busy []string // lanes on a saturated machine
	for _, name := range c.Transports {
		var own []trial
		for _, t := range trials {
			if t.Transport == name {
				own = append(own, t)
			}
		}
		if len(own) == 0 {
			continue
		}
		r.Results = append(r.Results, c.result(name, own))
		if slices.ContainsFunc(own, func(t trial) bool { return t.busy > saturated }) {
			busy = append(busy, name)
		}
		if never := r.Results[len(r.Results)-1].Recovery; never != nil && never.Never > 0 {
			r.warn("%s: after the cut, %s received nothing",
				"%s：切断之后，有 %d 个客户端再也没有收到消息", name,
				lang.Counted(never.Never, "client"))
		}
	}
	if sent := func(t trial) bool {
		return t.expected > 0
	}; c.perSecond() > 0 && len(trials) > 0 && !slices.ContainsFunc(trials, sent) {
		r.warn("no message was sent: %g messages a second are too few "+
			"for %s; raise --rate or --duration",
			"没有发出任何消息：每秒 %g 条对 %s 来说太少；请加大 --rate 或 --duration", c.Rate,
			c.Duration)
	}
	for _, x := range c.Servers {
		if x.unknown {
			r.warn("%s: the system does not say whether process %d is the server, so its CPU and "+
				"memory may be another's",
				"%s：系统没有说明进程 %d 是不是这个服务器，所以 CPU 和内存可能属于别的进程",
				x.Name(), x.PID)
		}
	}
	if c.SameProcess && len(c.Servers) < len(c.Transports) {
		r.warn("the servers ran in the clients' process, so CPU, memory, goroutines and file "+
			"descriptors include the clients'",
			"服务器与客户端在同一个进程里，所以 CPU、内存、goroutine "+
				"和文件描述符都包含客户端的那一份")
	}
	if len(busy) > 0 {
		r.warn("the machine was saturated (more than %.0f%% of its CPU time), so these latencies "+
			"say more about the machine than about the transport: %s",
			"机器已经饱和（CPU 时间超过 %.0f%%），这些延迟反映的主要是机器，而不是传输方式：%s",
			saturated*100, strings.Join(busy, ", "))
	}
	return r
}

func (r *Report) warn(en, zh string, args ...any) {
	r.Warnings = append(r.Warnings,
		lang.Text{EN: fmt.Sprintf(en, args...), ZH: fmt.Sprintf(zh, args...)})
}

// Faults returns what was lost, duplicated or reordered although the transport promises otherwise;
// nil if it kept its promises.
func (r *Report) Faults() error {
	for _, x := range r.Results {
		if x.Misdirected > 0 {
			return fmt.Errorf("%s: %d heard in another room", x.Transport, x.Misdirected)
		}
		if !x.Lossy && x.Lost > 0 || x.Duplicated > 0 || !x.Unordered && x.Reordered > 0 {
			return fmt.Errorf("%s: %d lost, %d duplicated, %d reordered", x.Transport, x.Lost,
				x.Duplicated, x.Reordered)
		}
	}
	return nil
}

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// result sums up the runs of one transport.
func (c Config) result(name string, trials []trial) Result {
	r := c.merged(name, trials)
	r.Spread = Spread{}
	for _, t := range trials {
		one := c.merged(name, []trial{t})
		for _, f := range figures {
			v, ok := f.Of(one)
			if !ok || !f.spread || one.Messages > 0 &&
				strings.HasSuffix(f.Key, "_per_client_minute") {
				// these describe workloads that send nothing
				continue
			}
			over, seen := r.Spread[f.Key]
			if !seen {
				over = Range{v, v}
			}
			r.Spread[f.Key] = Range{min(over.Min, v), max(over.Max, v)}
		}
	}
	return r
}

// merged is a result without its spread.
func (c Config) merged(name string, trials []trial) Result {
	r := Result{Transport: name, Workload: c.Workload, Runs: len(trials),
		Unmeasured: c.unmeasured(name)}
	all, last, first, recovery := latency.New(), latency.New(), latency.New(), latency.New()
	if c.simulated() {
		r.Packets = &Packets{}
	}
	if c.workload().Latest {
		r.Ticker = &Tickers{screen(trials, fast), screen(trials, slow)}
	}
	if c.workload().Storm {
		r.Storm = &StormCost{}
	}
	never := 0
	for _, t := range trials {
		r.Messages += t.delivered
		r.Lost += t.expected - t.delivered
		r.Lossy, r.Unordered = t.lossy, t.unordered
		r.Duplicated += t.duplicated
		r.Reordered += t.reordered
		r.Misdirected += t.misdirected
		all.Merge(t.latency)
		first.Merge(t.first)
		if t.last != nil {
			last.Merge(t.last)
		}
		if t.recovery != nil {
			recovery.Merge(t.recovery)
			never += t.neverBack
		}
		c.add(&r, t, 1/float64(len(trials)))
		if r.Packets != nil {
			r.Packets.Lost += int(t.packets.Lost)
		}
	}
	at := func(q float64) float64 { return latency.Millis(all.ValueAtQuantile(q)) }
	r.Latency = Latency{at(50), at(90), at(99), at(99.9), latency.Millis(all.Max())}
	r.OverTime = c.overTime(r, trials)
	r.Last = Last{latency.Millis(last.ValueAtQuantile(50)),
		latency.Millis(last.ValueAtQuantile(99)), latency.Millis(last.Max())}
	r.First = First{latency.Millis(first.ValueAtQuantile(50)), latency.Millis(first.Max())}
	if c.cuts() {
		r.Recovery = &Recovery{latency.Millis(recovery.ValueAtQuantile(50)),
			latency.Millis(recovery.Max()), never}
		if r.Storm != nil && never == 0 {
			r.Storm.AllBack = r.Recovery.Max
		}
	}
	return r
}

// overTime merges the slices of the runs. Their small histograms may round above the maximum of r.
func (c Config) overTime(r Result, trials []trial) *OverTime {
	if c.Workload == Idle {
		return nil
	}
	o := &OverTime{Slice: latency.Millis(c.Duration.Microseconds()) / timeSlices}
	for i := range timeSlices {
		all := latency.NewSlice()
		for _, t := range trials {
			if len(t.slices) > i {
				all.Merge(t.slices[i])
			}
		}
		if all.TotalCount() == 0 {
			o.P50, o.Max = append(o.P50, nil), append(o.Max, nil)
			continue
		}
		p50, most := min(latency.Millis(all.ValueAtQuantile(50)), r.Latency.Max),
			min(latency.Millis(all.Max()), r.Latency.Max)
		p50, most = digits(p50, 3), digits(most, 3)
		o.P50, o.Max = append(o.P50, &p50), append(o.Max, &most)
	}
	return o
}

// add adds a trial's figures to r, as this part of the mean.
func (c Config) add(r *Result, t trial, part float64) {
	// without a sender beside them
	clients, own := float64(c.Clients), between(t.before.Counts, t.after.Counts)
	minutes := t.elapsed.Minutes() * clients
	if n := float64(t.delivered); n > 0 {
		payload, crossed := float64(t.payload),
			whole(t.before.Snapshot, t.after.Snapshot, t.delivered, t.aside)
		r.BytesPerMessage += part * crossed.bytes / n
		r.Bytes.Payload += part * payload / n
		if t.base64 {
			longer := float64(base64.StdEncoding.EncodedLen(c.Size)-c.Size) / float64(c.Size)
			r.Bytes.Base64 += part * longer * payload / n
		}
		r.Bytes.Headers += part * crossed.headers / n
		r.Bytes.Framing += part * (crossed.bytes - crossed.headers - payload) / n
		r.RequestsPerMessage += part * crossed.requests / n
		r.ConnectionsPerMessage += part * crossed.connections / n
		r.CPUPerMessage += part * microseconds(t.after.CPU-t.before.CPU) / n
		r.CPUResolution += part * microseconds(t.cpuStep) / n
	}
	if r.Packets != nil {
		r.Packets.PerMinute += part * float64(t.packets.Packets) / minutes
		if n := float64(t.delivered); n > 0 {
			r.Packets.PerMessage += part * float64(t.packets.Packets) / n
			r.Packets.BytesPerMessage += part * float64(t.packets.Bytes) / n
		}
	}
	if r.Storm != nil {
		s := t.storm
		r.Storm.PeakCPU += part * s.peakCPU
		r.Storm.Connections += part * float64(s.after.Connections-s.before.Connections) / clients
		r.Storm.Requests += part * float64(s.after.Requests-s.before.Requests) / clients
		r.Storm.Bytes += part * float64(s.after.In+s.after.Out-s.before.In-s.before.Out) / clients
	}
	r.RequestsPerMinute += part * own.requests / minutes
	r.BytesPerMinute += part * own.bytes / minutes
	r.MemoryPerClient += part * max(0,
		float64(t.before.memory)-float64(t.empty.memory)) / 1024 / clients
	r.GoroutinesPerClient += part * float64(t.before.Goroutines-t.empty.Goroutines) / clients
	r.DescriptorsPerClient += part * float64(t.before.descriptors-t.empty.descriptors) / clients
	r.GeneratorCPU += part * t.generator.Seconds() / t.elapsed.Seconds()
}
