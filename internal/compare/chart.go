package compare

import (
	"fmt"
	"math"
	"slices"

	"github.com/go-analyze/charts"
)

// chart is a drawing to be made.
type chart struct {
	title  string
	height int
	paint  func(*charts.Painter) error
}

// theme has colours that differ in lightness too, for a print without colours.
var theme = charts.GetTheme(charts.ThemeLight).WithSeriesColors([]charts.Color{
	charts.ColorRGB(0x12, 0x3f, 0x73), charts.ColorRGB(0xe0, 0x8a, 0x1e), charts.ColorRGB(0x9d, 0xc3, 0xe6), charts.ColorRGB(0x1e, 0x8e, 0x5a),
	charts.ColorRGB(0xc0, 0x39, 0x2b), charts.ColorRGB(0x6b, 0x4f, 0xa3), charts.ColorRGB(0x55, 0x55, 0x55),
})

// symbols tell the lines apart where colours do not.
var symbols = []charts.SymbolShape{charts.SymbolCircle, charts.SymbolSquare, charts.SymbolDiamond, charts.SymbolDot}

func (r *Report) charts(say func(en, zh string) string) (all []chart) {
	bars := func(title, format string, parts []string, values ...func(Result) float64) {
		all = append(all, r.bars(title, format, parts, values))
	}
	if r.Config.Workload == Idle {
		bars(say("Requests of an idle client a minute", "空闲客户端每分钟的请求数"), "%.1f", nil, func(x Result) float64 { return x.RequestsPerMinute })
		bars(say("Bytes of an idle client a minute", "空闲客户端每分钟的字节数"), "%.0f", nil, func(x Result) float64 { return x.BytesPerMinute })
	} else {
		all = append(all, r.latencies(say("Latency from the intended send time, ms (logarithmic)", "从计划发送时刻算起的延迟，毫秒（对数坐标）")))
		bars(say("Bytes for each delivered message", "每条送达消息的字节数"), "%.0f",
			[]string{say("payload", "内容"), say("framing", "分帧"), say("HTTP headers", "HTTP 头")},
			func(x Result) float64 { return x.Bytes.Payload }, func(x Result) float64 { return x.Bytes.Framing }, func(x Result) float64 { return x.Bytes.Headers })
		bars(say("Requests for each delivered message", "每条送达消息的请求数"), "%.2f", nil, func(x Result) float64 { return x.RequestsPerMessage })
		bars(say("Server CPU for each delivered message, µs", "每条送达消息的服务器 CPU，微秒"), "%.0f", nil, func(x Result) float64 { return x.CPUPerMessage })
	}
	bars(say("From nothing to the first message, ms", "从零到第一条消息，毫秒"), "%.1f", nil, func(x Result) float64 { return x.First.P50 })
	if slices.ContainsFunc(r.Results, func(x Result) bool { return x.Recovery != nil }) {
		bars(say("Silence after a cut, ms", "切断之后多久才又收到消息，毫秒"), "%.0f", nil, func(x Result) float64 { return x.Recovery.P50 })
	}
	if r.Config.simulated() && r.Config.Workload != Idle {
		bars(say("IP packets for each delivered message", "每条送达消息的 IP 包数"), "%.2f", nil, func(x Result) float64 { return x.Packets.PerMessage })
	}
	bars(say("Server memory for each client, KiB", "每个客户端的服务器内存，KiB"), "%.0f", nil, func(x Result) float64 { return x.MemoryPerClient })
	return all
}

// draw makes an SVG of the chart.
func (c chart) draw() ([]byte, error) {
	p := charts.NewPainter(charts.PainterOptions{OutputFormat: charts.ChartOutputSVG, Width: 760, Height: c.height})
	if err := c.paint(p); err != nil {
		return nil, err
	}
	return p.Bytes()
}

// bars stand from zero, one for each transport, of one or more parts on top of each
// other; their sums stand beside the names. The library draws them from the bottom up.
func (r *Report) bars(title, format string, parts []string, values []func(Result) float64) chart {
	count := len(r.Results)
	series := make(charts.BarSeriesList, len(values))
	labels, top := make([]string, count), 0.0
	for i, x := range r.Results {
		sum := 0.0
		for part, value := range values {
			if i == 0 {
				series[part].Values = make([]float64, count)
			}
			series[part].Values[count-1-i] = value(x)
			sum += value(x)
		}
		labels[count-1-i] = x.Transport + "  " + fmt.Sprintf(format, sum)
		top = max(top, sum)
	}
	if len(series) == 1 { // the library moves Min below zero unless some value is zero
		series = append(series, charts.BarSeries{Values: make([]float64, count)})
	}
	opt := charts.NewBarChartOptionWithSeries(series)
	opt.Theme = theme
	opt.ValueAxis = []charts.ValueAxisOption{{Min: charts.Ptr(0.0), Max: charts.Ptr(roundUp(top)), LabelCount: 6, PreferNiceIntervals: charts.Ptr(false)}}
	opt.Horizontal, opt.StackSeries = true, charts.Ptr(true)
	opt.CategoryAxis.Labels = labels
	opt.Legend.SeriesNames = parts
	opt.Legend.Show = charts.Ptr(len(parts) > 1)
	opt.ValueFormatter = func(v float64) string { return fmt.Sprintf("%g", math.Round(v*100)/100) }
	return chart{title, 60 + 34*count, func(p *charts.Painter) error { return p.BarChart(opt) }}
}

// roundUp is the next of 1, 2 and 5, and of their tens and tenths.
func roundUp(v float64) float64 {
	if v <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, n := range []float64{1, 2, 5} {
		if v <= n*unit {
			return n * unit
		}
	}
	return 10 * unit
}

// latencies are a line for each transport over the percentiles. The library has no
// logarithmic axis: it draws the exponents.
func (r *Report) latencies(title string) chart {
	low, high := math.Inf(1), math.Inf(-1)
	series := make(charts.LineSeriesList, len(r.Results))
	names := make([]string, len(r.Results))
	for i, x := range r.Results {
		names[i] = x.Transport
		series[i].Symbol = charts.Symbol{Shape: symbols[i%len(symbols)]}
		l := x.Latency
		for _, v := range []float64{l.P50, l.P90, l.P99, l.P999, l.Max} {
			exponent := math.Log10(max(v, 0.001))
			series[i].Values = append(series[i].Values, exponent)
			low, high = min(low, exponent), max(high, exponent)
		}
	}
	low, high = math.Floor(low), math.Floor(high)+1
	opt := charts.NewLineChartOptionWithSeries(series)
	opt.Theme = theme
	opt.XAxis.Labels = []string{"p50", "p90", "p99", "p99.9", "max"}
	opt.Legend.SeriesNames = names
	opt.YAxis = []charts.YAxisOption{{Min: charts.Ptr(low), Max: charts.Ptr(high), LabelCount: int(high-low) + 1,
		ValueFormatter: func(v float64) string { return fmt.Sprintf("%g", math.Pow(10, v)) }}}
	return chart{title, 420, func(p *charts.Painter) error { return p.LineChart(opt) }}
}
