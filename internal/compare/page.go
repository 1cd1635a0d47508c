package compare

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"

	"realtimelab/internal/compare/look"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
)

// The page of a report, and the script that draws its charts and tables.
var (
	//go:embed page.html
	pageText string
	//go:embed page.js
	pageScript string
)

// page fills the template of the report.
type page struct {
	Lang     lang.Lang
	Document *Document

	Incomplete string // a sentence; empty if the document is complete
	Beside     bool   // a sender ran beside the server, and its upload is counted

	Lanes   []pageLane
	Overall []string
	Parts   []pagePart
	Style   template.CSS
	Data    template.JS // the Document
	View    pageView
	Script  template.JS
}

// pageLane is a lane by its name, and in words.
type pageLane struct{ Name, Title string }

// pagePart is one configuration.
type pagePart struct {
	ID       string
	Name     string
	Heading  string
	Found    []string
	Warnings []string
	Notes    []string
}

// pageView holds the data that the script needs beside the Document.
type pageView struct {
	Figures []pageFigure `json:"figures"`
	// by part and figure: the lanes that no lane is measurably below
	Best   []map[string][]int `json:"best"`
	Sweeps []pageSweep        `json:"sweeps"`
	Texts  map[string]string  `json:"texts"`
	Titles map[string]string  `json:"titles"` // of the lanes, by name
}

// pageSweep holds parts that differ only in the loss of packets, in the order of the loss.
type pageSweep struct {
	Title string   `json:"title"`
	Parts []int    `json:"parts"`
	Loss  []string `json:"loss"`
}

// pageFigure is a Figure as the script draws it.
type pageFigure struct {
	Key        string  `json:"key"`
	Name       string  `json:"name"`
	Title      string  `json:"title"`
	Path       string  `json:"path"`
	When       string  `json:"when,omitempty"`
	Decimals   int     `json:"decimals"`
	Log        bool    `json:"log,omitempty"`
	Idle       bool    `json:"idle,omitempty"`       // drawn only in workloads that send nothing
	Note       *string `json:"note,omitempty"`       // of the chart; may be nil
	Resolution string  `json:"resolution,omitempty"` // the field of the clock's resolution
}

// Say picks a text of the template.
func (p page) Say(en, zh string) string { return p.Lang.Say(en, zh) }

// lanes returns the lanes of all parts that the lessons know, in order. A server of the user's has
// the title of the lane whose clients spoke to it.
func (d *Document) lanes(all []lesson.Lesson, language lang.Lang) (lanes []pageLane) {
	for _, r := range d.Parts {
		for _, x := range r.Results {
			if slices.ContainsFunc(lanes, func(l pageLane) bool { return l.Name == x.Transport }) {
				continue
			}
			_, lane, ok := lesson.FindLane(all, x.Transport)
			if as, host, external := strings.Cut(x.Transport, "@"); external {
				lane, ok = lesson.FindAs(all, as)
				if ok {
					lanes = append(lanes, pageLane{x.Transport,
						lane.Title.In(language) + language.Say(", the server at ",
							"，服务器 ") + host})
				}
				continue
			}
			if ok {
				lanes = append(lanes, pageLane{x.Transport, lane.Title.In(language)})
			}
		}
	}
	return lanes
}

// HTML writes the document as one page that needs no network and no other file. It suits screens of
// all widths and A4 paper. The lessons have the titles of the lanes. ReadDocument reads the page
// back.
func (d *Document) HTML(w io.Writer, language lang.Lang, lessons []lesson.Lesson) error {
	data, err := d.columns() // escapes <, > and &
	if err != nil {
		return err
	}
	p := page{Lang: language, Document: d, Style: look.Style(), Data: template.JS(data),
		Lanes: d.lanes(lessons, language), Overall: d.Overall(language),
		Script: template.JS(pageScript), View: d.view(language)}
	p.View.Titles = map[string]string{}
	for _, l := range p.Lanes {
		p.View.Titles[l.Name] = l.Title
	}
	if d.Incomplete != nil {
		p.Incomplete = d.Incomplete.Says(language)
	}
	for i, r := range d.Parts {
		p.Beside = p.Beside || r.Config.besides() && !r.withoutUpload
		part := pagePart{ID: fmt.Sprintf("part-%d", i+1), Name: r.name(language),
			Heading: r.Heading(language), Found: r.Conclusions(language),
			Notes: r.Notes(language, true)}
		for _, w := range r.Warnings {
			part.Warnings = append(part.Warnings, w.In(language))
		}
		p.Parts = append(p.Parts, part)
	}
	t, err := template.New("report").Parse(pageText)
	if err != nil {
		return err
	}
	return t.Execute(w, p)
}

