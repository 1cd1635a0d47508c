package tui

import (
	"context"
	"errors"
	"sync"
	"time"

	"realtimelab/internal/lesson"
	"realtimelab/internal/tasks"
)

// closeTime bounds the end of a demo.
const closeTime = 4 * time.Second

var errClosing = errors.New("the lab is closing")

// stage holds what must end with the program: demos and runs of tests.
type stage struct {
	config Config
	ctx    context.Context // ends with the stage
	cancel context.CancelFunc

	working tasks.Group // counts what close waits for

	mu      sync.Mutex // guards what follows
	serving map[*probe]struct{}
}

func newStage(c Config) *stage {
	ctx, cancel := context.WithCancel(context.Background())
	return &stage{config: c, ctx: ctx, cancel: cancel, serving: map[*probe]struct{}{}}
}

// start serves a demo until stop or close.
func (s *stage) start(l lesson.Lesson, d lesson.Demo) (*probe, error) {
	if !s.working.Enter() {
		return nil, errClosing
	}
	defer s.working.Leave()
	p := &probe{}
	served, err := s.config.Start(l, d, &p.log)
	if err != nil {
		return nil, err
	}
	p.Served = served
	s.mu.Lock()
	s.serving[p] = struct{}{}
	s.mu.Unlock()
	return p, nil
}

// stop ends a demo. Who calls it for a demo that has ended gets no error.
func (s *stage) stop(p *probe) error {
	s.mu.Lock()
	_, there := s.serving[p]
	delete(s.serving, p)
	s.mu.Unlock()
	if !there {
		return nil
	}
	if s.working.Enter() {
		defer s.working.Leave()
	}
	p.close()
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	return p.Running.Close(ctx)
}

// close ends all, and waits for it. Nothing starts after it.
func (s *stage) close() error {
	s.working.Refuse()
	s.cancel()
	_ = s.working.Wait(context.Background()) // which never ends
	s.mu.Lock()
	var all []*probe
	for p := range s.serving {
		all = append(all, p)
	}
	s.mu.Unlock()
	errs := make(chan error)
	for _, p := range all {
		go func() { errs <- s.stop(p) }()
	}
	var err error
	for range all {
		err = errors.Join(err, <-errs)
	}
	return err
}
