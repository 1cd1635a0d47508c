package compare

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
	"realtimelab/internal/latency"
	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
	"realtimelab/lessons"
)

// measured returns a made-up report with every part that a writer shows.
func measured() *Report {
	c := Default(runner.Lessons)
	c.Transports, c.Clients, c.Seed = []string{"sse", "websocket"}, 2, 9
	r := &Report{Config: ReportedConfig{Config: c, DurationMS: 10_000, IntervalMS: 1000,
		Network: "none", CutMS: 1000}}
	for i, name := range c.Transports {
		n := float64(i + 1)
		p50, most := n, 5*n
		r.Results = append(r.Results, Result{
			Transport: name, Workload: Feed, Runs: 3, Messages: 600, Lost: i,
			Latency: Latency{n, 2 * n, 3 * n, 4 * n, 5 * n}, First: First{10 * n, 20 * n},
			OverTime: &OverTime{Slice: 500, P50: []*float64{&p50, nil},
				Max: []*float64{&most, nil}},
			BytesPerMessage: 300, Bytes: Bytes{Payload: 100, Framing: 50, Headers: 150},
			RequestsPerMessage: 0.5, CPUPerMessage: 20, CPUResolution: 30 * n, MemoryPerClient: 30,
			RequestsPerMinute: 300, BytesPerMinute: 9000,
			GoroutinesPerClient: 2, DescriptorsPerClient: 1, GeneratorCPU: 0.1,
			Recovery: &Recovery{P50: 40 * n, Max: 50 * n},
			Spread: Spread{latencyP50: {n, n + 0.5}, latencyP99: {1, 9},
				bytesPerMessage: {300 * n, 301 * n}, cpuPerMessage: {20, 21},
				requestsPerMsg: {0.5, 0.5}, memoryPerClient: {30, 31}},
		})
	}
	r.warn("%s: warned", "%s：注意", "sse")
	return r
}

func document(parts ...*Report) *Document {
	d, err := NewDocument("lab compare --seed 9", parts)
	if err != nil {
		panic(err)
	}
	return d
}

func printed(t *testing.T, d *Document, format string, all bool) string {
	var out strings.Builder
	require.NoError(t, d.Print(&out, format, all))
	return out.String()
}

// noise returns a document of all lanes with figures of all sizes, like the largest report.
func noise(transports []string, parts int) *Document {
	random := rand.New(rand.NewPCG(1, 2))
	size := func() float64 {
		return 0.01 + 99_999*random.Float64()*random.Float64()*random.Float64()
	}
	d := document()
	for i := range parts {
		c := Default(lessons.All())
		c.Transports, c.Net = transports,
			netsim.Link{RTT: time.Duration(i+1) * time.Millisecond, Loss: 0.001}
		r := &Report{Config: ReportedConfig{Config: c, DurationMS: 10_000, IntervalMS: 1000,
			Network: c.Net.String(), CutMS: 1000}}
		for _, name := range transports {
			x := Result{Transport: name, Workload: c.Workload, Runs: 3, Messages: 123_456,
				Latency:  Latency{size(), size(), size(), size(), size()},
				OverTime: &OverTime{Slice: 500},
				Last:     Last{size(), size(), size()}, First: First{size(), size()},
				Bytes:              Bytes{Payload: size(), Framing: size(), Headers: size()},
				RequestsPerMessage: size() / 1e4, CPUPerMessage: size(), CPUResolution: 1,
				MemoryPerClient: size(), ConnectionsPerMessage: size() / 1e4,
				RequestsPerMinute: size(), BytesPerMinute: size(), GoroutinesPerClient: 2,
				DescriptorsPerClient: 1,
				GeneratorCPU:         0.1, Recovery: &Recovery{P50: size(), Max: size()},
				Packets: &Packets{size(), size(), size(), 1000}, Spread: Spread{}}
			if i == parts-1 { // the figures of one workload alone
				x.Misdirected, x.Bytes.Base64 = 1, size()
				x.Ticker = &Tickers{Screen{size() / 1e3, size(), size()},
					Screen{size() / 1e3, size(), size()}}
				x.Storm = &StormCost{size(), size() / 1e3, size() / 1e3, size() / 1e3, size()}
			}
			x.BytesPerMessage = x.Bytes.Payload + x.Bytes.Framing + x.Bytes.Headers
			for range timeSlices {
				a, b := digits(size(), 3), digits(size(), 3)
				x.OverTime.P50, x.OverTime.Max = append(x.OverTime.P50, &a),
					append(x.OverTime.Max, &b)
			}
			for _, f := range figures {
				if v, ok := f.Of(x); ok && f.spread {
					x.Spread[f.Key] = Range{0.9 * v, 1.1 * v}
				}
			}
			r.Results = append(r.Results, x)
		}
		d.Parts = append(d.Parts, r)
	}
	return d
}

