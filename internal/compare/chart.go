package compare

import (
	"fmt"
	"math"
	"slices"

	"github.com/go-analyze/charts"
)

// chart is bars, one for each transport, of one or more parts on top of each other;
// or, with percentiles, lines on a logarithmic axis.
type chart struct {
	title       string
	transports  []string
	percentiles []string
	series      []string    // names: of the parts, or of the lines
	values      [][]float64 // by series
	format      string
}

// greys are colours that differ in lightness too, for a print without colours.
var greys = []charts.Color{
	charts.ColorRGB(0x12, 0x3f, 0x73), charts.ColorRGB(0xe0, 0x8a, 0x1e), charts.ColorRGB(0x9d, 0xc3, 0xe6), charts.ColorRGB(0x1e, 0x8e, 0x5a),
	charts.ColorRGB(0xc0, 0x39, 0x2b), charts.ColorRGB(0x6b, 0x4f, 0xa3), charts.ColorRGB(0x55, 0x55, 0x55),
}

// symbols tell the lines apart where colours do not.
var symbols = []charts.SymbolShape{charts.SymbolCircle, charts.SymbolSquare, charts.SymbolDiamond, charts.SymbolDot}

func (r *Report) charts(say func(en, zh string) string) (all []chart) {
	var names []string
	for _, x := range r.Results {
		names = append(names, x.Transport)
	}
	bars := func(title, format string, parts []string, value ...func(Result) float64) {
		c := chart{title: title, transports: names, series: parts, format: format}
		for _, v := range value {
			var part []float64
			for _, x := range r.Results {
				part = append(part, v(x))
			}
			c.values = append(c.values, part)
		}
		all = append(all, c)
	}
	if r.Config.Workload == Idle {
		bars(say("Requests of an idle client a minute", "空闲客户端每分钟的请求数"), "%.1f", nil, func(x Result) float64 { return x.RequestsPerMinute })
		bars(say("Bytes of an idle client a minute", "空闲客户端每分钟的字节数"), "%.0f", nil, func(x Result) float64 { return x.BytesPerMinute })
	} else {
		latency := chart{title: say("Latency from the intended send time, ms (logarithmic)", "从计划发送时刻算起的延迟，毫秒（对数坐标）"),
			percentiles: []string{"p50", "p90", "p99", "p99.9", "max"}, series: names}
		for _, x := range r.Results {
			l := x.Latency
			latency.values = append(latency.values, []float64{l.P50, l.P90, l.P99, l.P999, l.Max})
		}
		all = append(all, latency)
		bars(say("Bytes for each delivered message", "每条送达消息的字节数"), "%.0f",
			[]string{say("payload", "内容"), say("framing", "分帧"), say("HTTP headers", "HTTP 头")},
			func(x Result) float64 { return x.Bytes.Payload }, func(x Result) float64 { return x.Bytes.Framing }, func(x Result) float64 { return x.Bytes.Headers })
		bars(say("Requests for each delivered message", "每条送达消息的请求数"), "%.2f", nil, func(x Result) float64 { return x.RequestsPerMessage })
		bars(say("Server CPU for each delivered message, µs", "每条送达消息的服务器 CPU，微秒"), "%.0f", nil, func(x Result) float64 { return x.CPUPerMessage })
	}
	bars(say("From nothing to the first message, ms", "从零到第一条消息，毫秒"), "%.1f", nil, func(x Result) float64 { return x.First.P50 })
	bars(say("Server memory for each client, KiB", "每个客户端的服务器内存，KiB"), "%.0f", nil, func(x Result) float64 { return x.MemoryPerClient })
	return all
}

// draw makes an SVG of the chart.
func (c chart) draw() ([]byte, error) {
	height := 60 + 34*len(c.transports)
	if c.percentiles != nil {
		height = 420
	}
	p := charts.NewPainter(charts.PainterOptions{OutputFormat: charts.ChartOutputSVG, Width: 760, Height: height})
	if c.percentiles != nil {
		if err := p.LineChart(c.lines()); err != nil {
			return nil, err
		}
		return p.Bytes()
	}
	if err := p.BarChart(c.bars()); err != nil {
		return nil, err
	}
	return p.Bytes()
}

var theme = charts.GetTheme(charts.ThemeLight).WithSeriesColors(greys)

// bars stand from zero; the library draws them from the bottom up.
func (c chart) bars() charts.BarChartOption {
	series := make(charts.BarSeriesList, len(c.values))
	sums := make([]float64, len(c.transports))
	for i, values := range c.values {
		series[i].Values = slices.Clone(values)
		slices.Reverse(series[i].Values)
		for j, v := range values {
			sums[j] += v
		}
	}
	labels := make([]string, len(c.transports)) // the bars' figures stand beside their names
	for i, name := range c.transports {
		labels[i] = name + "  " + fmt.Sprintf(c.format, sums[i])
	}
	if len(series) == 1 { // the library moves Min below zero unless some value is zero
		series = append(series, charts.BarSeries{Values: make([]float64, len(sums))})
	}
	slices.Reverse(labels)
	round := roundUp(slices.Max(sums))
	opt := charts.NewBarChartOptionWithSeries(series)
	opt.Theme = theme
	opt.ValueAxis = []charts.ValueAxisOption{{Min: charts.Ptr(0.0), Max: charts.Ptr(round), LabelCount: 6, PreferNiceIntervals: charts.Ptr(false)}}
	opt.Horizontal, opt.StackSeries = true, charts.Ptr(true)
	opt.CategoryAxis.Labels = labels
	opt.Legend.SeriesNames = c.series
	opt.Legend.Show = charts.Ptr(len(c.series) > 1)
	opt.ValueFormatter = func(v float64) string { return fmt.Sprintf("%g", math.Round(v*100)/100) }
	return opt
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

// lines are the logarithms of the values.
func (c chart) lines() charts.LineChartOption {
	low, high := math.Inf(1), math.Inf(-1)
	series := make(charts.LineSeriesList, len(c.values))
	for i, values := range c.values {
		series[i].Symbol = charts.Symbol{Shape: symbols[i%len(symbols)]}
		for _, v := range values {
			exponent := math.Log10(max(v, 0.001))
			series[i].Values = append(series[i].Values, exponent)
			low, high = min(low, exponent), max(high, exponent)
		}
	}
	low, high = math.Floor(low), math.Floor(high)+1
	opt := charts.NewLineChartOptionWithSeries(series)
	opt.Theme = theme
	opt.XAxis.Labels = c.percentiles
	opt.Legend.SeriesNames = c.series
	opt.YAxis = []charts.YAxisOption{{Min: charts.Ptr(low), Max: charts.Ptr(high), LabelCount: int(high-low) + 1,
		ValueFormatter: func(v float64) string { return fmt.Sprintf("%g", math.Pow(10, v)) }}}
	return opt
}
