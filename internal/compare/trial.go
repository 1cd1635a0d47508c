package compare

import (
	"context"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
)

// trial is what one turn measured.
type trial struct {
	Step
	lossy, unordered bool // as the lane is

	sent, expected, delivered, duplicated, reordered int

	misdirected          int  // heard in another room
	base64               bool // bytes travel as text
	payload              int  // bytes of JSON messages that crossed the wire
	latency              *hdrhistogram.Histogram
	slices               []*hdrhistogram.Histogram // see tally
	last                 *hdrhistogram.Histogram   // by message: until the last client had it
	first                *hdrhistogram.Histogram   // by client: from dialing to its own first message
	recovery             *hdrhistogram.Histogram   // by client: from the end of the cut to its next message
	neverBack            int                       // clients that heard nothing any more
	elapsed              time.Duration
	empty, before, after usage // without clients; with them; at the end
	storm                storm
	screens              screens // of the workload ticker
	packets              netsim.Counters
	cpuStep              time.Duration // the resolution of their CPU time
	generator            time.Duration
	busy                 float64 // part of the machine's CPU time, 0 to 1
}

// measure takes one turn: it starts the lane's server, connects the clients, sends the schedule, and
// cuts the clients off.
func (c Config) measure(ctx context.Context, runner Runner, lane lesson.Lane, step Step, tell func(Live)) (*trial, error) {
	s, err := runner.start(c, lane.Name)
	if err != nil {
		return nil, err
	}
	defer s.close()
	t := c.turn(s, lane, step, tell)
	t.trial.cpuStep = s.cpuStep
	defer t.clients.close()
	if t.trial.empty, err = s.settled(); err != nil {
		return nil, err
	}
	if err := t.connect(ctx); err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	if err := t.run(ctx); err != nil {
		return nil, err
	}
	if err := t.recover(ctx); err != nil {
		return nil, fmt.Errorf("after the cut: %w", err)
	}
	return &t.trial, nil
}