// lanes holds as many and as long names as a comparison may have.
func lanes() []string {
	all := []string{"webtransport-datagrams"}
	for i := range 12 {
		all = append(all, fmt.Sprintf("socketio-websocket-%d", i))
	}
	return all
}

func TestTable(t *testing.T) {
	text := printed(t, document(measured()), "table", false)
	assert.Contains(t, text,
		"workload feed, 2 clients, rate 10/s, 100 bytes, 10s a run, 3 "+
			"runs, polling every 1s, seed 9\n")
	assert.Contains(t, text, "warning: sse: warned\n")
	assert.Regexp(t,
		`(?m)^transport  +lost  p50 ms  p99 ms  bytes/msg  reqs/msg  cpu µs/msg  first ms  recovery ms$`, text)
	assert.Regexp(t, `(?m)^websocket +1 +2\.00 +6\.00 +300 +0\.500 +< 60 +20\.0 +80\.0$`, text)
}

func TestTheTableFits100Columns(t *testing.T) {
	for _, workload := range Workloads() {
		d := noise(lanes(), 2)
		for _, r := range d.Parts {
			r.Config.Workload = workload
		}
		for _, line := range strings.Split(printed(t, d, "table", false), "\n") {
			assert.LessOrEqual(t, ansi.StringWidth(line), tableWidth, line)
		}
	}
	wide := printed(t, noise(lanes(), 1), "wide", false)
	for _, f := range figures {
		assert.Contains(t, wide, f.Short)
	}
	assert.Equal(t, wide, printed(t, noise(lanes(), 1), "table", true))
}

func TestCSVHasOneNumberACell(t *testing.T) {
	idle := measured()
	idle.Config.Workload, idle.Results = Idle, idle.Results[:1]
	idle.Results[0].Messages, idle.Results[0].Recovery = 0, nil
	rows, err := csv.NewReader(strings.NewReader(printed(t, document(measured(), idle), "csv",
		false))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 4, "a row for each lane of each part")
	for i, heading := range rows[0] {
		assert.Regexp(t, `^[a-z][a-z0-9_]*$`, heading)
		for _, row := range rows[1:] {
			if slices.Contains([]string{"workload", "network", "transport"}, heading) ||
				row[i] == "" {
				continue
			}
			_, err := strconv.ParseFloat(row[i], 64)
			assert.NoError(t, err, "%s: %s", heading, row[i])
		}
	}
	at := func(row int, heading string) string { return rows[row][slices.Index(rows[0], heading)] }
	assert.Equal(t, "websocket", at(2, "transport"))
	assert.Equal(t, "2.5", at(2, "latency_p50_ms_max"))
	assert.Equal(t, "80", at(2, "recovery_p50_ms"))
	assert.Equal(t, "60", at(2, "server_cpu_resolution_us_per_message"))
	assert.Equal(t, "idle", at(3, "workload"))
	assert.Empty(t, at(3, "latency_p50_ms"), "a figure that was not measured is empty")
	assert.Empty(t, at(3, "recovery_p50_ms"))
	assert.Equal(t, "9000", at(3, "bytes_per_client_minute"))
}

func TestMarkdown(t *testing.T) {
	text := printed(t, document(measured()), "markdown", true)
	lines := strings.Split(text, "\n")
	for _, line := range lines[3:6] {
		assert.Equal(t, strings.Count(lines[2], "|"), strings.Count(line, "|"),
			"each row is as wide as the head: %s", line)
	}
	assert.True(t, strings.HasPrefix(lines[4], "| sse | 600 |"), lines[4])
	assert.Contains(t, text, "\n- warning: sse: warned\n")
}

