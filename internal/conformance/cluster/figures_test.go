package cluster

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/compare"
	"realtimelab/internal/labtest/need"
	"realtimelab/internal/labtest/redisserver"
)

// The figures: our servers, or official ones, run in processes of their own with one redis-server;
// this process has one client at each.
//
//	go test -run '^$' -bench . -benchtime 3x ./internal/conformance/cluster -figures FILE

const (
	burst  = 4000 // broadcasts, as fast as possible
	outage = 2500 // broadcasts, at pace, while Redis is killed and started again
	pace   = time.Millisecond
	down   = time.Second // from the end of Redis to its next start
)

// makers names the makers of the measured servers.
var makers = []string{"ours", "official"}

// measured lists the adapters of the figures.
var measured = []string{"pubsub", "dynamic", "streams"}

// BenchmarkThroughput emits on one server as fast as possible, until the clients of all servers
// have received everything.
func BenchmarkThroughput(b *testing.B) {
	for _, kind := range measured {
		for _, servers := range []int{2, 4} {
			b.Run(fmt.Sprintf("%s/%d servers", kind, servers), func(b *testing.B) {
				runs := results{}
				for b.Loop() {
					for _, maker := range makers {
						runs.add(maker, throughput(b, maker, kind, servers, burst))
					}
				}
				runs.report(b, fmt.Sprintf("%s %d", kind, servers), "msg/s")
			})
		}
	}
}

// throughput returns the number of broadcasts a second that reach the clients of all servers.
func throughput(b testing.TB, maker, kind string, servers, broadcasts int) (rate float64) {
	part := &scope{TB: b}
	defer part.end()
	_, first, listeners := group(part, maker, kind, servers, broadcasts)
	start := time.Now()
	first.say(fmt.Sprint("emit ", broadcasts, " 0s"))
	for _, l := range listeners {
		for l.distinct.Load() < int64(broadcasts) {
			require.Less(b, time.Since(start), time.Minute, "%s %s", maker, kind)
			time.Sleep(time.Millisecond)
		}
	}
	return float64(broadcasts) / time.Since(start).Seconds()
}

// BenchmarkOutage kills Redis during a series of broadcasts and starts it again, and counts the
// messages that a client of another server has lost or received twice. Redis writes to the disk.
func BenchmarkOutage(b *testing.B) {
	for _, kind := range measured {
		b.Run(kind, func(b *testing.B) {
			lost, doubled := results{}, results{}
			for b.Loop() {
				for _, maker := range makers {
					missing, twice := survive(b, maker, kind, outage)
					lost.add(maker, missing)
					doubled.add(maker, twice)
				}
			}
			lost.report(b, kind+" lost", fmt.Sprintf("of %d", outage))
			doubled.report(b, kind+" doubled", fmt.Sprintf("of %d", outage))
		})
	}
}

// survive counts the messages that the client of another server missed, and the messages that it
// received twice.
func survive(b testing.TB, maker, kind string, broadcasts int) (missing, twice float64) {
	part := &scope{TB: b}
	defer part.end()
	r, first, listeners := group(part, maker, kind, 2, broadcasts, redisserver.Durable()...)
	own, other := listeners[0], listeners[1]
	first.say(fmt.Sprint("emit ", broadcasts, " ", pace))
	for until := time.Now().Add(time.Minute); own.distinct.Load() < int64(broadcasts)/5; {
		require.True(b, time.Now().Before(until), "%s: got %d", maker, own.distinct.Load())
		time.Sleep(pace)
	}
	require.Less(b, own.distinct.Load(), int64(broadcasts), "%s sends faster than at pace", maker)
	r.Kill()
	time.Sleep(down)
	r.Restart()
	settle(b, first, own, other, broadcasts)
	other.close()
	for _, times := range other.seen {
		if times == 0 {
			missing++
		}
		twice += float64(max(0, times-1))
	}
	return missing, twice
}

// settle waits until no more messages will come: first has emitted everything, a later broadcast of
// it has reached the client of the other server, and then no message has come for a while.
func settle(b testing.TB, first process, own, other *listener, broadcasts int) {
	until := time.Now().Add(time.Minute)
	wait := func(what string, done func() bool) {
		for !done() {
			require.True(b, time.Now().Before(until), "%s: got %d of %d", what,
				other.distinct.Load(), broadcasts)
			time.Sleep(20 * time.Millisecond)
		}
	}
	wait("the own client gets everything", func() bool {
		return own.distinct.Load() == int64(broadcasts)
	})
	wait("the servers meet again", func() bool {
		first.say("mark")
		return other.marks.Load() > 0
	})
	before, since := other.count.Load(), time.Now()
	wait("nothing more comes", func() bool {
		if now := other.count.Load(); now != before {
			before, since = now, time.Now()
		}
		return time.Since(since) > 2*time.Second
	})
}

// The measurements run with both makers. With few broadcasts, all arrive, and our server loses none
// in a stream.
func TestTheFiguresAreMeasured(t *testing.T) {
	need.Time(t)
	for _, maker := range makers {
		assert.Positive(t, throughput(t, maker, "streams", 2, 100), maker)
		missing, twice := survive(t, maker, "streams", outage)
		if maker == "ours" {
			assert.Zero(t, missing)
			assert.Zero(t, twice)
		}
	}
}

var figuresFile = flag.String("figures", "", "file that the figures are written to, as JSON")

// figures holds the contents of the figures' file.
type figures struct {
	Machine compare.Machine `json:"machine"`
	Rows    map[string]row  `json:"rows"`
}

// A row has the values of all runs in the given unit, in order of size.
type row struct {
	Unit     string    `json:"unit"`
	Ours     []float64 `json:"ours"`
	Official []float64 `json:"official"`
}

// results holds the runs by maker.
type results map[string][]float64

func (r results) add(maker string, value float64) { r[maker] = append(r[maker], value) }

// report shows the medians, and writes the runs to the figures' file if there is one.
func (r results) report(b *testing.B, name, unit string) {
	for _, maker := range makers {
		slices.Sort(r[maker])
		b.Logf("%s: %s %.0f %s", name, maker, r[maker], unit)
		b.ReportMetric(r[maker][len(r[maker])/2], maker)
	}
	if *figuresFile == "" {
		return
	}
	all := figures{compare.ThisMachine(), map[string]row{}}
	data, err := os.ReadFile(*figuresFile)
	if err == nil {
		require.NoError(b, json.Unmarshal(data, &all))
	} else {
		require.True(b, errors.Is(err, fs.ErrNotExist), "%v", err)
	}
	all.Rows[name] = row{unit, r["ours"], r["official"]}
	data, err = json.MarshalIndent(all, "", "  ")
	require.NoError(b, err)
	require.NoError(b, os.WriteFile(*figuresFile, append(data, '\n'), 0o644))
}
