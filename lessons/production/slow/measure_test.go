package slow

import (
	"encoding/json"
	"flag"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
)

var measureTo = flag.String("measure", "",
	"file for the figures of the four policies; docs/figures/slow.json has the lesson's")

// TestMeasure measures what each policy costs. With a file, it runs each for longer and writes the
// figures for the lesson's table:
//
//	go test ./lessons/production/slow -run TestMeasure -measure ../../../docs/figures/slow.json
func TestMeasure(t *testing.T) {
	need.Time(t)
	length := 2 * time.Second
	if *measureTo != "" {
		length = 15 * time.Second
	}
	type figures struct {
		SteadyP50 float64 `json:"steady_delay_p50_ms"` // of the last seconds
		SteadyP99 float64 `json:"steady_delay_p99_ms"`
		SlowP50   float64 `json:"slow_delay_p50_ms"`
		Missed    int64   `json:"slow_missed"` // messages that the slow client never got
		Queue     int     `json:"largest_queue_bytes"`
	}
	document := struct {
		Command  string             `json:"command"`
		Measured time.Time          `json:"measured"`
		System   string             `json:"system"`
		Policies map[Policy]figures `json:"policies"`
	}{
		"go test ./lessons/production/slow -run TestMeasure -measure docs/figures/slow.json",
		time.Now().UTC().Truncate(time.Second),
		runtime.GOOS + "/" + runtime.GOARCH + ", " + runtime.Version(), map[Policy]figures{},
	}
	for policy := range policies {
		t.Run(string(policy), func(t *testing.T) {
			p := watch(t, true)
			p.set(`{"policy":"` + string(policy) + `","reading":20000,"rate":25}`)
			var f figures
			before := p.until("the first view", func(view) bool {
				return true
			}).Readers[slowName].Missed
			end := time.Now().Add(length)
			v := p.until("the end", func(v view) bool {
				f.Queue = max(f.Queue, of(v, slowName).Bytes)
				if d := v.Readers[slowName].P50; d != nil {
					f.SlowP50 = *d
				}
				return time.Now().After(end)
			})
			require.NotNil(t, v.Others.P50, "the steady clients receive")
			f.SteadyP50, f.SteadyP99 = *v.Others.P50, *v.Others.P99
			f.Missed = v.Readers[slowName].Missed - before
			document.Policies[policy] = f
		})
	}
	if *measureTo == "" {
		return
	}
	data, err := json.MarshalIndent(document, "", "  ")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(*measureTo, append(data, '\n'), 0o644))
}
