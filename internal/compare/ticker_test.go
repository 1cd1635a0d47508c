package compare

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
	"realtimelab/internal/latency"
)

// every returns the shots of a ticker, and their arrivals after a delay.
func every(interval, late time.Duration, values int) (shots []shot, came []arrival) {
	for n := range values {
		at := time.Duration(n) * interval
		shots = append(shots, shot{at: at})
		came = append(came, arrival{at + late, n})
	}
	return shots, came
}

func TestAScreenShowsTheNewestValueOnceAFrame(t *testing.T) {
	shots, came := every(100*time.Millisecond, 0, 10)
	ages := latency.New()
	assert.Equal(t, 10, draw(came, shots, 50*time.Millisecond, time.Second, ages),
		"a fast client misses none")
	assert.InDelta(t, 100_000, ages.Max(), 20_000,
		"an old value stays until the frame after the next one")

	ages = latency.New()
	assert.Equal(t, 3, draw(came, shots, 300*time.Millisecond, time.Second, ages),
		"of ten values, the newest in each of three frames")
	assert.InDelta(t, 290_000, ages.Max(), 20_000)

	shots, came = every(100*time.Millisecond, 5*time.Second, 10)
	assert.Equal(t, 10, draw(came, shots, 50*time.Millisecond, time.Second, latency.New()),
		"late values are drawn too")

	batch := []arrival{{time.Second, 0}, {time.Second, 1}, {time.Second, 2}}
	assert.Equal(t, 1, draw(batch, shots, fastFrame, time.Second, latency.New()),
		"of a batch, the newest")

	overtaken := []arrival{{100 * time.Millisecond, 1}, {200 * time.Millisecond, 0}}
	assert.Equal(t, 1, draw(overtaken, shots, fastFrame, time.Second, latency.New()),
		"no value older than the one on the screen")
}

func TestATickerTellsSlowClientsFromFastOnes(t *testing.T) {
	need.Time(t)
	for _, name := range everyLane() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := small(Ticker, name)
			c.Duration = time.Second
			report, err := runner.Run(t.Context(), c, quiet)
			require.NoError(t, err)
			r := report.Results[0]
			require.NotNil(t, r.Ticker)
			assert.Positive(t, r.Ticker.Fast.AgeP50)
			assert.Positive(t, r.Ticker.Slow.AgeP50)
			assert.Less(t, r.Ticker.Fast.Missed, 100.0)
			assert.GreaterOrEqual(t, r.Ticker.Slow.Missed, 50.0,
				"it draws a third of the values at most, and one at each end")
		})
	}
	c := small(Ticker, "sse")
	c.Clients = 1
	assert.ErrorContains(t, c.Check(runner.Lessons), "want 2 or more")
}
