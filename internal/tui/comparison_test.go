package tui

import (
	"slices"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/compare"
	"realtimelab/internal/host"
	"realtimelab/internal/lang"
	"realtimelab/internal/netsim"
)

func TestComparisonRunsUntilItIsStopped(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	d.press("3")
	c := d.measures
	require.Equal(t, screen(c), d.at)
	begun := d.send(pressed("r")).(comparisonTold) // the run
	said := d.send(begun).(comparisonTold)         // what it says first
	wait, _ := d.Update(said)
	assert.Contains(t, wait.View(), "1 of 21 · run 1 · short-polling")
	d.press("enter", "w")
	assert.Nil(t, d.over, "nothing changes while it runs")
	d.press("q")
	assert.Contains(t, d.View(), "a measurement is running. Quit?")
	d.press("esc", "1")
	assert.Contains(t, d.View(), "Comparison … 0/21", "it goes on in another tab")
	d.press("3")
	d.send(pressed("s"))
	d.send(c.job.next(c)())
	assert.False(t, c.running)
	assert.NoError(t, c.err)
	assert.Contains(t, d.View(), "Interrupted")
	assert.Contains(t, d.View(), "Lowest latency p50: websocket, 1.30 ms.")
	assert.IsType(t, tea.QuitMsg{}, d.press("q"), "nothing is lost now")
	require.NoError(t, d.background.close())
}

func TestComparisonEndsWithTheLab(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	d.press("3")
	begun := d.send(pressed("r")).(comparisonTold)
	require.NoError(t, d.background.close())
	for n := range begun.job.news {
		assert.NotNil(t, n.Report)
	}
	assert.Error(t, (<-begun.job.done).err)
	late := d.background.startComparison(d.measures.config)
	assert.ErrorIs(t, (<-late.done).err, host.ErrClosing)
}

// pick opens the chooser of the i-th setting and takes its j-th entry.
func (d *fixture) pick(i, j int) {
	d.measures.setting = i
	d.press("enter")
	require.IsType(d.t, &chooser{}, d.over)
	d.press("home")
	for range j {
		d.press("down")
	}
	d.press("enter")
	require.Nil(d.t, d.over)
}

func TestComparisonSettings(t *testing.T) {
	d := newFixture(t, lang.English, 120, 40)
	d.press("3")
	c := d.measures
	d.pick(1, 2)
	d.pick(3, 2)
	assert.Equal(t, 50, c.config.Clients)
	assert.Equal(t, 10*time.Second, c.config.Duration)
	for i, name := range compare.Workloads() {
		d.pick(0, i)
		assert.Equal(t, name, c.config.Workload)
		if name == compare.HeadOfLine {
			assert.Contains(t, c.networks(), c.config.Net.String(),
				"the workload brings its networks")
			assert.NotContains(t, netsim.Names(), c.config.Net.String())
		}
		for range c.figures() {
			d.press("right")
			assert.NotEmpty(t, d.View())
		}
	}
	d.pick(0, slices.Index(compare.Workloads(), compare.Chat))
	d.pick(4, slices.Index(netsim.Names(), "3g"))
	assert.Equal(t, "3g", c.config.Net.String())
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
