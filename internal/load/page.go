package load

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"

	"realtimelab/internal/compare/look"
	"realtimelab/internal/lang"
)

//go:embed page.html
var pageText string

// page fills the template of the report.
type page struct {
	*Report
	Lang  lang.Lang
	Style template.CSS
}

// HTML writes the report as one page that needs no network and no other file, in the look of the
// comparison's.
func (r *Report) HTML(w io.Writer, language lang.Lang) error {
	t, err := template.New("load").Parse(pageText)
	if err != nil {
		return err
	}
	return t.Execute(w, page{r, language, look.Style()})
}

// Say picks a text of the template.
func (p page) Say(en, zh string) string { return p.Lang.Say(en, zh) }

// Title is the page's.
func (p page) Title() string { return p.Say("Load on a server", "服务器负载测试") }

// A pageRow is a line of a chart.
type pageRow struct {
	Name  string
	Label string
	Lines []string // points of polylines in a box of 100 by 20
	Place float64  // of a dot, 0 to 100
}

// CurveRows returns the percentiles as dots on a logarithmic scale.
func (p page) CurveRows() (rows []pageRow) {
	points := p.Report.Curve
	if len(points) == 0 {
		return nil
	}
	low, high := math.Max(points[0].Value, 0.001), points[len(points)-1].Value
	for _, x := range points {
		name := "p" + fmt.Sprint(x.Percentile)
		if x.Percentile == 100 {
			name = p.Say("max", "最大")
		}
		place := 50.0
		if high > low {
			place = 100 * (math.Log(x.Value) - math.Log(low)) / (math.Log(high) - math.Log(low))
		}
		rows = append(rows, pageRow{Name: name, Label: number(x.Value), Place: round(place, 2)})
	}
	return rows
}

// OverTime returns the run over time, one line for each figure.
func (p page) OverTime() (rows []pageRow) {
	add := func(name, unit string, log bool, of ...func(Slice) float64) {
		low, high := math.Inf(1), 0.0
		for _, s := range p.Slices {
			for _, f := range of {
				if v := f(s); v > 0 {
					low, high = min(low, v), max(high, v)
				}
			}
		}
		if high == 0 {
			return
		}
		row := pageRow{Name: name, Label: strings.TrimSuffix(number(high), ".0") + unit}
		for _, f := range of {
			row.Lines = append(row.Lines, p.polyline(f, low, high, log))
		}
		rows = append(rows, row)
	}
	add(p.Say("connections", "连接数"), "", false, func(s Slice) float64 {
		return float64(s.Clients)
	})
	add(p.Say("sent", "发送"), "", false, func(s Slice) float64 { return float64(s.Sent) })
	add(p.Say("delivered", "送达"), "", false, func(s Slice) float64 {
		return float64(s.Delivered)
	})
	add(p.Say("p50, max", "p50、最大"), " ms", true, func(s Slice) float64 {
		return s.P50
	}, func(s Slice) float64 { return s.Max })
	add("p99", " ms", true, func(s Slice) float64 { return s.P99 })
	add(p.Say("failures", "失败"), "", false, func(s Slice) float64 { return float64(s.Failed) })
	add(p.Say("own CPUs", "自身 CPU"), "", false, func(s Slice) float64 { return s.CPU })
	return rows
}

// polyline returns the points of a line in a box of 100 by 20.
func (p page) polyline(of func(Slice) float64, low, high float64, log bool) string {
	var b strings.Builder
	for i, s := range p.Slices {
		v := of(s)
		share := v / high
		switch {
		case log && v <= 0:
			continue
		case log && high > low:
			share = (math.Log(v) - math.Log(low)) / (math.Log(high) - math.Log(low))
		}
		fmt.Fprintf(&b, "%.2f,%.2f ", 100*(float64(i)+0.5)/float64(len(p.Slices)), 18-16*share)
	}
	return strings.TrimSpace(b.String())
}
