package compare

import (
	"math"
	"slices"

	"realtimelab/internal/compare/figure"
	"realtimelab/internal/lang"
)

// A Figure is one number that a comparison measures of each lane. All tables, pages and screens
// take their figures from Figures.
type Figure struct {
	figure.Figure

	// Of returns the figure of a lane, and false if it was not measured.
	Of func(Result) (float64, bool)
	// Live returns the figure while a lane is measured. It is nil if the figure is known only at
	// the end.
	Live func(Live) float64

	path       string               // in the JSON of a Result, if it is not the Key
	when       string               // it was measured; see the constants
	main       bool                 // in the narrow table of a workload without figures of its own
	spread     bool                 // Result.Spread has its range over the runs
	resolution func(Result) float64 // of the clock; nil: exact
}

// The keys of the figures that sentences and charts name.
var (
	latencyP50      = figure.LatencyP50.Key
	bytesPerMessage = figure.BytesPerMessage.Key
	requestsPerMsg  = figure.RequestsPerMessage.Key
)

const (
	lostMessages         = "lost"
	reordered            = "reordered"
	latencyP99           = "latency_p99_ms"
	latencyP999          = "latency_p999_ms"
	lastClientP50        = "last_client_p50_ms"
	lastClientP99        = "last_client_p99_ms"
	cpuPerMessage        = "server_cpu_us_per_message"
	memoryPerClient      = "server_kib_per_client"
	bytesPerMinute       = "bytes_per_client_minute"
	requestsPerMin       = "requests_per_client_minute"
	firstMessage         = "first_message_p50_ms"
	recoveryP50          = "recovery_p50_ms"
	payloadBytes         = "payload_bytes_per_message"
	base64Bytes          = "base64_bytes_per_message"
	framingBytes         = "framing_bytes_per_message"
	headerBytes          = "header_bytes_per_message"
	fastMissed           = "fast_missed_percent"
	fastAgeP50           = "fast_age_p50_ms"
	fastAgeP99           = "fast_age_p99_ms"
	slowMissed           = "slow_missed_percent"
	slowAgeP50           = "slow_age_p50_ms"
	slowAgeP99           = "slow_age_p99_ms"
	allBack              = "all_back_ms"
	stormPeakCPU         = "storm_peak_cpus"
	stormConnections     = "storm_connections_per_client"
	stormRequests        = "storm_requests_per_client"
	stormBytes           = "storm_bytes_per_client"
	packetsPerMsg        = "packets_per_message"
	packetsPerMinute     = "packets_per_client_minute"
	goroutinesPerClient  = "server_goroutines_per_client"
	descriptorsPerClient = "server_descriptors_per_client"
)

// Conditions for a figure to be measured.
const (
	whenMessages = "messages" // only if messages were delivered
	whenSent     = "sent"     // only if messages were sent
	whenValue    = "value"    // only if it is not 0
)

// perMessage returns a figure that exists if messages were delivered.
func perMessage(f func(Result) float64) func(Result) (float64, bool) {
	return func(r Result) (float64, bool) { return f(r), r.Messages > 0 }
}

func always(f func(Result) float64) func(Result) (float64, bool) {
	return func(r Result) (float64, bool) { return f(r), true }
}

// count returns a figure for a number of messages, which exists if messages were sent.
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

func ofTicker(f func(Tickers) float64) func(Result) (float64, bool) {
	return func(r Result) (float64, bool) {
		if r.Ticker == nil {
			return 0, false
		}
		return f(*r.Ticker), true
	}
}

