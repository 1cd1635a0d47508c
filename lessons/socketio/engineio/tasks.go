package engineio

import (
	"context"
	"sync"
)

// tasks counts what runs. Unlike a sync.WaitGroup it may grow from zero while
// someone waits: a broadcast may come while the server closes.
type tasks struct {
	mu   sync.Mutex
	n    int
	idle chan struct{} // closed when n falls to zero; nil if nobody waits
}

// start runs f in a goroutine of its own.
func (t *tasks) start(f func()) {
	t.add()
	go func() {
		defer t.done()
		f()
	}()
}

// add counts the caller's goroutine, until it calls done.
func (t *tasks) add() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n++
}

func (t *tasks) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n--
	if t.n == 0 && t.idle != nil {
		close(t.idle)
		t.idle = nil
	}
}

// wait returns when no task runs, or with the context's error.
func (t *tasks) wait(ctx context.Context) error {
	t.mu.Lock()
	if t.n == 0 {
		t.mu.Unlock()
		return nil
	}
	if t.idle == nil {
		t.idle = make(chan struct{})
	}
	idle := t.idle
	t.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
