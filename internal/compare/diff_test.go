package compare

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/netsim"
)

func TestDiffTellsWhatExceedsTheSpreads(t *testing.T) {
	quiet := func() *Report {
		r := measured()
		r.Warnings = nil
		return r
	}
	before, after := document(quiet()), document(quiet())
	sse := &after.Parts[0].Results[0]
	sse.Latency.P50, sse.Spread[latencyP50] = 3, Range{2.5, 3.5}
	sse.CPUPerMessage, sse.Spread[cpuPerMessage] = 45, Range{44, 46}
	var out strings.Builder
	require.NoError(t, before.Compare(after, "old.html", "new.json").Print(&out, "table", false))
	text := out.String()
	assert.Contains(t, text, "A: old.html\nB: new.json\n")
	assert.Contains(t, text, "Differ by more than the spreads: 1 of 10 figures.")
	assert.Regexp(t,
		`(?m)^sse +p50 ms +1\.00 \(1\.00–1\.50\) +3\.00 \(2\.50–3\.50\) +\+200 % +differs$`, text)
	assert.Regexp(t, `(?m)^sse +cpu µs/msg +< 30 +45 \(44–46\) +\+125 % +within the spread$`, text,
		"the clock is not that fine")
	assert.NotContains(t, text, "note:", "the same machine and settings")
	assert.NotContains(t, text, "goroutines")

	out.Reset()
	require.NoError(t, before.Compare(after, "a", "b").Print(&out, "csv", false))
	rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	require.NoError(t, err)
	assert.Contains(t, rows, []string{"feed", "none", "sse", "latency_p50_ms", "1", "1", "1.5", "3",
		"2.5", "3.5", "true"})
	out.Reset()
	require.NoError(t, before.Compare(after, "a", "b").Print(&out, "markdown", true))
	assert.Contains(t, out.String(), "| sse | goroutines |")
	assert.Error(t, before.Compare(after, "a", "b").Print(&out, "json", true))
}

func TestDiffSaysWhatElseDiffers(t *testing.T) {
	before, after := document(measured()), document(measured())
	after.Machine.CPU = "another"
	after.Parts[0].Config.Clients = 50
	after.Parts[0].Results[1].Transport = "hanging"
	ack := measured()
	ack.Config.Workload = Ack
	after.Parts = append(after.Parts, ack)
	d := before.Compare(after, "a", "b")
	require.Len(t, d.Caveats, 4)
	assert.Contains(t, d.Caveats[0], "different machines: ")
	assert.Contains(t, d.Caveats[0], "another, ")
	assert.Equal(t, []string{
		"different settings of feed over none: clients 2 and 50",
		"A, feed over none: warning: sse: warned", "B, feed over none: warning: sse: warned",
	}, d.Caveats[1:])
	assert.Equal(t, []string{"feed over none, websocket: not in b",
		"feed over none, hanging: not in a", "ack over none: not in a"}, d.Missing)
	for _, c := range d.Rows {
		assert.Equal(t, "sse", c.Transport)
	}
}

func TestDiffOfOneRunTellsNothing(t *testing.T) {
	before, after := document(measured()), document(measured())
	for i := range after.Parts[0].Results {
		after.Parts[0].Results[i].Runs = 1
	}
	var out strings.Builder
	require.NoError(t, before.Compare(after, "a", "b").Print(&out, "table", false))
	assert.Contains(t, out.String(), "no spread")
	assert.NotContains(t, out.String(), "differs")
	out.Reset()
	after.Parts[0].Config.Workload = Chat
	require.NoError(t, before.Compare(after, "a", "b").Print(&out, "table", false))
	assert.Contains(t, out.String(), "no lane under the same workload and network in common")
	assert.NotContains(t, out.String(), "change", "no table without lines")
	out.Reset()
	require.NoError(t, before.Compare(after, "a", "b").Print(&out, "markdown", false))
	assert.NotContains(t, out.String(), "|")
}

func TestASmallChangeHasADecimal(t *testing.T) {
	for after, want := range map[float64]string{100.4: "+0.4 %", 99.7: "-0.3 %", 99.99: "0 %",
		100: "0 %", 98: "-2 %", 250: "+150 %"} {
		c := Change{Figure: figureOf(bytesPerMessage),
			Before: Result{Messages: 1, BytesPerMessage: 100},
			After:  Result{Messages: 1, BytesPerMessage: after}}
		assert.Equal(t, want, c.percent(), after)
	}
}

// A report that ended early, and one of an older lab, say so beside the other.
func TestDiffSaysWhatAReportLacks(t *testing.T) {
	over := measured()
	over.Warnings, over.Config.Net = nil, netsim.Link{RTT: 20 * time.Millisecond}
	over.Config.Network = over.Config.Net.String()
	before, after := document(over), document(over)
	before.Version = 1
	before, err := before.rounded()
	require.NoError(t, err)
	after.Incomplete = &Incomplete{Turns: 3, Of: 6, Cause: interrupted}
	assert.Equal(t, []string{
		"B: Interrupted: 3 of 6 turns measured. A turn is one run of one lane.",
		"A, feed over rtt=20ms: bytes, requests and connections per message leave out the upload",
	}, before.Compare(after, "a", "b").Caveats)
}
