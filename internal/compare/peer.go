package compare

import (
	"context"

	"realtimelab/internal/lesson"
)

// A peer is a client of a lane that sends messages by their labels.
type peer struct {
	client lesson.Client
	load   Load
	cancel context.CancelFunc
}

func (p *peer) send(ctx context.Context, l label) error {
	return p.client.Send(ctx, l.message(p.load.Size, p.load.Clients))
}

func (p *peer) close() {
	p.client.Close()
	p.cancel()
}
