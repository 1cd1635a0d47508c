package compare

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"

	"realtimelab/internal/lang"
)

//go:embed page.html
var pageText string

// page fills the template of the report.
type page struct {
	Lang     lang.Lang
	Document *Document
	Overall  []string
	Parts    []pagePart
	Data     template.JS // the Document
}

// pagePart is one configuration.
type pagePart struct {
	ID       string
	Name     string
	Heading  string
	Found    []string
	Warnings []string
	Charts   []chart
	Lanes    []string
	Rows     []tableRow
}

// tableRow is one figure of all lanes.
type tableRow struct {
	Name  string
	Cells []tableCell
}

type tableCell struct{ Value, Range string }

// Say picks a text of the template.
func (p page) Say(en, zh string) string { return p.Lang.Say(en, zh) }

// HTML writes the document as one page that needs nothing else: no network and no script. It is made
// for screens of all widths and for A4. ReadDocument reads it back.
func (d *Document) HTML(w io.Writer, language lang.Lang) error {
	data, err := json.Marshal(d) // escapes <, > and &
	if err != nil {
		return err
	}
	p := page{Lang: language, Document: d, Data: template.JS(data), Overall: d.Overall(language)}
	for i, r := range d.Parts {
		p.Parts = append(p.Parts, r.page(i, language))
	}
	t, err := template.New("report").Parse(pageText)
	if err != nil {
		return err
	}
	return t.Execute(w, p)
}

