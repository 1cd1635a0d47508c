package compare

import (
	"context"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
)

// trial holds the measurements of one turn.
type trial struct {
	Step
	lossy, unordered bool // as the lane is

	sent, expected, delivered, duplicated, reordered int

	misdirected int  // heard in another room
	aside       int  // heard by the sender beside the clients, see Config.besides
	base64      bool // bytes travel as text
	payload     int  // bytes of JSON messages on the wire
	latency     *hdrhistogram.Histogram
	slices      []*hdrhistogram.Histogram // see tally
	last        *hdrhistogram.Histogram   // by message: until the last client had it
	// by client: from dialing to its own first message
	first *hdrhistogram.Histogram
	// by client: from the end of the cut to its next message
	recovery             *hdrhistogram.Histogram
	neverBack            int // clients that never received a message again
	elapsed              time.Duration
	empty, before, after usage // without clients; with them; at the end
	storm                storm
	screens              screens // of the workload ticker
	packets              netsim.Counters
	cpuStep              time.Duration // the resolution of their CPU time
	generator            time.Duration
	busy                 float64 // part of the machine's CPU time, 0 to 1
}

// measure takes one turn with a server of its own.
func (c Config) measure(ctx context.Context, runner Runner, lane lesson.Lane, step Step,
	tell func(Live)) (*trial, error) {
	s, err := runner.start(c, lane.Name)
	if err != nil {
		return nil, err
	}
	defer s.close()
	t := c.turn(s, lane, step, tell)
	t.trial.cpuStep = s.cpuStep
	defer t.clients.close()
	if s.external {
		defer s.close() // first: a client may wait for a silent server
	}
	err = t.play(ctx)
	if s.gone != nil && ctx.Err() == nil && (err != nil || t.trial.delivered < t.trial.expected) {
		if gone := s.gone(ctx); gone != nil {
			return nil, gone
		}
	}
	if err != nil {
		return nil, err
	}
	return &t.trial, nil
}

// play connects the clients, measures, and cuts the clients off.
func (t *turn) play(ctx context.Context) (err error) {
	if t.trial.empty, err = t.server.settled(); err != nil {
		return err
	}
	if err := t.connect(ctx); err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	if err := t.run(ctx); err != nil {
		return err
	}
	if err := t.recover(ctx); err != nil {
		return fmt.Errorf("after the cut: %w", err)
	}
	return nil
}
