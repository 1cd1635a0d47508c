package load

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
)

func TestLabels(t *testing.T) {
	l := newLabeler()
	for _, n := range []int{0, 7, 35, 36, 4_999_999} {
		text := l.label(n, 64)
		assert.Len(t, text, 64)
		for _, around := range []string{text, `42["chat message",{"text":"` + text + `"}]`,
			"data: " + text, text + text} {
			got, rest := l.next([]byte(around))
			assert.Equal(t, n, got)
			if around != text+text {
				again, _ := l.next(rest)
				assert.Equal(t, -1, again)
			}
		}
	}
	mark := string(l.mark)
	for _, bad := range []string{"", mark, mark + "~", mark + "zzzzzzzzzzzzzzz~", mark + "-1~",
		"~other.1~"} {
		got, _ := l.next([]byte(bad))
		assert.Equal(t, -1, got, bad)
	}
	got, _ := l.next([]byte(mark + "!" + l.label(3, 0)))
	assert.Equal(t, 3, got, "the next one counts")
}

func TestThresholds(t *testing.T) {
	latencies := Percentiles{Count: 10, P50: 1, P99: 250, P999: 300, Max: 301}
	r := &Report{Latency: &latencies, Connect: Percentiles{Count: 5, P99: 20},
		Messages: &Messages{Sent: 100, Expected: 1000, Delivered: 990, Missing: 10},
		Clients:  Clients{Connected: 50, Held: 45, Dropped: 5}}
	for text, crossed := range map[string]bool{
		"p99>200ms": true, "p99>250ms": false, "p99>=250ms": true, "p99 > 0.2s": true,
		"p99.9<300ms": false, "p99.9<=300ms": true, "max>1s": false,
		"connect.p99>10ms": true, "connect.p99>1s": false, "missing>0": true, "missing>1%": false,
		"missing>0.5%": true, "held<50": true, "held<45": false,
		// nothing was measured
		"dropped>5%": true, "dropped>10%": false, "failed>0": false, "generator": false,
		"back.p99>1s": true,
	} {
		parsed, err := ParseThreshold(text)
		require.NoError(t, err, text)
		assert.Equal(t, crossed, parsed.judge(r).Crossed, text)
	}
	r.Generator.Bottleneck = []lang.Text{lang.Same("busy")}
	generator, err := ParseThreshold("generator")
	require.NoError(t, err)
	assert.True(t, generator.judge(r).Crossed)

	for _, bad := range []string{"", "p99", "p99>", "p99>200", "p99=1s", "p42>1s", "missing>1s",
		"held>5%", "p99>-1ms", "x.p99>1s", "connect.missing>1", "generator>1"} {
		_, err := ParseThreshold(bad)
		assert.ErrorContains(t, err, "threshold", bad)
	}
}

func TestAThresholdFailsTheRunThatCrossesIt(t *testing.T) {
	_, url := serveSocketIO(t)
	c := small(url, Publish)
	c.Fail = []string{"p50>=0ms", "missing>0", "held<10"}
	r := put(t, c)
	require.Len(t, r.Crossed(), 1)
	assert.Equal(t, "p50>=0ms", r.Crossed()[0].Text)
}

func TestTheGeneratorAdmitsThatItIsTheBottleneck(t *testing.T) {
	calm := Generator{CPUs: 0.5, Cores: 2, MachineBusy: 0.5, LagP99: 1, ScheduleP99: 1, GC: 0.02}
	for name, change := range map[string]func(*Generator){
		"cores busy": func(g *Generator) {
			g.CPUs = 1.9
		}, "same machine": func(g *Generator) {
			g.CPUs, g.MachineBusy, g.SharedCores = 0.6, 0.99, true
		},
		"its machine": func(g *Generator) {
			g.CPUs, g.MachineBusy = 0.6, 0.99
		}, "sent or connected": func(g *Generator) {
			g.LagP99 = 50
		}, "clients arrived": func(g *Generator) { g.ArrivalLag = 50 },
		"waited": func(g *Generator) {
			g.ScheduleP99 = 50
		}, "collection took": func(g *Generator) {
			g.GC = 0.5
		}, "stopped it": func(g *Generator) { g.GCPause = 50 },
	} {
		g := calm
		g.judge()
		assert.Empty(t, g.Bottleneck)
		change(&g)
		g.judge()
		require.Len(t, g.Bottleneck, 1, name)
		assert.Contains(t, g.Bottleneck[0].EN, name)
		r := &Report{Generator: g, Latency: &Percentiles{Count: 1}, Messages: &Messages{}}
		assert.Contains(t, fmt.Sprint(r.Rows(lang.English)), "ms*", "the figures are marked")
	}
}

// A machine that other programs keep busy does not make the generator the bottleneck. A note says
// so.
func TestABusyMachineIsNotTheGenerator(t *testing.T) {
	for _, shared := range []bool{false, true} {
		g := Generator{CPUs: 0.01, Cores: 2, MachineBusy: 1, LagP99: 1, SharedCores: shared}
		g.judge()
		assert.Empty(t, g.Bottleneck)
		r := &Report{Generator: g, Latency: &Percentiles{Count: 1}, Messages: &Messages{}}
		threshold, err := ParseThreshold("generator")
		require.NoError(t, err)
		assert.False(t, threshold.judge(r).Crossed)
		assert.NotContains(t, fmt.Sprint(r.Rows(lang.English)), "ms*")
		for _, language := range lang.All {
			var b strings.Builder
			require.NoError(t, r.Print(&b, language))
			assert.Contains(t, b.String(), language.Say("the load generator took 0.01 of 2 cores.",
				"负载发生器用了 0.01 / 2 核"))
			assert.Equal(t, shared, strings.Contains(b.String(),
				language.Say("mostly with the server", "主要来自服务器")))
		}

		g.LagP99 = 50 // its figures suffer all the same
		g.judge()
		assert.Len(t, g.Bottleneck, 1)
	}
}

