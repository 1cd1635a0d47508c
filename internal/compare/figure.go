package compare

import (
	"math"
	"slices"
	"strconv"

	"realtimelab/internal/lang"
)

// A Figure is one number that a comparison measures of each lane. All tables, pages and screens
// take their figures from Figures.
type Figure struct {
	Key      string    // of Result.Spread and of the CSV, with its unit
	Name     lang.Text // without its unit
	Unit     lang.Text
	Short    string // heading of a column
	Decimals int    // at most
	Log      bool   // spans orders of magnitude, so it is drawn on a logarithmic scale

	// Of returns the figure of a lane, and false if it was not measured.
	Of func(Result) (float64, bool)
	// Live returns the figure while a lane is measured. It is nil if only the end tells.
	Live func(Live) float64

	path       string               // in the JSON of a Result, if it is not the Key
	when       string               // it was measured; see the constants
	main       bool                 // in the narrow table
	idle       bool                 // in the narrow table of the workload idle
	spread     bool                 // Result.Spread has its range over the runs
	resolution func(Result) float64 // of the clock; nil: exact
}

var (
	millis   = lang.Text{EN: "ms", ZH: "毫秒"}
	micro    = lang.Text{EN: "µs", ZH: "微秒"}
	octets   = lang.Text{EN: "bytes", ZH: "字节"}
	kibibyte = lang.Same("KiB")
)

// The keys of the figures that sentences and charts name.
const (
	latencyP50          = "latency_p50_ms"
	latencyP99          = "latency_p99_ms"
	bytesPerMessage     = "bytes_per_message"
	cpuPerMessage       = "server_cpu_us_per_message"
	memoryPerClient     = "server_kib_per_client"
	bytesPerMinute      = "bytes_per_client_minute"
	requestsPerMin      = "requests_per_client_minute"
	requestsPerMsg      = "requests_per_message"
	firstMessage        = "first_message_p50_ms"
	recoveryP50         = "recovery_p50_ms"
	packetsPerMsg       = "packets_per_message"
	packetsPerMinute    = "packets_per_client_minute"
	goroutinesPerClient = "server_goroutines_per_client"
)

// Why a figure may not have been measured.
const (
	whenMessages = "messages" // only if messages were delivered
	whenSent     = "sent"     // only if messages were sent
	whenValue    = "value"    // only if it is not 0
)

// perMessage returns a figure that exists where messages were delivered.
func perMessage(f func(Result) float64) func(Result) (float64, bool) {
	return func(r Result) (float64, bool) { return f(r), r.Messages > 0 }
}

func always(f func(Result) float64) func(Result) (float64, bool) {
	return func(r Result) (float64, bool) { return f(r), true }
}

// count returns a number of messages, which exists where messages were sent.
func count(f func(Result) int) func(Result) (float64, bool) {
	return func(r Result) (float64, bool) { return float64(f(r)), r.Messages+r.Lost > 0 }
}

func recovered(f func(Recovery) float64) func(Result) (float64, bool) {
	return func(r Result) (float64, bool) {
		if r.Recovery == nil || r.Recovery.P50 == 0 {
			return 0, false
		}
		return f(*r.Recovery), true
	}
}

func overNetwork(f func(Packets) float64, perMessage bool) func(Result) (float64, bool) {
	return func(r Result) (float64, bool) {
		if r.Packets == nil || perMessage && r.Messages == 0 {
			return 0, false
		}
		return f(*r.Packets), true
	}
}

// per divides by the messages so far.
func per(n func(Live) int64) func(Live) float64 {
	return func(l Live) float64 { return float64(n(l)) / float64(max(l.Delivered, 1)) }
}

