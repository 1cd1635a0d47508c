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
)

// Report is the outcome of one configuration: a part of a Document.
type Report struct {
	Config   ReportedConfig `json:"config"`
	Results  []Result       `json:"results"` // in the order of Config.Transports; only what was measured
	Warnings []lang.Text    `json:"warnings,omitempty"`
}

// Machine is where a Report was measured.
type Machine struct {
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
	OS    string `json:"os"`
	Go    string `json:"go"`
}

// ThisMachine describes the machine that runs the program.
func ThisMachine() Machine {
	m := Machine{Cores: runtime.NumCPU(), OS: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version()}
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

// Latency is delivery from the intended send time, in milliseconds.
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

// First is how long it takes from nothing to the first message: a client begins to
// connect, says something, and hears it (in the workload ack: is answered), in
// milliseconds over all clients.
type First struct {
	P50 float64 `json:"p50"`
	Max float64 `json:"max"`
}

// Recovery is how long clients that were cut off hear nothing after the server can
// be reached again, in milliseconds over all clients. All the while something is
// said every ten milliseconds.
type Recovery struct {
	P50   float64 `json:"p50"`
	Max   float64 `json:"max"`
	Never int     `json:"never"` // clients that heard nothing any more
}

// Tickers is what the clients of a ticker saw.
type Tickers struct {
	Fast Screen `json:"fast"`
	Slow Screen `json:"slow"`
}

// Screen is what clients of one speed saw of the values.
type Screen struct {
	Missed float64 `json:"missed_percent"` // of the values that were sent: those that no frame showed
	AgeP50 float64 `json:"age_p50_ms"`     // of the value on the screen, over the time and the clients
	AgeP99 float64 `json:"age_p99_ms"`
}

// screen sums up the clients of one speed.
func screen(trials []trial, speed int) (s Screen) {
	ages, values, drawn := newHistogram(), 0, 0
	for _, t := range trials {
		if one := t.screens[speed]; one.ages != nil {
			ages.Merge(one.ages)
			values, drawn = values+one.values, drawn+one.drawn
		}
	}
	if values > 0 {
		s.Missed = 100 * float64(values-drawn) / float64(values)
	}
	s.AgeP50, s.AgeP99 = ms(ages.ValueAtQuantile(50)), ms(ages.ValueAtQuantile(99))
	return s
}

// StormCost is what it costs the server that all clients reconnect at once, until all are back. All
// but AllBack count from the cut.
type StormCost struct {
	AllBack     float64 `json:"all_back_ms"`            // from the end of the cut; 0 if some clients did not come back
	PeakCPU     float64 `json:"peak_cpus"`              // CPUs that the server kept busy, the most over a fifth of a second
	Connections float64 `json:"connections_per_client"` // those that were refused included
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

// Bytes per delivered message, both ways, by what they are. They sum to
// bytes_per_message.
type Bytes struct {
	Payload float64 `json:"payload"`         // the JSON messages, the same on every lane
	Framing float64 `json:"framing"`         // all that is neither message nor HTTP head: chunks, frames, packets, event names; below zero where compression took away more
	Headers float64 `json:"headers"`         // HTTP heads
	Base64  float64 `json:"base64,omitzero"` // of the framing: what base64 adds to the payload, before a compression
}

// Range is the least and the most over the runs. Its JSON is an array of both.
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

// Result is one transport under one workload. What is per message counts delivered
// messages; where none was delivered, as in the workload idle, it is zero and the
// per minute figures speak.
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

	// Unmeasured are the keys of figures that nobody could measure, of a server of the user's. Their
	// numbers mean nothing.
	Unmeasured []string `json:"unmeasured,omitempty"`

	Latency            Latency   `json:"latency_ms"`
	OverTime           *OverTime `json:"latency_over_time_ms,omitempty"`
	Last               Last      `json:"last_client_ms,omitzero"` // where all clients hear each message
	First              First     `json:"first_message_ms"`
	BytesPerMessage    float64   `json:"bytes_per_message"`
	Bytes              Bytes     `json:"bytes"`
	RequestsPerMessage float64   `json:"requests_per_message"`
	CPUPerMessage      float64   `json:"server_cpu_us_per_message"`
	CPUResolution      float64   `json:"server_cpu_resolution_us_per_message"` // the clock cannot tell less
	MemoryPerClient    float64   `json:"server_kib_per_client"`

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
	return jsonexp.Marshal(plain(r), jsonexp.Deterministic(true), jsonexp.WithMarshalers(jsonexp.MarshalToFunc(func(e *jsontext.Encoder, v float64) error {
		return e.WriteToken(jsontext.Float(round(v)))
	})))
}

// round keeps five digits.
func round(v float64) float64 { return digits(v, 5) }

// digits keeps that many digits, and all before the point.
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

// saturated is the part of the machine's CPU time from which on latency tells more
// of the machine than of the transport.
const saturated = 0.9

func (c Config) report(trials []trial) *Report {
	r := &Report{Results: []Result{}, Config: ReportedConfig{
		Config: c, DurationMS: ms(c.Duration.Microseconds()), IntervalMS: ms(c.Interval.Microseconds()), Network: c.Net.String(), CutMS: ms(c.Cut.Microseconds()),
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
			r.warn("%s: %d clients received nothing more after the cut", "%s：切断之后，有 %d 个客户端再也没有收到消息", name, never.Never)
		}
	}
	if c.SameProcess {
		r.warn("the servers ran in the clients' process, so CPU, memory, goroutines and file descriptors include the clients'",
			"服务器与客户端在同一个进程里，所以 CPU、内存、goroutine 和文件描述符都包含客户端的那一份")
	}
	if len(busy) > 0 {
		r.warn("the machine was saturated (more than %.0f%% of its CPU time), so these latencies say more about the machine than about the transport: %s",
			"机器已经饱和（CPU 时间超过 %.0f%%），这些延迟反映的主要是机器，而不是传输方式：%s", saturated*100, strings.Join(busy, ", "))
	}
	return r
}

func (r *Report) warn(en, zh string, args ...any) {
	r.Warnings = append(r.Warnings, lang.Text{EN: fmt.Sprintf(en, args...), ZH: fmt.Sprintf(zh, args...)})
}

// Faults tells what was lost, doubled or reordered where the transport promises otherwise; nil if it
// kept its promises.
func (r *Report) Faults() error {
	for _, x := range r.Results {
		if x.Misdirected > 0 {
			return fmt.Errorf("%s: %d heard in another room", x.Transport, x.Misdirected)
		}
		if !x.Lossy && x.Lost > 0 || x.Duplicated > 0 || !x.Unordered && x.Reordered > 0 {
			return fmt.Errorf("%s: %d lost, %d duplicated, %d reordered", x.Transport, x.Lost, x.Duplicated, x.Reordered)
		}
	}
	return nil
}

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func ms(us int64) float64 { return float64(us) / 1000 }

// result sums up the runs of one transport.
func (c Config) result(name string, trials []trial) Result {
	r := c.merged(name, trials)
	r.Spread = Spread{}
	for _, t := range trials {
		one := c.merged(name, []trial{t})
		for _, f := range figures {
			v, ok := f.Of(one)
			if !ok || !f.spread || one.Messages > 0 && strings.HasSuffix(f.Key, "_per_client_minute") { // these speak where nothing is sent
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
	r := Result{Transport: name, Workload: c.Workload, Runs: len(trials), Unmeasured: c.unmeasured(name)}
	all, last, first, recovery := newHistogram(), newHistogram(), newHistogram(), newHistogram()
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
	at := func(q float64) float64 { return ms(all.ValueAtQuantile(q)) }
	r.Latency = Latency{at(50), at(90), at(99), at(99.9), ms(all.Max())}
	r.OverTime = c.overTime(r, trials)
	r.Last = Last{ms(last.ValueAtQuantile(50)), ms(last.ValueAtQuantile(99)), ms(last.Max())}
	r.First = First{ms(first.ValueAtQuantile(50)), ms(first.Max())}
	if c.cuts() {
		r.Recovery = &Recovery{ms(recovery.ValueAtQuantile(50)), ms(recovery.Max()), never}
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
	o := &OverTime{Slice: ms(c.Duration.Microseconds()) / timeSlices}
	for i := range timeSlices {
		all := newSlice()
		for _, t := range trials {
			if len(t.slices) > i {
				all.Merge(t.slices[i])
			}
		}
		if all.TotalCount() == 0 {
			o.P50, o.Max = append(o.P50, nil), append(o.Max, nil)
			continue
		}
		p50, most := min(ms(all.ValueAtQuantile(50)), r.Latency.Max), min(ms(all.Max()), r.Latency.Max)
		p50, most = digits(p50, 3), digits(most, 3)
		o.P50, o.Max = append(o.P50, &p50), append(o.Max, &most)
	}
	return o
}

// add adds a trial's figures to r, as this part of the mean.
func (c Config) add(r *Result, t trial, part float64) {
	in, out := t.after.In-t.before.In, t.after.Out-t.before.Out
	headers := t.after.HeadersIn - t.before.HeadersIn + t.after.HeadersOut - t.before.HeadersOut
	requests, connections := t.after.Requests-t.before.Requests, t.after.Connections-t.before.Connections
	clients := float64(c.Clients)
	minutes := t.elapsed.Minutes() * clients
	if n := float64(t.delivered); n > 0 {
		payload := float64(t.payload)
		r.BytesPerMessage += part * float64(in+out) / n
		r.Bytes.Payload += part * payload / n
		if t.base64 {
			longer := float64(base64.StdEncoding.EncodedLen(c.Size)-c.Size) / float64(c.Size)
			r.Bytes.Base64 += part * longer * payload / n
		}
		r.Bytes.Headers += part * float64(headers) / n
		r.Bytes.Framing += part * (float64(in+out-headers) - payload) / n
		r.RequestsPerMessage += part * float64(requests) / n
		r.ConnectionsPerMessage += part * float64(connections) / n
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
	r.RequestsPerMinute += part * float64(requests) / minutes
	r.BytesPerMinute += part * float64(in+out) / minutes
	r.MemoryPerClient += part * max(0, float64(t.before.memory)-float64(t.empty.memory)) / 1024 / clients
	r.GoroutinesPerClient += part * float64(t.before.Goroutines-t.empty.Goroutines) / clients
	r.DescriptorsPerClient += part * float64(t.before.descriptors-t.empty.descriptors) / clients
	r.GeneratorCPU += part * t.generator.Seconds() / t.elapsed.Seconds()
}