// name returns a name that distinguishes the part from the document's other parts.
func (r *Report) name(language lang.Lang) string {
	name := fmt.Sprintf(language.Say("Workload %s", "负载 %s"), r.Config.Workload)
	if r.Config.simulated() {
		name += language.Say(" over ", "，网络 ") + r.Config.Net.String()
	}
	return name
}

// notes explain the charts; a figure without a note has no chart.
var notes = map[string]lang.Text{
	latencyP50: {
		EN: "ms from the intended send time, logarithmic: the dot is the median, the band its " +
			"runs, the line ends at p99",
		ZH: "毫秒，从计划发送的时刻算起，对数坐标：点是中位数，色带是各轮的范围，细线到 p99 为止"},
	bytesPerMessage: {EN: "both ways, without IP and TCP", ZH: "双向合计，不含 IP 和 TCP"},
	requestsPerMsg: {EN: "each request sends its headers again",
		ZH: "每个请求都要重新发送 HTTP 头"},
	cpuPerMessage: {EN: "µs of the server's process; no dot: too little for its clock",
		ZH: "服务器进程的微秒数；没有点：时钟分辨不出"},
	requestsPerMin: {EN: "while nothing is sent", ZH: "没有消息的时候"},
	bytesPerMinute: {EN: "while nothing is sent", ZH: "没有消息的时候"},
	firstMessage: {EN: "ms from dialing to the client's own first message",
		ZH: "从开始连接到收到自己的第一条消息，毫秒"},
	recoveryP50: {EN: "ms without messages after the server can be reached again",
		ZH: "服务器恢复可达之后收不到消息的毫秒数"},
	packetsPerMsg: {EN: "of the simulated network, both ways", ZH: "模拟网络中双向的 IP 包"},
	memoryPerClient: {EN: "KiB that the server holds after a garbage collection",
		ZH: "垃圾回收之后服务器占用的 KiB"},
	packetsPerMinute: {EN: "of the simulated network, while nothing is sent",
		ZH: "模拟网络，没有消息的时候"},
	lastClientP50: {EN: "ms until the last client has the message, logarithmic",
		ZH: "直到最后一个客户端收到消息的毫秒数，对数坐标"},
	fastMissed: {EN: "% of the values, which no frame showed",
		ZH: "没有显示过的值所占的百分比"},
	fastAgeP50: {EN: "ms, of the value on the screen", ZH: "屏幕上的值，毫秒"},
	slowMissed: {EN: "% of the values, which no frame showed",
		ZH: "没有显示过的值所占的百分比"},
	slowAgeP50: {EN: "ms, of the value on the screen", ZH: "屏幕上的值，毫秒"},
	allBack: {EN: "ms after the server can be reached again",
		ZH: "服务器恢复可达之后的毫秒数"},
	stormPeakCPU: {EN: "the most over a fifth of a second; 1 is one busy CPU",
		ZH: "0.2 秒内的最大值；1 表示一个 CPU 全忙"},
	stormConnections: {EN: "from the cut, refused ones included", ZH: "从切断算起，包括被拒绝的"},
	stormRequests:    {EN: "from the cut until all clients are back", ZH: "从切断到全部客户端恢复"},
	stormBytes: {EN: "both ways, from the cut until all clients are back",
		ZH: "双向合计，从切断到全部客户端恢复"},
}