var figures = []Figure{
	{Key: "messages", when: whenSent, Name: lang.Text{EN: "messages delivered", ZH: "送达的消息"}, Short: "messages", Of: count(func(r Result) int { return r.Messages })},
	{Key: "lost", when: whenSent, Name: lang.Text{EN: "messages lost", ZH: "丢失的消息"}, Short: "lost", main: true, Of: count(func(r Result) int { return r.Lost })},
	{Key: "duplicated", when: whenSent, Name: lang.Text{EN: "messages duplicated", ZH: "重复的消息"}, Short: "duplicated", Of: count(func(r Result) int { return r.Duplicated })},
	{Key: "reordered", when: whenSent, Name: lang.Text{EN: "messages reordered", ZH: "乱序的消息"}, Short: "reordered", Of: count(func(r Result) int { return r.Reordered })},

	{Key: latencyP50, path: "latency_ms.p50", when: whenMessages, Name: lang.Text{EN: "latency p50", ZH: "延迟 p50"}, Unit: millis, Short: "p50 ms", Decimals: 2, Log: true, main: true, spread: true,
		Of: perMessage(func(r Result) float64 { return r.Latency.P50 }), Live: func(l Live) float64 { return l.P50 }},
	{Key: "latency_p90_ms", path: "latency_ms.p90", when: whenMessages, Name: lang.Text{EN: "latency p90", ZH: "延迟 p90"}, Unit: millis, Short: "p90 ms", Decimals: 2, Log: true,
		Of: perMessage(func(r Result) float64 { return r.Latency.P90 })},
	{Key: latencyP99, path: "latency_ms.p99", when: whenMessages, Name: lang.Text{EN: "latency p99", ZH: "延迟 p99"}, Unit: millis, Short: "p99 ms", Decimals: 2, Log: true, main: true, spread: true,
		Of: perMessage(func(r Result) float64 { return r.Latency.P99 }), Live: func(l Live) float64 { return l.P99 }},
	{Key: "latency_p999_ms", path: "latency_ms.p999", when: whenMessages, Name: lang.Text{EN: "latency p99.9", ZH: "延迟 p99.9"}, Unit: millis, Short: "p99.9 ms", Decimals: 2, Log: true, spread: true,
		Of: perMessage(func(r Result) float64 { return r.Latency.P999 })},
	{Key: "latency_max_ms", path: "latency_ms.max", when: whenMessages, Name: lang.Text{EN: "latency, maximum", ZH: "延迟最大值"}, Unit: millis, Short: "max ms", Decimals: 2, Log: true,
		Of: perMessage(func(r Result) float64 { return r.Latency.Max })},

	{Key: bytesPerMessage, when: whenMessages, Name: lang.Text{EN: "bytes per message", ZH: "每条消息的字节数"}, Short: "bytes/msg", main: true, spread: true,
		Of: perMessage(func(r Result) float64 { return r.BytesPerMessage }), Live: per(func(l Live) int64 { return l.Bytes })},
	{Key: "payload_bytes_per_message", path: "bytes.payload", when: whenMessages, Name: lang.Text{EN: "payload per message", ZH: "每条消息的内容"}, Unit: octets, Short: "payload",
		Of: perMessage(func(r Result) float64 { return r.Bytes.Payload })},
	{Key: "framing_bytes_per_message", path: "bytes.framing", when: whenMessages, Name: lang.Text{EN: "framing per message", ZH: "每条消息的分帧"}, Unit: octets, Short: "framing",
		Of: perMessage(func(r Result) float64 { return r.Bytes.Framing })},
	{Key: "header_bytes_per_message", path: "bytes.headers", when: whenMessages, Name: lang.Text{EN: "HTTP headers per message", ZH: "每条消息的 HTTP 头"}, Unit: octets, Short: "headers",
		Of: perMessage(func(r Result) float64 { return r.Bytes.Headers })},
	{Key: requestsPerMsg, when: whenMessages, Name: lang.Text{EN: "requests per message", ZH: "每条消息的请求数"}, Short: "reqs/msg", Decimals: 3, main: true, spread: true,
		Of: perMessage(func(r Result) float64 { return r.RequestsPerMessage }), Live: per(func(l Live) int64 { return l.Requests })},
	{Key: "connections_per_message", when: whenMessages, Name: lang.Text{EN: "connections opened per message", ZH: "每条消息新建的连接"}, Short: "connections/msg", Decimals: 3,
		Of: perMessage(func(r Result) float64 { return r.ConnectionsPerMessage })},
	{Key: cpuPerMessage, when: whenMessages, Name: lang.Text{EN: "server CPU per message", ZH: "每条消息的服务器 CPU"}, Unit: micro, Short: "cpu µs/msg", main: true, spread: true,
		Of: perMessage(func(r Result) float64 { return r.CPUPerMessage }), resolution: func(r Result) float64 { return r.CPUResolution }},
	{Key: packetsPerMsg, path: "packets.per_message", when: whenMessages, Name: lang.Text{EN: "IP packets per message", ZH: "每条消息的 IP 包"}, Short: "packets/msg", Decimals: 2, spread: true,
		Of: overNetwork(func(p Packets) float64 { return p.PerMessage }, true)},
	{Key: "ip_bytes_per_message", path: "packets.bytes_per_message", when: whenMessages, Name: lang.Text{EN: "IP bytes per message", ZH: "每条消息的 IP 字节"}, Short: "IP bytes/msg",
		Of: overNetwork(func(p Packets) float64 { return p.BytesPerMessage }, true)},

	{Key: requestsPerMin, Name: lang.Text{EN: "requests per client and minute", ZH: "每个客户端每分钟的请求数"}, Short: "reqs/min", Decimals: 1, spread: true, idle: true,
		Of: always(func(r Result) float64 { return r.RequestsPerMinute })},
	{Key: bytesPerMinute, Name: lang.Text{EN: "bytes per client and minute", ZH: "每个客户端每分钟的字节数"}, Short: "bytes/min", spread: true, idle: true,
		Of: always(func(r Result) float64 { return r.BytesPerMinute })},
	{Key: packetsPerMinute, path: "packets.per_client_minute", Name: lang.Text{EN: "IP packets per client and minute", ZH: "每个客户端每分钟的 IP 包"}, Short: "packets/min", Decimals: 1, idle: true,
		Of: overNetwork(func(p Packets) float64 { return p.PerMinute }, false)},
	{Key: "packets_lost", path: "packets.lost", Name: lang.Text{EN: "IP packets lost by the network", ZH: "网络丢失的 IP 包"}, Short: "packets lost",
		Of: overNetwork(func(p Packets) float64 { return float64(p.Lost) }, false)},

	{Key: firstMessage, path: "first_message_ms.p50", when: whenValue, Name: lang.Text{EN: "first message", ZH: "首条消息"}, Unit: millis, Short: "first ms", Decimals: 1, main: true, spread: true,
		Of: func(r Result) (float64, bool) { return r.First.P50, r.First.P50 > 0 }},
	{Key: recoveryP50, path: "recovery_ms.p50", when: whenValue, Name: lang.Text{EN: "recovery", ZH: "恢复"}, Unit: millis, Short: "recovery ms", Decimals: 1, main: true, spread: true, idle: true,
		Of: recovered(func(r Recovery) float64 { return r.P50 })},
	{Key: memoryPerClient, Name: lang.Text{EN: "server memory per client", ZH: "每个客户端的服务器内存"}, Unit: kibibyte, Short: "KiB/client", spread: true, idle: true,
		Of: always(func(r Result) float64 { return r.MemoryPerClient })},
	{Key: goroutinesPerClient, Name: lang.Text{EN: "server goroutines per client", ZH: "每个客户端的服务器 goroutine"}, Short: "goroutines", Decimals: 1, idle: true,
		Of: always(func(r Result) float64 { return r.GoroutinesPerClient })},
	{Key: "server_descriptors_per_client", Name: lang.Text{EN: "server file descriptors per client", ZH: "每个客户端的服务器文件描述符"}, Short: "fds", Decimals: 1,
		Of: always(func(r Result) float64 { return r.DescriptorsPerClient })},
	{Key: "generator_cpus", path: "generator_cpu", Name: lang.Text{EN: "CPUs that the clients kept busy", ZH: "客户端占用的 CPU 数"}, Short: "generator CPUs", Decimals: 2,
		Of: always(func(r Result) float64 { return r.GeneratorCPU })},
}