// The line of progress has no figures where nothing was measured.
func TestProgressWithoutFigures(t *testing.T) {
	for _, language := range lang.All {
		assert.NotContains(t, Live{Phase: "connect"}.Line(language), "p50")
		assert.NotContains(t, Live{Phase: "measure", Sent: 14,
			Connect: Percentiles{Count: 3, P50: 7}}.Line(language), "p50")
		assert.Contains(t, Live{Phase: "measure",
			Connect: Percentiles{Count: 3, P50: 7}}.Line(language), "p50 7.00")
		assert.Contains(t, Live{Phase: "measure", Sent: 14,
			Latency: Percentiles{Count: 3, P50: 8}}.Line(language), "p50 8.00")
	}
}

// Counters of the runtime: three below a bound, and one above.
func TestQuantilesOfTheRuntime(t *testing.T) {
	before := buckets{counts: []uint64{5, 0, 0}, bounds: []float64{0, 1, 2, 3}}
	after := buckets{counts: []uint64{8, 0, 1}, bounds: []float64{0, 1, 2, 3}}
	assert.Equal(t, 1.0, after.since(before, 0.5))
	assert.Equal(t, 3.0, after.since(before, 1))
	assert.Equal(t, 0.0, after.since(after, 0.99))
}

func TestReports(t *testing.T) {
	_, url := serveSocketIO(t)
	c := small(url, Publish)
	c.Command, c.Fail = "lab load '<script>'", []string{"max>1h", "p99>0ms"}
	r := put(t, c)
	r.Failures = []Failure{{Phase: phaseConnect, Cause: CauseRefused, Count: 3,
		Example: "<b>\x1b[31m"}}

	var out strings.Builder
	require.NoError(t, r.JSON(&out))
	var back map[string]any
	require.NoError(t, json.Unmarshal([]byte(out.String()), &back))
	assert.EqualValues(t, schemaVersion, back["schema_version"])
	assert.Contains(t, back, "latency_ms")
	assert.Equal(t, "publish", back["config"].(map[string]any)["profile"])

	for _, language := range lang.All {
		out.Reset()
		require.NoError(t, r.Print(&out, language))
		text := out.String()
		for _, want := range []string{"p99.9",
			language.Say("3 × while connecting: connection refused (<b>",
				"3 × 连接时：连接被拒绝（<b>"),
			language.Say("max>1h: ", "max>1h："), language.Say("FAILED", "未通过"),
			language.Say("passed", "通过"), `\x1b[31m`} {
			assert.Contains(t, text, want)
		}
		out.Reset()
		require.NoError(t, r.HTML(&out, language))
		page := out.String()
		assert.Contains(t, page, "--accent", "the style sheet of the reports")
		assert.Contains(t, page, "polyline points")
		assert.Contains(t, page, `<html lang="`+language.Tag()+`"`)
		assert.NotContains(t, page, "<script")
		assert.NotContains(t, page, "<b>\x1b")
		assert.NotContains(t, page, "ZgotmplZ", "no value was filtered")
	}
	assert.NotEmpty(t, Live{Phase: "measure", Elapsed: time.Second, Of: time.Minute, Sent: 1,
		Failures: r.Failures}.Line(lang.English))
}

func TestOneIsSingular(t *testing.T) {
	r := &Report{}
	r.Config.Clients = 1
	assert.Contains(t, r.Heading(lang.English), "1 client")
	assert.NotContains(t, r.Heading(lang.English), "1 clients")
	assert.Contains(t, r.Heading(lang.Chinese), "1 个客户端")
	assert.Equal(t, "1 byte", bytesText(1, lang.English))
	assert.Equal(t, "1 字节", bytesText(1, lang.Chinese))
}

// TestCausesInChinese finds the causes in the source, so that a new one gets its Chinese.
func TestCausesInChinese(t *testing.T) {
	source, err := os.ReadFile("failure.go")
	require.NoError(t, err)
	found := regexp.MustCompile(`(?m)^\tCause\w+ +Cause = "(.+)"$`).FindAllSubmatch(source, -1)
	require.NotEmpty(t, found)
	for _, match := range found {
		cause := Cause(match[1])
		assert.Equal(t, string(cause), cause.In(lang.English))
		assert.NotEqual(t, string(cause), cause.In(lang.Chinese))
	}
	assert.Len(t, causesInChinese, len(found))
}

func TestThresholdsInChinese(t *testing.T) {
	for want, threshold := range map[string]Threshold{
		"p99>1s：没有数据":     {Text: "p99>1s", metric: "p99", None: true},
		"missing>0：3":     {Text: "missing>0", metric: "missing", Value: 3},
		"p50>1ms：2.00ms":  {Text: "p50>1ms", metric: "p50", unit: "ms", Value: 2},
		"generator：可能是瓶颈": {Text: "generator", metric: "generator", Crossed: true},
	} {
		assert.Equal(t, want, threshold.In(lang.Chinese))
	}
}
