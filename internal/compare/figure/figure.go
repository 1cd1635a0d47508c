// Package figure describes the figures of a lane: the name, the unit and the number of decimals in
// tables, CSV, screens and pages.
package figure

import (
	"math"
	"strconv"

	"realtimelab/internal/lang"
)

// A Figure is one number that is measured of each lane.
type Figure struct {
	Key      string    `json:"key"`  // of Result.Spread and of the CSV, with its unit
	Name     lang.Text `json:"name"` // without its unit
	Unit     lang.Text `json:"unit"`
	Short    string    `json:"-"`        // heading of a column
	Decimals int       `json:"decimals"` // at most
	// spans orders of magnitude, so it is drawn on a logarithmic scale
	Log bool `json:"-"`
}

// The units.
var (
	Millis   = lang.Text{EN: "ms", ZH: "毫秒"}
	Micros   = lang.Text{EN: "µs", ZH: "微秒"}
	Bytes    = lang.Text{EN: "bytes", ZH: "字节"}
	Kibibyte = lang.Text{EN: "KiB", ZH: "KiB"}
)

// The figures that are also shown live.
var (
	LatencyP50 = Figure{Key: "latency_p50_ms",
		Name: lang.Text{EN: "latency p50", ZH: "延迟 p50"}, Unit: Millis, Short: "p50 ms",
		Decimals: 2, Log: true}
	BytesPerMessage = Figure{Key: "bytes_per_message",
		Name: lang.Text{EN: "bytes per message", ZH: "每条消息的字节数"}, Short: "bytes/msg"}
	RequestsPerMessage = Figure{Key: "requests_per_message",
		Name: lang.Text{EN: "requests per message", ZH: "每条消息的请求数"}, Short: "reqs/msg",
		Decimals: 3}
)

// Format returns v as readers see it: with three digits, or more before the point.
func (f Figure) Format(v float64) string {
	if v == 0 {
		return "0"
	}
	decimals := max(0, min(2-int(math.Floor(math.Log10(math.Abs(v)))), f.Decimals))
	p := math.Pow(10, float64(decimals))
	// rounds like the page's script
	return strconv.FormatFloat(math.Floor(v*p+0.5)/p, 'f', decimals, 64)
}

// Title returns the name with its unit.
func (f Figure) Title(l lang.Lang) string {
	if unit := f.Unit.In(l); unit != "" {
		return f.Name.In(l) + l.Say(", ", "，") + unit
	}
	return f.Name.In(l)
}
