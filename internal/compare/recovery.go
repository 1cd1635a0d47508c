package compare

import (
	"context"
	"sync"
	"time"

	"realtimelab/internal/meter"
)

const (
	recoveryTimeout = 30 * time.Second      // plus a polling interval and Config.timeout
	probePace       = 10 * time.Millisecond // between two probes after a cut, for few clients
	probesHeard     = 2000                  // a second, by all clients together, at most

	peakSpan = 200 * time.Millisecond // of the CPU time at the storm's peak
)

// storm holds the server's counts from the cut until the clients were back.
type storm struct {
	before, after meter.Counts
	peakCPU       float64 // CPUs that it kept busy, the most over a peakSpan
}

// recover cuts all clients off, and waits until each has received a message again.
func (t *turn) recover(ctx context.Context) error {
	if !t.config.cuts() {
		return nil
	}
	publisher, err := t.clients.dialBesides(ctx, t.clients.lane.Sender(), func(string) {})
	if err != nil {
		return err
	}
	defer publisher.close()
	before, err := t.server.ask("")
	if err != nil {
		return err
	}
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { t.trial.storm.peakCPU = t.server.peakCPU(done) })
	err = t.cutOff(ctx, publisher)
	close(done)
	watching.Wait()
	if err != nil {
		return err
	}
	after, err := t.server.usage()
	t.trial.storm.before, t.trial.storm.after = before.Counts, after.Counts
	t.tally.holds(func() bool {
		t.trial.recovery, t.trial.neverBack = durations(t.tally.recovered),
			t.config.Clients-t.tally.back
		return true
	})
	return err
}

// cutOff cuts the clients off, and then sends probes. The networks lose nothing until the cut ends:
// QUIC sends the end of a connection once, and a client that missed it would wait for its idle
// timeout.
func (t *turn) cutOff(ctx context.Context, publisher *peer) error {
	lossless := t.config.Net
	lossless.Loss = 0
	t.clients.networks.set(lossless)
	if _, err := t.server.ask("down"); err != nil {
		return err
	}
	if err := sleep(ctx, t.config.Cut); err != nil {
		return err
	}
	t.clients.networks.set(t.config.Net)
	t.tally.holds(func() bool { t.tally.mended = time.Now(); return true })
	if _, err := t.server.ask("up"); err != nil {
		return err
	}
	pace := max(probePace, time.Second*time.Duration(t.config.Clients)/probesHeard)
	end := time.Now().Add(recoveryTimeout + t.config.Interval + t.config.timeout())
	for !t.tally.holds(func() bool {
		return t.tally.back == t.config.Clients
	}) && time.Now().Before(end) {
		if err := publisher.send(ctx, label{kind: probe}); err != nil {
			return err
		}
		if err := sleep(ctx, pace); err != nil {
			return err
		}
	}
	return nil
}

// peakCPU watches the server until done. It returns the highest number of CPUs that the server kept
// busy.
func (s *server) peakCPU(done <-chan struct{}) (peak float64) {
	began := time.Now()
	before, err := s.ask("")
	if err != nil {
		return 0 // the other callers of usage get the error too
	}
	pace := time.NewTicker(peakSpan)
	defer pace.Stop()
	for {
		select {
		case <-pace.C:
		case <-done:
			return peak
		}
		at := time.Now()
		now, err := s.ask("")
		if err != nil {
			return peak
		}
		peak = max(peak, (now.CPU-before.CPU).Seconds()/at.Sub(began).Seconds())
		before, began = now, at
	}
}
