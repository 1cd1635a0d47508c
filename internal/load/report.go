package load

import (
	_ "embed"
	"encoding/json"
	"io"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"realtimelab/internal/compare"
	"realtimelab/internal/lang"
	"realtimelab/internal/latency"
)

// schemaVersion changes when a reader of the JSON would misread a newer Report.
const schemaVersion = 1

// Schema is the JSON Schema of a Report.
//
//go:embed report.schema.json
var Schema string

// A Report holds the results of a run.
type Report struct {
	Version     int             `json:"schema_version"`
	Command     string          `json:"command,omitempty"` // measures the same again
	Measured    time.Time       `json:"measured"`
	Machine     compare.Machine `json:"machine"`
	Config      Reported        `json:"config"`
	Interrupted bool            `json:"interrupted"` // ended before its time

	Clients Clients `json:"clients"`
	// from the intended arrival until a client is ready
	Connect  Percentiles `json:"connect_ms"`
	Messages *Messages   `json:"messages,omitempty"` // nil if none are sent
	// from the intended time of sending until a receiver has the message, or the sender its
	// acknowledgement
	Latency   *Percentiles `json:"latency_ms,omitempty"`
	Storm     *StormReport `json:"storm,omitempty"`
	Traffic   Traffic      `json:"traffic"`
	Failures  []Failure    `json:"failures"`
	Generator Generator    `json:"generator"`

	Curve      []Point     `json:"latency_curve"` // of the latency; without messages, of connect
	Slices     []Slice     `json:"over_time"`
	Thresholds []Threshold `json:"thresholds"`
}

// Reported is the Config of a report, in JSON's words.
type Reported struct {
	URL       string  `json:"url"`
	Address   string  `json:"address"` // that was dialed
	As        string  `json:"as"`
	Profile   string  `json:"profile"`
	Clients   int     `json:"clients,omitempty"`
	Arrivals  float64 `json:"arrivals_per_second"`
	RampMS    float64 `json:"ramp_ms"`
	Duration  float64 `json:"duration_ms"`
	Rate      float64 `json:"messages_per_second"`
	Size      int     `json:"size"`
	Receivers string  `json:"receivers,omitempty"`
	RoomSize  int     `json:"room_size,omitempty"`
	Polling   float64 `json:"polling"`
	Upgrade   bool    `json:"upgrade"`
	Slow      float64 `json:"slow"`
	SlowRate  int     `json:"slow_bytes_per_second,omitempty"`
	StayMS    float64 `json:"stay_ms,omitempty"`
	SpreadMS  float64 `json:"spread_ms,omitempty"`
	EIO       int     `json:"eio,omitempty"`
	Seed      uint64  `json:"seed"`
}

// Clients counts connections.
type Clients struct {
	Connected int `json:"connected"` // attempts that succeeded, reconnections included
	Peak      int `json:"peak"`      // at a time
	Held      int `json:"held"`      // at the end of the measurement
	Refused   int `json:"failed"`    // attempts that failed
	Dropped   int `json:"dropped"`   // connections that ended although the client wanted to stay
}

// Messages counts messages and their deliveries.
type Messages struct {
	Sent   int `json:"sent"`
	Unsent int `json:"unsent"` // the sender was not connected, or the server did not read
	// deliveries, by the receivers that were connected when it was sent
	Expected  int `json:"expected"`
	Delivered int `json:"delivered"` // of these
	Missing   int `json:"missing"`   // of these
	Extra     int `json:"extra"`     // deliveries that were not expected, such as duplicates
	ToSlow    int `json:"to_slow"`   // deliveries to clients that read slowly; not in Expected
}

// StormReport tells how the clients came back.
type StormReport struct {
	Cut  int `json:"cut"`
	Back int `json:"back"`
	// the longest time a client was away after it was due; 0 if some did not come back
	AllBack  float64     `json:"all_back_ms"`
	Returned Percentiles `json:"back_ms"` // from the due time
}

// Traffic counts the bytes of the connections, without TLS, TCP and IP.
type Traffic struct {
	In       int64 `json:"bytes_in"`
	Out      int64 `json:"bytes_out"`
	Messages int64 `json:"messages_in"` // all messages received, of other senders too
}

// Percentiles are latencies in milliseconds.
type Percentiles struct {
	Count int64   `json:"count"`
	Mean  float64 `json:"mean"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p999"`
	Max   float64 `json:"max"`
}

func percentiles(h *hdrhistogram.Histogram) Percentiles {
	if h.TotalCount() == 0 {
		return Percentiles{}
	}
	at := func(q float64) float64 { return latency.Millis(h.ValueAtQuantile(q)) }
	return Percentiles{h.TotalCount(), round(h.Mean()/1000, 3), at(50), at(90), at(95), at(99),
		at(99.9), latency.Millis(h.Max())}
}

// A Point is a point of the curve of percentiles.
type Point struct {
	Percentile float64 `json:"percentile"`
	Value      float64 `json:"ms"`
}

func curve(h *hdrhistogram.Histogram) []Point {
	points := []Point{}
	for _, q := range []float64{50, 75, 90, 95, 99, 99.9, 99.99, 100} {
		if h.TotalCount() > 0 {
			points = append(points, Point{q, latency.Millis(h.ValueAtQuantile(q))})
		}
	}
	return points
}