func TestAnUnknownFormatIsRefused(t *testing.T) {
	assert.ErrorContains(t, document(measured()).Print(&bytes.Buffer{}, "xml", false),
		"there are: table, wide, csv, json, markdown")
}

// fill sets all fields that are zero, so that none is left out of the JSON.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Field(i); field.CanSet() {
				fill(field)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			fill(v.Index(i))
		}
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		fill(v.Elem())
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(max(v.Int(), 1))
	case reflect.Float64:
		v.SetFloat(max(v.Float(), 1))
	}
}

// validate holds JSON against the schema.
func validate(t *testing.T, data string) error {
	t.Helper()
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(Schema))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("report.schema.json", schema))
	compiled, err := c.Compile("report.schema.json")
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(data))
	require.NoError(t, err)
	return compiled.Validate(value)
}

// A real comparison's JSON matches the schema, and reading it back loses nothing.
func TestJSONIsWhatTheSchemaSays(t *testing.T) {
	p := Plan{Config: small(Feed, "websocket"), Workloads: []string{Feed, Ack, Idle},
		Nets: []netsim.Link{{}, {RTT: 20 * time.Millisecond}}}
	p.Config.Cut, p.Config.Runs = 100*time.Millisecond, 2
	var turns []string
	d, err := runner.RunAll(t.Context(), p, func(c Config, now Progress) {
		if now.Live == nil {
			turns = append(turns, fmt.Sprintf("%s %s %d/%d", c.Workload, c.Net, now.Done, now.Of))
		}
	})
	require.NoError(t, err)
	require.Len(t, d.Parts, 6)
	require.Len(t, turns, 12)
	assert.Equal(t, "feed none 0/12", turns[0])
	assert.Equal(t, "idle rtt=20ms 11/12", turns[11])
	assert.Equal(t, Defaults(Feed).Size, d.Parts[0].Config.Size)
	text := printed(t, d, "json", false)
	require.NoError(t, validate(t, text))

	again, err := ReadDocument(strings.NewReader(text))
	require.NoError(t, err)
	assert.Equal(t, text, printed(t, again, "json", false))
	assert.Equal(t, d.Parts[1].Config, again.Parts[1].Config)
	over := d.Parts[0].Results[0].OverTime
	require.NotNil(t, over)
	assert.Len(t, over.P50, timeSlices)
	assert.True(t, slices.ContainsFunc(over.Max, func(v *float64) bool { return v != nil }))

	full := document(measured())
	full.Incomplete = &Incomplete{Turns: 1, Of: 6, Cause: interrupted}
	fill(reflect.ValueOf(full.Parts[0]).Elem())
	require.NoError(t, validate(t, printed(t, full, "json", false)), "the schema knows each field")
	require.NoError(t, validate(t, printed(t, noise(lanes(), 1), "json", false)))
	require.NoError(t, validate(t, printed(t, document(measured()), "json", false)))
	assert.Error(t, validate(t, strings.Replace(text, `"transport"`, `"lane"`, 1)),
		"the schema refuses other names")
	assert.Error(t, validate(t, strings.Replace(text, `"schema_version": 2`,
		`"schema_version": 3`, 1)))
}

func TestFiguresInJSONHaveFiveDigits(t *testing.T) {
	for v, want := range map[float64]float64{0: 0, 1.234567: 1.2346, 0.0001234567: 0.00012346,
		987654.4: 987654, -12.34567: -12.346, 100: 100} {
		assert.Equal(t, want, round(v))
	}
	r := measured()
	r.Config.Rate, r.Results[0].BytesPerMessage = 0.123456789, 0.123456789
	text := printed(t, document(r), "json", false)
	assert.Contains(t, text, `"rate": 0.123456789`, "an option is not a figure")
	assert.Contains(t, text, `"bytes_per_message": 0.12346`)
}

