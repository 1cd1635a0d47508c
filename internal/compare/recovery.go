package compare

import (
	"context"
	"time"
)

const (
	recoveryTimeout = 30 * time.Second      // and one polling interval, and what the network takes
	probePace       = 10 * time.Millisecond // between two probes after a cut
)

// recover cuts all clients off, and waits until each has heard something again.
func (t *turn) recover(ctx context.Context) error {
	if !t.config.cuts() {
		return nil
	}
	publisher, err := t.clients.dialBesides(ctx)
	if err != nil {
		return err
	}
	defer publisher.close()
	if _, err := t.server.ask("cut"); err != nil {
		return err
	}
	if err := sleep(ctx, t.config.Cut); err != nil {
		return err
	}
	t.tally.holds(func() bool { t.tally.mended = time.Now(); return true })
	if _, err := t.server.ask("mend"); err != nil {
		return err
	}
	end := time.Now().Add(recoveryTimeout + t.config.Interval + t.config.timeout())
	for !t.tally.holds(func() bool { return t.tally.back == t.config.Clients }) && time.Now().Before(end) {
		if err := publisher.send(ctx, label{kind: probe}); err != nil {
			return err
		}
		if err := sleep(ctx, probePace); err != nil {
			return err
		}
	}
	t.tally.holds(func() bool {
		t.trial.recovery, t.trial.neverBack = durations(t.tally.recovered), t.config.Clients-t.tally.back
		return true
	})
	return nil
}
