package tui

import (
	"context"
	"errors"
	"io"

	"realtimelab/internal/host"
	"realtimelab/internal/tasks"
)

// background holds what ends with the program: the demos that serve, and the jobs.
type background struct {
	config Config
	ctx    context.Context // ends with close
	cancel context.CancelFunc

	demos host.Group
	jobs  tasks.Group // close waits for them
}

func newBackground(c Config) *background {
	ctx, cancel := context.WithCancel(context.Background())
	return &background{config: c, ctx: ctx, cancel: cancel}
}

// start serves a demo or an x-ray until stop or close. serve writes the demo's log to log.
func (b *background) start(serve func(log io.Writer) (Served, error)) (*monitor, error) {
	m := &monitor{}
	err := b.demos.Start(func() (_ host.Closer, err error) {
		m.Served, err = serve(&m.log)
		return m, err
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// stop ends what start serves.
func (b *background) stop(m *monitor) error { return b.demos.Stop(m) }

// close ends all, and waits for it. Nothing starts after it.
func (b *background) close() error {
	b.jobs.Refuse()
	b.cancel()
	err := b.jobs.Wait(context.Background()) // a context without an end
	return errors.Join(err, b.demos.Close())
}
