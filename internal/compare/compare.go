// Package compare carries one workload over every transport of the lab and
// measures what each costs.
//
// The load is an open loop: when each message should be sent is drawn before the run from the seed,
// and latency counts from that moment, so the latency includes any time in which a transport stalls
// the sender. Each transport's server is the lesson's server, in its own process behind a counting
// tap; its client is the lesson's Go client. Transports run in random order, several times, and
// reports show the spread.
package compare

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"realtimelab/internal/lesson"
)

// Progress describes a running comparison. It is reported before each turn, and several times a
// second while it measures.
type Progress struct {
	Step
	Done, Of int
	Left     time.Duration // estimate for the rest of the comparison
	Live     *Live         // of this turn; nil before it measures
	Report   *Report       // of the complete turns; do not change it
}

// Live holds the figures of a running turn, from the start of its measurement.
type Live struct {
	Elapsed   time.Duration
	Delivered int
	Expected  int     // at the end
	P50, P99  float64 // ms, so far
	Recent    float64 // ms, the median of the deliveries since the last Live; 0 without deliveries
	Bytes     int64
	Requests  int64
}

// A Runner measures the lanes of lessons.
type Runner struct {
	Lessons []lesson.Lesson
	Server  Command // starts a lane's server, except with Config.SameProcess
}

// Run measures. When ctx ends or a turn fails, the Report holds the complete turns, and the error
// is the cause. One goroutine at a time calls tell.
func (r Runner) Run(ctx context.Context, c Config, tell func(Progress)) (*Report, error) {
	if err := c.Check(r.Lessons); err != nil {
		return nil, err
	}
	c.Servers = slices.Clone(c.Servers)
	for i, x := range c.Servers {
		if x.PID > 0 {
			told, err := x.knownProcess(ctx)
			if err != nil {
				return nil, err
			}
			c.Servers[i].unknown = !told
		}
		if err := x.keepsContract(ctx, c, c.lane(r.Lessons, x.Name())); err != nil {
			return nil, cmp.Or(context.Cause(ctx), err)
		}
	}
	steps := c.order()
	var trials []trial
	began := time.Now()
	for i, step := range steps {
		each := c.Duration + c.Cut + time.Second
		if i > 0 {
			each = time.Since(began) / time.Duration(i)
		}
		turnBegan, p := time.Now(), Progress{Step: step, Done: i, Of: len(steps),
			Left: time.Duration(len(steps)-i) * each, Report: c.report(trials)}
		tell(p)
		lane := c.lane(r.Lessons, step.Transport)
		t, err := c.measure(ctx, r, lane, step, func(l Live) {
			now := p
			now.Live, now.Left = &l, p.Left-min(time.Since(turnBegan), each)
			tell(now)
		})
		if err != nil {
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			return c.report(trials), fmt.Errorf("%s: %w", step.Transport, err)
		}
		trials = append(trials, *t)
	}
	return c.report(trials), nil
}