// report sums the run up.
func (r *run) report(interrupted bool, w *watch) *Report {
	c, t := r.config, r.tally
	failures := t.list()
	t.mu.Lock()
	defer t.mu.Unlock()
	report := &Report{
		Version: schemaVersion, Command: c.Command, Measured: time.Now().UTC().
				Truncate(time.Second), Machine: compare.ThisMachine(), Config: r.reported(),
		Interrupted: interrupted,
		Clients: Clients{Connected: int(t.connect.TotalCount()), Peak: t.peak, Held: t.ready,
			Refused: count(failures, phaseConnect), Dropped: count(failures, phaseHold)},
		Connect:  percentiles(t.connect),
		Traffic:  Traffic{t.in.Load(), t.out.Load(), t.messages.Load()},
		Failures: failures, Generator: w.machine, Slices: w.slices, Curve: curve(t.connect),
		Thresholds: []Threshold{},
	}
	if c.sends() {
		report.Messages = &Messages{Sent: t.sent, Unsent: t.unsent, Expected: t.expected,
			Delivered: t.delivered, Missing: t.expected - t.delivered, Extra: t.extra,
			ToSlow: t.slowly}
		all := percentiles(t.latency)
		report.Latency, report.Curve = &all, curve(t.latency)
	}
	if c.profile.storm {
		report.Storm = &StormReport{Cut: t.cut, Back: t.back, Returned: percentiles(t.storm)}
		if t.back == t.cut {
			report.Storm.AllBack = latency.Millis(t.returns.Microseconds())
		}
	}
	for _, threshold := range c.thresholds {
		report.Thresholds = append(report.Thresholds, threshold.judge(report))
	}
	return report
}

func (r *run) reported() Reported {
	c := r.config
	ms := func(d time.Duration) float64 { return latency.Millis(d.Microseconds()) }
	out := Reported{
		URL: c.target.Redacted(), Address: r.address.String(), As: c.As, Profile: c.Profile,
		Clients: c.Clients, Arrivals: c.Arrivals, RampMS: ms(c.Ramp), Duration: ms(c.Duration),
		Rate: c.Rate, Polling: c.Polling, Upgrade: c.Upgrade, Slow: c.Slow, Seed: c.Seed,
	}
	if c.sends() {
		out.Size = c.Size
	}
	if c.sends() && !c.profile.acks {
		out.Receivers = c.Receivers
	}
	if c.profile.rooms {
		out.RoomSize = c.RoomSize
	}
	if c.profile.churn {
		out.Clients, out.StayMS = 0, ms(c.Stay)
	}
	if c.profile.storm {
		out.SpreadMS = ms(c.Spread)
	}
	if c.Slow > 0 {
		out.SlowRate = c.SlowRate
	}
	if c.As == SocketIO {
		out.EIO = c.EIO
	}
	return out
}

// JSON writes the report as one indented object.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// Crossed returns the thresholds whose condition is true.
func (r *Report) Crossed() (crossed []Threshold) {
	for _, t := range r.Thresholds {
		if t.Crossed {
			crossed = append(crossed, t)
		}
	}
	return crossed
}

// Notes says what a reader of the figures must know.
func (r *Report) Notes() (notes []lang.Text) {
	say := func(when bool, en, zh string) {
		if when {
			notes = append(notes, lang.Text{EN: en, ZH: zh})
		}
	}
	say(r.Interrupted, "Interrupted: the figures cover the time until then.",
		"运行被中断：数字只包括中断之前的时间。")
	for _, b := range r.Generator.Bottleneck {
		notes = append(notes, lang.Text{EN: "* The load generator may be the bottleneck: " + b.EN +
			".", ZH: "* 负载发生器可能是瓶颈：" + b.ZH + "。"})
	}
	say(r.Generator.SharedCores,
		"The server runs on this machine and shares its cores with the load.",
		"服务器在这台机器上运行，与负载发生器共用 CPU。")
	if r.Generator.busyWithOthers() {
		notes = append(notes, r.Generator.others())
	}
	if m := r.Messages; m != nil && r.Config.Profile == Emit {
		say(m.Expected > 0 && m.Delivered == 0,
			"No acknowledgement came. Does the server's listener call "+
				"its ack function? See --event.",
			"没有收到任何回执。服务器的监听函数调用回执函数了吗？见 --event。")
		say(m.Delivered > 0 && m.Missing > 0, "Some acknowledgements are missing.",
			"缺少部分回执。")
	} else if m != nil {
		say(m.Expected > 0 && m.Delivered == 0,
			"No message came back. Does the server send it on, with its text unchanged? See "+
				"--event, --message and --receivers.",
			"没有收到任何消息。服务器会原样转发文本吗？见 --event、--message 和 --receivers。")
		say(m.Delivered > 0 && m.Missing > 0,
			"Some deliveries are missing. If the server does not send "+
				"to all clients, see --receivers.",
			"有消息没有送达。如果服务器不发给所有客户端，见 --receivers。")
	}
	return notes
}