func (d *Document) view(language lang.Lang) pageView {
	v := pageView{Texts: map[string]string{
		"payload": language.Say("payload", "载荷"), "framing": language.Say("framing", "分帧"),
		"headers": language.Say("headers", "HTTP 头"),
		"figure":  language.Say("figure", "指标"),
		"sweepNote": language.Say(
			"from the least loss to the most, one scale for all; the "+
				"numbers are the first and the last",
			"丢包从少到多，刻度统一；数字是最左和最右的值"),
		"overTime": language.Say("Latency over time", "延迟随时间的变化"),
		"overTimeNote": language.Say(
			"logarithmic, one scale for all: the median of each slice and, thin, "+
				"its maximum; the number is the highest",
			"对数坐标，刻度统一：每个时间片的中位数，细线是最大值；数字是最高值"),
	}}
	for _, f := range figures {
		shown := pageFigure{Key: f.Key, Name: capital(f.Name.In(language)),
			Title: f.Title(language), Path: f.Key, When: f.when, Decimals: f.Decimals, Log: f.Log,
			Idle: f.Key == requestsPerMin || f.Key == bytesPerMinute || f.Key == packetsPerMinute}
		if f.path != "" {
			shown.Path = f.path
		}
		if note, ok := notes[f.Key]; ok {
			text := note.In(language)
			shown.Note = &text
		}
		if f.resolution != nil {
			shown.Resolution = "server_cpu_resolution_us_per_message"
		}
		v.Figures = append(v.Figures, shown)
	}
	v.Sweeps = d.sweeps(language)
	for _, r := range d.Parts {
		best := map[string][]int{}
		for key := range notes {
			if lanes := r.best(figureOf(key)); len(lanes) > 0 {
				best[key] = lanes
			}
		}
		v.Best = append(v.Best, best)
	}
	return v
}

// sweeps returns the parts that form a series over the loss of packets, of at least three rates.
func (d *Document) sweeps(language lang.Lang) []pageSweep {
	series := map[string][]int{}
	var order []string
	for i, r := range d.Parts {
		c := r.Config.Config
		c.Net.Loss = 0
		key := fmt.Sprintf("%+v", c)
		if series[key] == nil {
			order = append(order, key)
		}
		series[key] = append(series[key], i)
	}
	var all []pageSweep
	for _, key := range order {
		parts := series[key]
		if len(parts) < 3 {
			continue
		}
		slices.SortStableFunc(parts, func(a, b int) int {
			return cmp.Compare(d.Parts[a].Config.Net.Loss, d.Parts[b].Config.Net.Loss)
		})
		s := pageSweep{Parts: parts}
		for _, i := range parts {
			s.Loss = append(s.Loss, strconv.FormatFloat(d.Parts[i].Config.Net.Loss*100, 'g', 4,
				64)+" %")
		}
		s.Title = fmt.Sprintf(language.Say("Workload %s as %s of the packets are lost",
			"负载 %s：丢包 %s"), d.Parts[parts[0]].Config.Workload, list(s.Loss, language))
		all = append(all, s)
	}
	return all
}

// best returns the indexes of the lanes whose ranges overlap the lowest, unless these are all
// lanes.
func (r *Report) best(f Figure) []int {
	all := r.rank(f)
	if len(all) == 0 {
		return nil
	}
	least := like(all, all[0])
	if len(least) == len(all) {
		return nil
	}
	var lanes []int
	for i, x := range r.Results {
		if slices.ContainsFunc(least, func(y ranked) bool { return y.name == x.Transport }) {
			lanes = append(lanes, i)
		}
	}
	return lanes
}

// Overall returns the sentences about lanes that lead in all parts of a document. If no figure is
// in two parts, it returns the first conclusion of each part.
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
	if len(all) > 0 {
		return all
	}
	for _, r := range d.Parts {
		if found := r.Conclusions(language); len(found) > 0 {
			all = append(all, r.name(language)+language.Say(": ", "：")+found[0])
		}
	}
	return all
}

// leaders returns the names of the lanes that are most often among the lowest of a part, and the
// number of those parts.
func (d *Document) leaders(f Figure, language lang.Lang) string {
	parts, most := 0, 0
	led := map[string]int{} // parts in which the lane is among the lowest
	var order []ranked      // the lanes of led, by their first appearance
	for _, r := range d.Parts {
		all := r.rank(f)
		if len(all) < 2 {
			continue
		}
		parts++
		for _, x := range like(all, all[0]) {
			if led[x.name] == 0 {
				order = append(order, x)
			}
			led[x.name]++
			most = max(most, led[x.name])
		}
	}
	if parts < 2 {
		return ""
	}
	leading := slices.DeleteFunc(order, func(x ranked) bool { return led[x.name] < most })
	name, lanes := capital(f.Name.In(language)), names(leading, language)
	if most == parts {
		return fmt.Sprintf(language.Say(
			"%s: in all %d configurations, no lane is measurably lower than %s.",
			"%s：在全部 %d 种配置里，都没有传输明显低于 %s。"), name, parts, lanes)
	}
	return fmt.Sprintf(language.Say(
		"%[1]s: most often among the lowest, in %[2]d of %[3]d configurations: %[4]s.",
		"%[1]s：最常属于最低的是 %[4]s，%[3]d 种配置里占 %[2]d 种。"), name, most, parts, lanes)
}
