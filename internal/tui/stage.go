package tui

import (
	"context"
	"errors"
	"sync"
	"time"

	"realtimelab/internal/lesson"
)

// closeTime bounds the end of a demo.
const closeTime = 4 * time.Second

var errClosing = errors.New("the lab is closing")

// stage holds what must end with the program: demos and runs of tests.
type stage struct {
	config Config
	ctx    context.Context // ends with the stage
	cancel context.CancelFunc

	mu      sync.Mutex // guards what follows
	closed  bool
	serving map[*probe]struct{}
	working sync.WaitGroup // added to while not closed
}

func newStage(c Config) *stage {
	ctx, cancel := context.WithCancel(context.Background())
	return &stage{config: c, ctx: ctx, cancel: cancel, serving: map[*probe]struct{}{}}
}

// enter counts work that close waits for, unless the stage is closed.
func (s *stage) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.working.Add(1)
	}
	return !s.closed
}

// start serves a demo until stop or close.
func (s *stage) start(l lesson.Lesson, d lesson.Demo) (*probe, error) {
	if !s.enter() {
		return nil, errClosing
	}
	defer s.working.Done()
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
	if s.enter() {
		defer s.working.Done()
	}
	p.close()
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	return p.Running.Close(ctx)
}

// close ends all, and waits for it. Nothing starts after it.
func (s *stage) close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.working.Wait()
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
