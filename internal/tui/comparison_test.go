package tui

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/compare"
	"realtimelab/internal/lang"
)

func TestComparisonRunsUntilItIsStopped(t *testing.T) {
	d := newDesk(t, lang.English, 80, 24)
	d.press("m")
	c := d.measures
	require.Equal(t, screen(c), d.at)
	begun := d.send(pressed("r")).(comparisonNews) // the run
	said := d.send(begun).(comparisonNews)         // what it says first
	wait, _ := d.Update(said)
	assert.Contains(t, wait.View(), "1 of 21 · run 1 · short-polling")
	d.press("w")
	assert.Equal(t, compare.Feed, c.config.Workload, "nothing changes while it runs")
	d.send(pressed("r"))
	d.send(c.next(c.run)())
	assert.False(t, c.running)
	assert.NoError(t, c.err)
	assert.Contains(t, d.View(), "Interrupted")
	assert.Contains(t, d.View(), "Lowest latency p50: websocket, 1.30 ms.")
	d.press("esc")
	assert.Contains(t, d.View(), "fewest bytes: websocket")
	require.NoError(t, d.stage.close())
}

func TestComparisonEndsWithTheStage(t *testing.T) {
	d := newDesk(t, lang.English, 80, 24)
	d.press("m")
	begun := d.send(pressed("r")).(comparisonNews)
	require.NoError(t, d.stage.close())
	for n := range begun.run.news {
		assert.NotNil(t, n.Report)
	}
	assert.Error(t, (<-begun.run.done).err)
	late := d.stage.startComparison(d.measures.config)
	assert.ErrorIs(t, (<-late.done).err, errClosing)
}

func TestComparisonSettings(t *testing.T) {
	d := newDesk(t, lang.English, 120, 40)
	d.press("m")
	c := d.measures
	d.press("c", "d")
	assert.Equal(t, 50, c.config.Clients)
	assert.Equal(t, 10*time.Second, c.config.Duration)
	for range compare.Workloads() {
		d.press("w")
		for range c.figures() {
			d.press("tab")
			assert.NotEmpty(t, d.View())
		}
	}
	assert.Equal(t, compare.Feed, c.config.Workload)
	d.press("n", "n", "n")
	assert.Equal(t, "3g", c.config.Net.String())
	d.press("w")
	assert.Equal(t, compare.Chat, c.config.Workload)
	assert.Contains(t, d.View(), "at an RTT of", "an impossible mix is one line")
	assert.Nil(t, d.send(pressed("r")), "and is not begun")
	assert.False(t, c.running)
}

func TestBarsAreToScale(t *testing.T) {
	assert.Equal(t, "████", bar(0.5, 8))
	assert.Equal(t, "▌", bar(1.0/16, 8))
	assert.Empty(t, bar(0, 8))
	assert.Equal(t, "████████", bar(7, 8))
	assert.InDelta(t, 0.5, logShare(1, 10), 1e-9, "0.1, 1, 10")
	assert.Equal(t, "▁█", spark([]float64{0.1, 1000}, 5))
}