func inStorm(f func(StormCost) float64) func(Result) (float64, bool) {
	return func(r Result) (float64, bool) {
		if r.Storm == nil || f(*r.Storm) == 0 {
			return 0, false
		}
		return f(*r.Storm), true
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

var figures = whereMeasured([]Figure{
	{Figure: figure.Figure{Key: "messages", Name: lang.Text{EN: "messages delivered",
		ZH: "送达的消息"}, Short: "messages"}, when: whenSent, Of: count(func(r Result) int {
		return r.Messages
	})},
	{Figure: figure.Figure{Key: lostMessages, Name: lang.Text{EN: "messages lost",
		ZH: "丢失的消息"}, Short: "lost"}, when: whenSent, main: true,
		Of: count(func(r Result) int {
			return r.Lost
		})},
	{Figure: figure.Figure{Key: "duplicated", Name: lang.Text{EN: "messages duplicated",
		ZH: "重复的消息"}, Short: "duplicated"}, when: whenSent, Of: count(func(r Result) int {
		return r.Duplicated
	})},
	{Figure: figure.Figure{Key: reordered, Name: lang.Text{EN: "messages reordered",
		ZH: "乱序的消息"}, Short: "reordered"}, when: whenSent, Of: count(func(r Result) int {
		return r.Reordered
	})},

	{Figure: figure.Figure{Key: "misdirected", Name: lang.Text{EN: "messages heard in another room",
		ZH: "串到别的房间的消息"}, Short: "misdirected"}, when: whenValue,
		Of: func(r Result) (float64, bool) { return float64(r.Misdirected), r.Misdirected > 0 }},
	{Figure: figure.LatencyP50, path: "latency_ms.p50", when: whenMessages, main: true,
		spread: true,
		Of: perMessage(func(r Result) float64 {
			return r.Latency.P50
		}), Live: func(l Live) float64 { return l.P50 }},
	{Figure: figure.Figure{Key: "latency_p90_ms",
		Name: lang.Text{EN: "latency p90", ZH: "延迟 p90"}, Unit: figure.Millis, Short: "p90 ms",
		Decimals: 2, Log: true}, path: "latency_ms.p90", when: whenMessages,
		Of: perMessage(func(r Result) float64 { return r.Latency.P90 })},
	{Figure: figure.Figure{Key: latencyP99, Name: lang.Text{EN: "latency p99", ZH: "延迟 p99"},
		Unit: figure.Millis, Short: "p99 ms", Decimals: 2, Log: true}, path: "latency_ms.p99",
		when: whenMessages, main: true, spread: true,
		Of: perMessage(func(r Result) float64 {
			return r.Latency.P99
		}), Live: func(l Live) float64 { return l.P99 }},
	{Figure: figure.Figure{Key: latencyP999, Name: lang.Text{EN: "latency p99.9", ZH: "延迟 p99.9"},
		Unit: figure.Millis, Short: "p99.9 ms", Decimals: 2, Log: true}, path: "latency_ms.p999",
		when: whenMessages, spread: true,
		Of: perMessage(func(r Result) float64 { return r.Latency.P999 })},
	{Figure: figure.Figure{Key: "latency_max_ms",
		Name: lang.Text{EN: "latency, maximum", ZH: "延迟最大值"}, Unit: figure.Millis,
		Short: "max ms", Decimals: 2, Log: true}, path: "latency_ms.max", when: whenMessages,
		Of: perMessage(func(r Result) float64 { return r.Latency.Max })},

	{Figure: figure.Figure{Key: lastClientP50, Name: lang.Text{EN: "last client, p50",
		ZH: "最后一个客户端 p50"}, Unit: figure.Millis, Short: "last p50", Decimals: 2, Log: true},
		path: "last_client_ms.p50", when: whenValue, spread: true,
		Of: func(r Result) (float64, bool) { return r.Last.P50, r.Last.P50 > 0 }},
	{Figure: figure.Figure{Key: lastClientP99, Name: lang.Text{EN: "last client, p99",
		ZH: "最后一个客户端 p99"}, Unit: figure.Millis, Short: "last p99", Decimals: 2, Log: true},
		path: "last_client_ms.p99", when: whenValue,
		Of: func(r Result) (float64, bool) { return r.Last.P99, r.Last.P99 > 0 }},

	{Figure: figure.BytesPerMessage, when: whenMessages, main: true, spread: true,
		Of: perMessage(func(r Result) float64 {
			return r.BytesPerMessage
		}), Live: per(func(l Live) int64 { return l.Bytes })},
	{Figure: figure.Figure{Key: payloadBytes, Name: lang.Text{EN: "payload per message",
		ZH: "每条消息的载荷"}, Unit: figure.Bytes, Short: "payload"}, path: "bytes.payload",
		when: whenMessages,
		Of:   perMessage(func(r Result) float64 { return r.Bytes.Payload })},
	{Figure: figure.Figure{Key: base64Bytes,
		Name: lang.Text{EN: "base64 per message, of the framing",
			ZH: "每条消息的 base64 增量（含在分帧里）"}, Unit: figure.Bytes, Short: "base64"},
		path: "bytes.base64", when: whenValue,
		Of: func(r Result) (float64, bool) { return r.Bytes.Base64, r.Bytes.Base64 > 0 }},
	{Figure: figure.Figure{Key: framingBytes, Name: lang.Text{EN: "framing per message",
		ZH: "每条消息的分帧"}, Unit: figure.Bytes, Short: "framing"}, path: "bytes.framing",
		when: whenMessages,
		Of:   perMessage(func(r Result) float64 { return r.Bytes.Framing })},
	{Figure: figure.Figure{Key: headerBytes, Name: lang.Text{EN: "HTTP headers per message",
		ZH: "每条消息的 HTTP 头"}, Unit: figure.Bytes, Short: "headers"}, path: "bytes.headers",
		when: whenMessages,
		Of:   perMessage(func(r Result) float64 { return r.Bytes.Headers })},
	{Figure: figure.RequestsPerMessage, when: whenMessages, main: true, spread: true,
		Of: perMessage(func(r Result) float64 {
			return r.RequestsPerMessage
		}), Live: per(func(l Live) int64 { return l.Requests })},
	{Figure: figure.Figure{Key: "connections_per_message",
		Name:  lang.Text{EN: "connections opened per message", ZH: "每条消息新建的连接"},
		Short: "connections/msg", Decimals: 3}, when: whenMessages,
		Of: perMessage(func(r Result) float64 { return r.ConnectionsPerMessage })},
	{Figure: figure.Figure{Key: cpuPerMessage, Name: lang.Text{EN: "server CPU per message",
		ZH: "每条消息的服务器 CPU"}, Unit: figure.Micros, Short: "cpu µs/msg"}, when: whenMessages,
		main: true, spread: true,
		Of: perMessage(func(r Result) float64 {
			return r.CPUPerMessage
		}), resolution: func(r Result) float64 { return r.CPUResolution }},
	{Figure: figure.Figure{Key: packetsPerMsg, Name: lang.Text{EN: "IP packets per message",
		ZH: "每条消息的 IP 包"}, Short: "packets/msg", Decimals: 2}, path: "packets.per_message",
		when: whenMessages, spread: true,
		Of: overNetwork(func(p Packets) float64 { return p.PerMessage }, true)},
	{Figure: figure.Figure{Key: "ip_bytes_per_message",
		Name:  lang.Text{EN: "IP bytes per message", ZH: "每条消息的 IP 字节"},
		Short: "IP bytes/msg"}, path: "packets.bytes_per_message", when: whenMessages,
		Of: overNetwork(func(p Packets) float64 { return p.BytesPerMessage }, true)},

	{Figure: figure.Figure{Key: requestsPerMin,
		Name:  lang.Text{EN: "requests per client and minute", ZH: "每个客户端每分钟的请求数"},
		Short: "reqs/min", Decimals: 1}, spread: true,
		Of: always(func(r Result) float64 { return r.RequestsPerMinute })},
	{Figure: figure.Figure{Key: bytesPerMinute, Name: lang.Text{EN: "bytes per client and minute",
		ZH: "每个客户端每分钟的字节数"}, Short: "bytes/min"}, spread: true,
		Of: always(func(r Result) float64 { return r.BytesPerMinute })},
	{Figure: figure.Figure{Key: packetsPerMinute,
		Name:  lang.Text{EN: "IP packets per client and minute", ZH: "每个客户端每分钟的 IP 包"},
		Short: "packets/min", Decimals: 1}, path: "packets.per_client_minute",
		Of: overNetwork(func(p Packets) float64 { return p.PerMinute }, false)},
	{Figure: figure.Figure{Key: "packets_lost",
		Name:  lang.Text{EN: "IP packets lost by the network", ZH: "网络丢失的 IP 包"},
		Short: "packets lost"}, path: "packets.lost",
		Of: overNetwork(func(p Packets) float64 { return float64(p.Lost) }, false)},

	{Figure: figure.Figure{Key: firstMessage, Name: lang.Text{EN: "first message", ZH: "首条消息"},
		Unit: figure.Millis, Short: "first ms", Decimals: 1}, path: "first_message_ms.p50",
		when: whenValue, main: true, spread: true,
		Of: func(r Result) (float64, bool) { return r.First.P50, r.First.P50 > 0 }},
	{Figure: figure.Figure{Key: recoveryP50, Name: lang.Text{EN: "recovery", ZH: "恢复"},
		Unit: figure.Millis, Short: "recovery ms", Decimals: 1}, path: "recovery_ms.p50",
		when: whenValue, main: true, spread: true,
		Of: recovered(func(r Recovery) float64 { return r.P50 })},
	{Figure: figure.Figure{Key: fastMissed, Name: lang.Text{EN: "values that a fast client misses",
		ZH: "快客户端错过的值"}, Unit: lang.Same("%"), Short: "miss %", Decimals: 1},
		path: "ticker.fast.missed_percent", spread: true,
		Of: ofTicker(func(t Tickers) float64 { return t.Fast.Missed })},
	{Figure: figure.Figure{Key: fastAgeP50,
		Name: lang.Text{EN: "age of the value at a fast client, p50",
			ZH: "快客户端看到的值的年龄 p50"}, Unit: figure.Millis, Short: "age p50", Decimals: 1},
		path: "ticker.fast.age_p50_ms", spread: true,
		Of: ofTicker(func(t Tickers) float64 { return t.Fast.AgeP50 })},
	{Figure: figure.Figure{Key: fastAgeP99,
		Name: lang.Text{EN: "age of the value at a fast client, p99",
			ZH: "快客户端看到的值的年龄 p99"}, Unit: figure.Millis, Short: "age p99", Decimals: 1},
		path: "ticker.fast.age_p99_ms", spread: true,
		Of: ofTicker(func(t Tickers) float64 { return t.Fast.AgeP99 })},
	{Figure: figure.Figure{Key: slowMissed, Name: lang.Text{EN: "values that a slow client misses",
		ZH: "慢客户端错过的值"}, Unit: lang.Same("%"), Short: "slow miss %", Decimals: 1},
		path: "ticker.slow.missed_percent", spread: true,
		Of: ofTicker(func(t Tickers) float64 { return t.Slow.Missed })},
	{Figure: figure.Figure{Key: slowAgeP50,
		Name: lang.Text{EN: "age of the value at a slow client, p50",
			ZH: "慢客户端看到的值的年龄 p50"}, Unit: figure.Millis, Short: "slow p50", Decimals: 1},
		path: "ticker.slow.age_p50_ms", spread: true,
		Of: ofTicker(func(t Tickers) float64 { return t.Slow.AgeP50 })},
	{Figure: figure.Figure{Key: slowAgeP99,
		Name: lang.Text{EN: "age of the value at a slow client, p99",
			ZH: "慢客户端看到的值的年龄 p99"}, Unit: figure.Millis, Short: "slow p99", Decimals: 1},
		path: "ticker.slow.age_p99_ms", spread: true,
		Of: ofTicker(func(t Tickers) float64 { return t.Slow.AgeP99 })},
	{Figure: figure.Figure{Key: allBack, Name: lang.Text{EN: "time until all clients are back",
		ZH: "全部客户端恢复用时"}, Unit: figure.Millis, Short: "all back ms", Decimals: 1},
		path: "storm.all_back_ms", when: whenValue, spread: true,
		Of: inStorm(func(s StormCost) float64 { return s.AllBack })},
	{Figure: figure.Figure{Key: stormPeakCPU, Name: lang.Text{EN: "server CPUs at the storm's peak",
		ZH: "重连高峰占用的服务器 CPU 数"}, Short: "peak CPUs", Decimals: 2},
		path: "storm.peak_cpus", when: whenValue, spread: true,
		Of: inStorm(func(s StormCost) float64 { return s.PeakCPU })},
	{Figure: figure.Figure{Key: stormConnections,
		Name: lang.Text{EN: "connections per client in the storm",
			ZH: "重连期间每个客户端的连接数"}, Short: "conns/client", Decimals: 2},
		path: "storm.connections_per_client", when: whenValue, spread: true,
		Of: inStorm(func(s StormCost) float64 { return s.Connections })},
	{Figure: figure.Figure{Key: stormRequests,
		Name:  lang.Text{EN: "requests per client in the storm", ZH: "重连期间每个客户端的请求数"},
		Short: "reqs/client", Decimals: 2}, path: "storm.requests_per_client", when: whenValue,
		spread: true,
		Of:     inStorm(func(s StormCost) float64 { return s.Requests })},
	{Figure: figure.Figure{Key: stormBytes, Name: lang.Text{EN: "bytes per client in the storm",
		ZH: "重连期间每个客户端的字节数"}, Short: "bytes/client"}, path: "storm.bytes_per_client",
		when: whenValue, spread: true,
		Of: inStorm(func(s StormCost) float64 { return s.Bytes })},
	{Figure: figure.Figure{Key: memoryPerClient, Name: lang.Text{EN: "server memory per client",
		ZH: "每个客户端的服务器内存"}, Unit: figure.Kibibyte, Short: "KiB/client"}, spread: true,
		Of: always(func(r Result) float64 { return r.MemoryPerClient })},
	{Figure: figure.Figure{Key: goroutinesPerClient,
		Name:  lang.Text{EN: "server goroutines per client", ZH: "每个客户端的服务器 goroutine"},
		Short: "goroutines", Decimals: 1}, spread: true,
		Of: always(func(r Result) float64 { return r.GoroutinesPerClient })},
	{Figure: figure.Figure{Key: descriptorsPerClient,
		Name: lang.Text{EN: "server file descriptors per client",
			ZH: "每个客户端的服务器文件描述符"}, Short: "fds", Decimals: 1},
		Of: always(func(r Result) float64 { return r.DescriptorsPerClient })},
	{Figure: figure.Figure{Key: "generator_cpus",
		Name:  lang.Text{EN: "CPUs that the clients kept busy", ZH: "客户端占用的 CPU 数"},
		Short: "generator CPUs", Decimals: 2}, path: "generator_cpu",
		Of: always(func(r Result) float64 { return r.GeneratorCPU })},
})

// whereMeasured makes the figures respect Result.Unmeasured.
func whereMeasured(all []Figure) []Figure {
	for i := range all {
		key, of := all[i].Key, all[i].Of
		all[i].Of = func(r Result) (float64, bool) {
			if slices.Contains(r.Unmeasured, key) {
				return 0, false
			}
			return of(r)
		}
	}
	return all
}

// telling holds the keys of FiguresOf, for a workload without figures of its own.
var telling = []string{latencyP50, latencyP99, bytesPerMessage, requestsPerMsg, cpuPerMessage,
	memoryPerClient, firstMessage, recoveryP50}

// FiguresOf returns a workload's most important figures, for screens that show one at a time.
func FiguresOf(workload string) (some []Figure) {
	keys := telling
	if w, _ := FindWorkload(workload); w.figures != nil {
		keys = w.figures
	}
	for _, key := range keys {
		some = append(some, figureOf(key))
	}
	return some
}

// figureOf returns the figure with that key. The key must be one of the constants.
func figureOf(key string) Figure {
	return figures[slices.IndexFunc(figures, func(f Figure) bool { return f.Key == key })]
}

// Text returns the figure of a lane as readers see it. It is "–" if the figure was not measured,
// and "< x" if it is below the resolution x of the clock.
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

// below reports whether v is below the resolution of the clock.
func (f Figure) below(r Result, v float64) bool {
	return f.resolution != nil && v < f.resolution(r)
}

// within returns the range of a lane's values: the minimum and the maximum over the runs, widened
// by the resolution of the clock. It returns false for a single run.
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