// Figures returns all figures in the order of the tables.
func Figures() []Figure { return slices.Clone(figures) }

// figureOf returns the figure with that key. The key must be one of the constants.
func figureOf(key string) Figure {
	return figures[slices.IndexFunc(figures, func(f Figure) bool { return f.Key == key })]
}

// Format returns v as readers see it: with three digits, or more before the point.
func (f Figure) Format(v float64) string {
	if v == 0 {
		return "0"
	}
	decimals := max(0, min(2-int(math.Floor(math.Log10(math.Abs(v)))), f.Decimals))
	p := math.Pow(10, float64(decimals))
	return strconv.FormatFloat(math.Floor(v*p+0.5)/p, 'f', decimals, 64) // rounds as the page's script does
}

// Text returns the figure of a lane as readers see it. It is "–" if the figure was not measured, and
// "< x" if it is below the resolution x of the clock.
func (f Figure) Text(r Result) string {
	v, ok := f.Of(r)
	switch {
	case !ok:
		return "–"
	case f.below(r, v):
		return "< " + f.Format(math.Ceil(f.resolution(r)))
	}
	return f.Format(v)
}

// below reports whether the clock cannot tell v from nothing.
func (f Figure) below(r Result, v float64) bool { return f.resolution != nil && v < f.resolution(r) }

// Title returns the name with its unit.
func (f Figure) Title(l lang.Lang) string {
	if unit := f.Unit.In(l); unit != "" {
		return f.Name.In(l) + l.Say(", ", "，") + unit
	}
	return f.Name.In(l)
}

// within returns the range of the values that a lane may have: its least and most over the runs, and
// the resolution of the clock around them. It is false for a single run.
func (f Figure) within(r Result) (Range, bool) {
	over, ok := r.Spread[f.Key]
	if _, measured := f.Of(r); !ok || !measured || r.Runs < 2 {
		return Range{}, false
	}
	if f.resolution != nil {
		over.Min, over.Max = over.Min-f.resolution(r), over.Max+f.resolution(r)
	}
	return over, true
}