func (r *Report) page(i int, language lang.Lang) pagePart {
	p := pagePart{ID: fmt.Sprintf("part-%d", i+1), Name: r.name(language), Heading: r.Heading(language), Found: r.Conclusions(language), Charts: r.charts(language)}
	for _, w := range r.Warnings {
		p.Warnings = append(p.Warnings, w.In(language))
	}
	for _, x := range r.Results {
		p.Lanes = append(p.Lanes, x.Transport)
	}
	for _, f := range r.Figures(true) {
		row := tableRow{Name: f.Title(language)}
		for _, x := range r.Results {
			cell := tableCell{Value: f.Text(x)}
			if over, ok := x.Spread[f.Key]; ok && x.Runs > 1 && f.Format(over.Min) != f.Format(over.Max) && !strings.HasPrefix(cell.Value, "<") {
				cell.Range = f.Format(over.Min) + "–" + f.Format(over.Max)
			}
			row.Cells = append(row.Cells, cell)
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}

// name tells the parts of a document apart.
func (r *Report) name(language lang.Lang) string {
	name := fmt.Sprintf(language.Say("Workload %s", "负载 %s"), r.Config.Workload)
	if r.Config.simulated() {
		name += language.Say(" over ", "，网络 ") + r.Config.Net.String()
	}
	return name
}

// chart is one figure of all lanes.
type chart struct {
	Title, Note string
	Stacked     bool // its rows have Parts
	Lines       bool // its rows have P50 and Max
	Rows        []chartRow
}

// chartRow is one lane. All places are percents of the width.
type chartRow struct {
	Name  string
	Label string // the value
	Best  bool   // no lane is measurably lower, and some are higher
	Shown bool   // the dot has a place

	At, From, To float64 // the dot, and its range over the runs
	Tail         float64 // the end of the whisker; 0 for none
	Parts        []float64
	P50, Max     template.HTMLAttr // points of a polyline
}

// charts are the drawings of the figures that were measured.
func (r *Report) charts(language lang.Lang) []chart {
	var all []chart
	for _, key := range []string{latencyP50, bytesPerMessage, requestsPerMsg, cpuPerMessage, requestsPerMin, bytesPerMinute, firstMessage, recoveryP50, packetsPerMsg, memoryPerClient} {
		f := figureOf(key)
		idle := r.Config.Workload == Idle
		if (key == requestsPerMin || key == bytesPerMinute) && !idle || !slices.ContainsFunc(r.Results, func(x Result) bool { _, ok := f.Of(x); return ok }) {
			continue
		}
		switch key {
		case latencyP50:
			all = append(all, r.dots(f, language), r.overTime(language))
		case bytesPerMessage:
			all = append(all, r.stacked(language))
		default:
			all = append(all, r.dots(f, language))
		}
	}
	return all
}

// notes say what a chart shows, where its title does not.
var notes = map[string]lang.Text{
	latencyP50:      {EN: "ms from the intended send time, logarithmic: the dot is the median, the band its runs, the line ends at p99", ZH: "毫秒，从计划发送的时刻算起，对数坐标：点是中位数，色带是各轮的范围，细线到 p99 为止"},
	requestsPerMsg:  {EN: "each request sends its headers again", ZH: "每个请求都要重新发送 HTTP 头"},
	cpuPerMessage:   {EN: "µs of the server's process", ZH: "服务器进程的微秒数"},
	firstMessage:    {EN: "ms from dialing to the client's own first message", ZH: "从开始连接到收到自己的第一条消息，毫秒"},
	recoveryP50:     {EN: "ms without messages after the server can be reached again", ZH: "服务器恢复可达之后收不到消息的毫秒数"},
	packetsPerMsg:   {EN: "of the simulated network, both ways", ZH: "模拟网络中双向的 IP 包"},
	memoryPerClient: {EN: "KiB that the server holds after a garbage collection", ZH: "垃圾回收之后服务器占用的 KiB"},
}

// scale places values on the width of a chart.
type scale struct {
	log       bool
	low, high float64
}

func (s scale) at(v float64) float64 {
	if s.log {
		v, s.low, s.high = math.Log(max(v, s.low)), math.Log(s.low), math.Log(s.high)
	}
	if s.high <= s.low {
		return 50
	}
	return math.Round(1000*max(0, min((v-s.low)/(s.high-s.low), 1))) / 10
}

// dots draws a figure as a dot and its range over the runs. The latency has a whisker to p99.
func (r *Report) dots(f Figure, language lang.Lang) chart {
	c := chart{Title: f.Name.In(language), Note: notes[f.Key].In(language)}
	tail := figureOf(latencyP99)
	whisker := f.Key == latencyP50
	s := scale{log: f.Log, low: math.Inf(1)}
	for _, x := range r.Results {
		v, ok := f.Of(x)
		if !ok {
			continue
		}
		over := x.Spread[f.Key]
		s.high = max(s.high, v, over.Max)
		s.low = min(s.low, v)
		if over.Min > 0 {
			s.low = min(s.low, over.Min)
		}
		if whisker {
			end, _ := tail.Of(x)
			s.high = max(s.high, end)
		}
	}
	if !s.log {
		s.low = 0
	}
	s.low = max(s.low, 0)
	best := r.best(f)
	for _, x := range r.Results {
		row := chartRow{Name: x.Transport, Label: f.Text(x), Best: best[x.Transport]}
		v, ok := f.Of(x)
		if ok && !f.below(x, v) {
			over, measured := x.Spread[f.Key]
			if !measured {
				over = Range{v, v}
			}
			row.Shown, row.At, row.From, row.To = true, s.at(v), s.at(over.Min), s.at(over.Max)
			if whisker {
				end, _ := tail.Of(x)
				row.Tail = s.at(end)
				row.Label += " … " + tail.Text(x)
			}
		}
		c.Rows = append(c.Rows, row)
	}
	return c
}

// best are the lanes that cannot be told from the lowest, unless those are all.
func (r *Report) best(f Figure) map[string]bool {
	found := map[string]bool{}
	all := r.rank(f)
	if len(all) == 0 {
		return found
	}
	if least := like(all, all[0]); len(least) < len(all) {
		for _, x := range least {
			found[x.name] = true
		}
	}
	return found
}

// stacked draws the bytes of a message by what they are.
func (r *Report) stacked(language lang.Lang) chart {
	f := figureOf(bytesPerMessage)
	c := chart{Title: f.Name.In(language), Stacked: true, Note: language.Say("both ways, without IP and TCP", "双向合计，不含 IP 和 TCP")}
	top := 0.0
	for _, x := range r.Results {
		top = max(top, x.BytesPerMessage)
	}
	s, best := scale{high: top}, r.best(f)
	for _, x := range r.Results {
		row := chartRow{Name: x.Transport, Label: f.Text(x), Best: best[x.Transport]}
		payload, framing := x.Bytes.Payload, x.Bytes.Framing
		if framing < 0 { // compression took it from the payload
			payload, framing = payload+framing, 0
		}
		row.Parts = []float64{s.at(payload), s.at(framing), s.at(x.Bytes.Headers)}
		c.Rows = append(c.Rows, row)
	}
	return c
}

// overTime draws the latency in the slices of a run.
func (r *Report) overTime(language lang.Lang) chart {
	c := chart{Title: language.Say("Latency over time", "延迟随时间的变化"), Lines: true,
		Note: language.Say("logarithmic, the same scale for all: the median and, thin, the maximum of each slice; the label is the highest", "对数坐标，刻度统一：每个时间片的中位数，细线是最大值；数字是最高值")}
	low, high := math.Inf(1), 0.0
	for _, x := range r.Results {
		if x.OverTime == nil {
			continue
		}
		for i := range x.OverTime.P50 {
			if p := x.OverTime.P50[i]; p != nil && *p > 0 {
				low = min(low, *p)
			}
			if i < len(x.OverTime.Max) && x.OverTime.Max[i] != nil {
				high = max(high, *x.OverTime.Max[i])
			}
		}
	}
	s, f := scale{log: true, low: low, high: high}, figureOf(latencyP50)
	for _, x := range r.Results {
		row := chartRow{Name: x.Transport, Label: "–"}
		if o := x.OverTime; o != nil {
			row.P50, row.Max = points(s, o.P50), points(s, o.Max)
			row.Label = f.Format(x.Latency.Max)
		}
		c.Rows = append(c.Rows, row)
	}
	return c
}

// points are those of a polyline in a box of 100 by 20. Slices without a message are left out.
func points(s scale, all []*float64) template.HTMLAttr {
	var b strings.Builder
	for i, v := range all {
		if v == nil {
			continue
		}
		x := 100 * (float64(i) + 0.5) / float64(len(all))
		fmt.Fprintf(&b, "%g,%.0f ", math.Round(x*10)/10, 20-s.at(*v)/5)
	}
	return template.HTMLAttr(`points="` + strings.TrimSpace(b.String()) + `"`)
}

// Overall says of a document with several parts which lanes lead in all of them.
func (d *Document) Overall(language lang.Lang) []string {
	if len(d.Parts) == 1 {
		return d.Parts[0].Conclusions(language)
	}
	var all []string
	for _, key := range []string{latencyP50, latencyP99, bytesPerMessage} {
		if s := d.leaders(figureOf(key), language); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// leaders says which lanes are, in each part, not told from the lowest.
func (d *Document) leaders(f Figure, language lang.Lang) string {
	var leading []ranked
	parts := 0
	for _, r := range d.Parts {
		all := r.rank(f)
		if len(all) < 2 {
			continue
		}
		least := like(all, all[0])
		if parts++; parts == 1 {
			leading = least
		}
		leading = slices.DeleteFunc(slices.Clone(leading), func(x ranked) bool {
			return !slices.ContainsFunc(least, func(y ranked) bool { return x.name == y.name })
		})
	}
	name := capital(f.Name.In(language))
	switch {
	case parts < 2:
		return ""
	case len(leading) == 0:
		return fmt.Sprintf(language.Say("%s: no lane is among the lowest in all %d configurations.", "%s：没有哪种传输在全部 %d 种配置里都属于最低。"), name, parts)
	}
	return fmt.Sprintf(language.Say("%s: in all %d configurations no lane is measurably lower than %s.", "%s：在全部 %d 种配置里，都没有传输明显低于 %s。"), name, parts, names(leading, language))
}
