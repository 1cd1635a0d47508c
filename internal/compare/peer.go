package compare

import (
	"context"

	"realtimelab/internal/lesson"
)

// A peer is a client of a lane that sends messages by their labels.
type peer struct {
	client lesson.Client
	load   Load
	shots  []shot
	mark   kind // see tally
	cancel context.CancelFunc
}

func (p *peer) send(ctx context.Context, l label) error {
	return p.client.Send(ctx, p.load.encode(l, p.shots, p.mark))
}

func (p *peer) close() {
	p.client.Close()
	p.cancel()
}
