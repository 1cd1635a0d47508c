package load

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"realtimelab/internal/lang"
)

// A Threshold fails a run in which its condition is true.
type Threshold struct {
	Text    string  `json:"text"`  // such as p99>200ms
	Value   float64 `json:"value"` // of the metric: in ms, in percent, or a number
	None    bool    `json:"none"`  // nothing was measured, which fails, too
	Crossed bool    `json:"crossed"`

	metric, operator string
	limit            float64
	unit             string // ms, % or none
}

var thresholdSyntax = regexp.MustCompile(`^([a-z0-9._]+)(?:(>=|<=|>|<)([0-9.]+)([a-zµ%]*))?$`)

// percentileNames are the metrics of a latency.
var percentileNames = []string{"mean", "p50", "p90", "p95", "p99", "p99.9", "max"}

// countNames are the metrics that count, each with what 100 % of it is.
var countNames = map[string]string{
	"missing": "expected deliveries", "failed": "attempts to connect", "dropped": "connections",
	"unsent": "messages", "extra": "expected deliveries", "held": "", "sent": "", "delivered": "",
}

// ThresholdHelp says what a threshold may be.
var ThresholdHelp = lang.Text{
	EN: "mean, p50, p90, p95, p99, p99.9 and max of the latency, or of connect.p99 " +
		"and back.p99; missing, extra, failed, dropped and unsent as numbers or " +
		"in %; held, sent, delivered; or generator",
	ZH: "延迟的 mean、p50、p90、p95、p99、p99.9 和 max，或 connect.p99、back.p99；" +
		"missing、extra、failed、dropped 和 unsent，写数量或百分比（%）；held、sent、delivered；" +
		"或 generator",
}

// ParseThreshold reads a threshold:
//
//	p99>200ms          latency of messages
//	connect.p99>1s     time to connect
//	back.max>5s        time to come back from a storm
//	missing>0.1%       deliveries
//	held<1000          clients at the end
//	generator          this process may have been the bottleneck
func ParseThreshold(text string) (Threshold, error) {
	t := Threshold{Text: text}
	parts := thresholdSyntax.FindStringSubmatch(strings.ReplaceAll(text, " ", ""))
	if parts == nil {
		return t, lang.Errorf(
			"threshold %q: want a metric, >, >=, < or <=, and a value, "+
				"such as p99>200ms or missing>0.1%%",
			"条件 %q：应为指标、>、>=、< 或 <=，以及一个值，例如 p99>200ms 或 missing>0.1%%", text)
	}
	t.metric, t.operator = parts[1], parts[2]
	_, counts := countNames[t.metric]
	of, percentile := cutLast(t.metric)
	latency := slices.Contains(percentileNames, percentile) &&
		slices.Contains([]string{"", "connect", "back"}, of)
	switch {
	case t.metric == "generator" && t.operator == "":
		return t, nil
	case !latency && !counts:
		return t, lang.Errorf("threshold %q: unknown metric %s; want %s",
			"条件 %q：没有指标 %s；可用：%s", text, t.metric,
			ThresholdHelp)
	case t.operator == "":
		return t, lang.Errorf("threshold %q: want a value, such as %s>%s",
			"条件 %q：缺少值，例如 %s>%s", text, t.metric,
			map[bool]string{true: "200ms", false: "0"}[latency])
	case latency:
		d, err := time.ParseDuration(parts[3] + parts[4])
		if err != nil {
			return t, lang.Errorf("threshold %q: want a time with its unit, such as 200ms",
				"条件 %q：应为带单位的时间，例如 200ms", text)
		}
		t.limit, t.unit = float64(d)/float64(time.Millisecond), "ms"
		return t, nil
	}
	limit, err := strconv.ParseFloat(parts[3], 64)
	hasWhole := countNames[t.metric] != ""
	if t.limit, t.unit = limit, parts[4]; err != nil ||
		t.unit != "" && (t.unit != "%" || !hasWhole) {
		return t, lang.Errorf("threshold %q: want a number%s",
			"条件 %q：应为数字%s", text,
			map[bool]lang.Text{true: {EN: ", or a part in %", ZH: "或百分比（%）"}}[hasWhole])
	}
	return t, nil
}

