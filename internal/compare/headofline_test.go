package compare

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest"
	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lang"
	"realtimelab/internal/netsim"
)

// One plan measures five loss rates, beside the other workloads over theirs.
func TestHeadOfLineHasNetworksOfItsOwn(t *testing.T) {
	p := Plan{Config: small(Feed, "websocket"), Workloads: []string{Feed, HeadOfLine, FanOut},
		Nets: []netsim.Link{{}, {RTT: time.Second}}}
	require.NoError(t, p.Check(runner.Lessons))
	var got []string
	for _, c := range p.Configs() {
		got = append(got, c.Workload+" "+c.Net.String())
	}
	assert.Equal(t, []string{"feed none", "feed rtt=1s", "head-of-line rtt=40ms",
		"head-of-line rtt=40ms,loss=0.5%", "head-of-line rtt=40ms,loss=1%",
		"head-of-line rtt=40ms,loss=2%", "head-of-line rtt=40ms,loss=5%", "fan-out none",
		"fan-out rtt=1s"}, got)

	p.Workloads = []string{HeadOfLine}
	assert.ErrorContains(t, p.Check(runner.Lessons), "leave --net out, or measure feed --rate 20")
	p.Nets = []netsim.Link{{}}
	require.NoError(t, p.Check(runner.Lessons))
	assert.Len(t, p.Configs(), 5)
	assert.Contains(t, p.Command(), " --workload head-of-line ")
}

// A storm among the workloads is the only one whose clients are cut off.
func TestAStormIsWhatMeasuresTheCut(t *testing.T) {
	p := Plan{Config: small(Feed, "websocket"), Workloads: []string{Feed, Storm, StormNoJitter}}
	p.Config.Cut = time.Second
	require.NoError(t, p.Check(runner.Lessons))
	cuts := func() (all []time.Duration) {
		for _, c := range p.Configs() {
			all = append(all, c.Cut)
		}
		return all
	}
	assert.Equal(t, []time.Duration{0, time.Second, time.Second}, cuts())
	assert.Contains(t, p.Command(), " --cut 1s ")
	p.Workloads = []string{Feed, FanOut}
	assert.Equal(t, []time.Duration{time.Second, time.Second}, cuts())
}

// The lanes keep their promises at every loss rate, and the page plots them over the loss.
func TestHeadOfLine(t *testing.T) {
	need.Time(t)
	lanes := []string{"websocket", "webtransport", "webtransport-streams", "webtransport-datagrams"}
	p := Plan{Config: small(HeadOfLine, lanes...), Workloads: []string{HeadOfLine}, Clients: 5}
	p.Config.Cut = time.Second
	d, err := runner.RunAll(t.Context(), p, func(Config, Progress) {})
	require.NoError(t, err)
	require.NoError(t, d.Faults())
	require.Len(t, d.Parts, 5)
	for _, r := range d.Parts {
		require.Len(t, r.Results, len(lanes))
		for _, x := range r.Results {
			assert.Positive(t, x.Messages, x.Transport)
			assert.Positive(t, x.Latency.P999, x.Transport)
			assert.Nil(t, x.Recovery, "no client is cut off")
			if r.Config.Net.Loss == 0 {
				assert.Zero(t, x.Packets.Lost, x.Transport)
				assert.Zero(t, x.Lost, x.Transport)
			}
		}
	}
	lost := 0
	for _, x := range d.Parts[4].Results {
		lost += x.Packets.Lost
	}
	assert.Positive(t, lost, "of all lanes together, at 5 %")

	tab := labtest.NewBrowser(t).Tab(t)
	tab.Open(written(t, d, lang.English))
	assert.Equal(t,
		[]string{"Workload head-of-line as 0 %, 0.5 %, 1 %, 2 % and 5 % of the packets are lost"},
		labtest.Eval[[]string](tab,
			`[...document.querySelectorAll("[data-sweep] h2")].map(h => h.textContent)`))
	assert.Equal(t, lanes, labtest.Eval[[]string](tab,
		`[...document.querySelector("[data-sweep] figure").querySelectorAll("li")].map(l => l.firstChild.textContent)`))
}