func TestReadDocumentRefusesOtherFiles(t *testing.T) {
	good := printed(t, document(measured()), "json", false)
	for text, want := range map[string]string{
		"":                          "not a report of lab compare",
		"{}":                        "no schema_version",
		"[1]":                       "not a report of lab compare",
		"<html><p>hello</p></html>": "no report in it",
		dataBegins:                  "no report in it",
		strings.Replace(good, `"schema_version": 2`, `"schema_version": 3`, 1): "use a newer lab",
		strings.Replace(good, `"net": "none"`, `"net": "pigeon"`, 1):           `network "pigeon"`,
		strings.Replace(good, `"transport": "sse"`, `"transport": ""`,
			1): "without a transport",
		`{"schema_version":1,"parts":[null]}`: "part 1 of the report is empty",
		`{"schema_version":1}`:                "no parts",
		good[:len(good)/2]:                    "not a report of lab compare",
	} {
		_, err := ReadDocument(strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
		assert.NotContains(t, err.Error(), "\n")
	}
}

func TestHTML(t *testing.T) {
	r := measured()
	r.Results[0].Transport = "</script><script>alert(1)</script>"
	d := document(r)
	for language, want := range map[lang.Lang][]string{
		lang.English: {"<html lang=\"en\">", "The transports side by side", "Warning: sse: warned",
			"On this machine:"},
		lang.Chinese: {"<html lang=\"zh-CN\">", "各种传输并排比较", "警告：sse：注意",
			"在这台机器上："},
	} {
		var page bytes.Buffer
		require.NoError(t, d.HTML(&page, language, lessons.All()))
		for _, text := range want {
			assert.Contains(t, page.String(), text)
		}
		assert.Contains(t, page.String(), "lab compare --seed 9")
		assert.Equal(t, 3, strings.Count(page.String(), "<script"),
			"the data, the view and the script")
		assert.NotContains(t, page.String(), "alert(1)<", "a name is escaped")
		assert.NotRegexp(t, `(src|href)="?http`, page.String(), "nothing comes from the network")
		assert.NotContains(t, page.String(), "ZgotmplZ", "the template refused a value")
		again, err := ReadDocument(&page)
		require.NoError(t, err)
		assert.Equal(t, printed(t, d, "json", false), printed(t, again, "json", false))
	}
}

// large is a document of real figures in as many parts, with as many lanes as the lab has.
func large(t *testing.T, parts int) *Document {
	f, err := os.Open("../../docs/figures/3g.json")
	require.NoError(t, err)
	defer f.Close()
	measured, err := ReadDocument(f)
	require.NoError(t, err)
	names := lesson.LaneNames(lessons.All())
	for len(names) < 14 {
		names = append(names, fmt.Sprintf("long-polling-h%d", len(names)))
	}
	d := noise(names, parts)
	for _, r := range d.Parts {
		for i := range r.Results {
			like := measured.Parts[0].Results[i%len(measured.Parts[0].Results)]
			like.Transport, like.OverTime = r.Results[i].Transport, r.Results[i].OverTime
			r.Results[i] = like
		}
	}
	return d
}

// There is room for more than the largest comparison, which has all lanes in fourteen
// configurations.
func TestThePageOfAllLanesIsSmall(t *testing.T) {
	for _, language := range lang.All {
		var page bytes.Buffer
		require.NoError(t, large(t, 24).HTML(&page, language, lessons.All()))
		t.Logf("%d KB", page.Len()/1000)
		assert.Less(t, page.Len(), 300_000)
	}
}

// The report in these tests looks like a report of trials.
func TestAReportOfTrialsHasWhatTheWritersShow(t *testing.T) {
	c := measured().Config.Config
	var trials []trial
	for _, name := range c.Transports {
		trials = append(trials, trial{Step: Step{Transport: name}, latency: latency.New(),
			first: latency.New(), recovery: latency.New(), elapsed: time.Second})
	}
	r := c.report(trials)
	require.Len(t, r.Results, 2)
	assert.NotNil(t, r.Results[0].Recovery)
	assert.Equal(t, measured().Config, r.Config)
	var got, want map[string]any
	for of, to := range map[*Result]*map[string]any{&r.Results[0]: &got,
		&measured().Results[0]: &want} {
		data, err := json.Marshal(of)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(data, to))
	}
	for name := range want {
		assert.Contains(t, got, name)
	}
}