// cutLast splits a metric such as connect.p99 and p99.9.
func cutLast(metric string) (of, percentile string) {
	for _, name := range []string{"connect", "back"} {
		if rest, ok := strings.CutPrefix(metric, name+"."); ok {
			return name, rest
		}
	}
	return "", metric
}

// suits returns an error if the run does not measure the metric.
func (t Threshold) suits(c *Config) error {
	of, percentile := cutLast(t.metric)
	aboutMessages := of == "" && slices.Contains(percentileNames, percentile) ||
		slices.Contains([]string{"missing", "extra", "unsent", "sent", "delivered"}, t.metric)
	switch {
	case aboutMessages && !c.sends():
		return lang.Errorf(
			"threshold %q: the profile %s sends no messages; for the "+
				"time to connect, write connect.%s",
			"条件 %q：方案 %s 不发送消息；连接时间请写 connect.%s", t.Text, c.Profile, "p99")
	case of == "back" && !c.profile.storm:
		return lang.Errorf("threshold %q: only the profile storm has clients that come back",
			"条件 %q：只有方案 storm 的客户端会重连", t.Text)
	}
	return nil
}

// judge measures the metric.
func (t Threshold) judge(r *Report) Threshold {
	if t.metric == "generator" {
		t.Value = float64(len(r.Generator.Bottleneck))
		t.Crossed = t.Value > 0
		return t
	}
	t.Value, t.None = t.measure(r)
	switch t.operator {
	case ">":
		t.Crossed = t.Value > t.limit
	case ">=":
		t.Crossed = t.Value >= t.limit
	case "<":
		t.Crossed = t.Value < t.limit
	case "<=":
		t.Crossed = t.Value <= t.limit
	}
	t.Crossed = t.Crossed || t.None
	t.Value = round(t.Value, 3)
	return t
}

// measure returns the metric, and true if there is nothing of which it could be.
func (t Threshold) measure(r *Report) (value float64, none bool) {
	of, percentile := cutLast(t.metric)
	if slices.Contains(percentileNames, percentile) {
		var p Percentiles
		switch {
		case of == "connect":
			p = r.Connect
		case of == "" && r.Latency != nil:
			p = *r.Latency
		case of == "back" && r.Storm != nil:
			p = r.Storm.Returned
		}
		return map[string]float64{"mean": p.Mean, "p50": p.P50, "p90": p.P90, "p95": p.P95,
			"p99": p.P99, "p99.9": p.P999, "max": p.Max}[percentile], p.Count == 0
	}
	m := Messages{}
	if r.Messages != nil {
		m = *r.Messages
	}
	n := map[string]int{"missing": m.Missing, "extra": m.Extra, "unsent": m.Unsent, "sent": m.Sent,
		"delivered": m.Delivered, "failed": r.Clients.Refused, "dropped": r.Clients.Dropped,
		"held": r.Clients.Held}[t.metric]
	if t.unit != "%" {
		return float64(n), false
	}
	all := map[string]int{"missing": m.Expected, "extra": m.Expected, "unsent": m.Sent + m.Unsent,
		"failed": r.Clients.Refused + r.Clients.Connected, "dropped": r.Clients.Connected}[t.metric]
	return 100 * float64(n) / float64(max(all, 1)), all == 0
}

// String returns the threshold with its value, as a reader sees it.
func (t Threshold) String() string { return t.In(lang.English) }

// In returns the condition and what was measured, in a language.
func (t Threshold) In(l lang.Lang) string {
	switch {
	case t.metric == "generator" && t.Crossed:
		return l.Say("generator: it may be the bottleneck", "generator：可能是瓶颈")
	case t.metric == "generator":
		return l.Say("generator: it is not the bottleneck", "generator：不是瓶颈")
	case t.None:
		return t.Text + l.Say(": nothing was measured", "：没有数据")
	}
	if t.unit == "ms" {
		return t.Text + l.Say(": ", "：") + number(t.Value) + "ms"
	}
	return t.Text + l.Say(": ", "：") + strconv.FormatFloat(t.Value, 'f', -1, 64) + t.unit
}
