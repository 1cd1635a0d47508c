// Package tasks counts the running tasks of a server, so that its Close can refuse new ones and
// wait for the others.
package tasks

import (
	"context"
	"sync"
	"time"
)

// A Group counts tasks. Unlike a sync.WaitGroup it may grow from zero during a Wait, and it can
// refuse new tasks. The zero value is ready. Its methods may be called from any goroutine and do
// not block, except Wait.
type Group struct {
	mu     sync.Mutex
	refuse bool
	n      int
	idle   chan struct{} // closed when n falls to zero; nil without a waiting caller
}

// Enter counts a task, which ends with Leave. It reports false and counts nothing after Refuse.
func (g *Group) Enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.refuse {
		g.n++
	}
	return !g.refuse
}

// Refuse makes every later Enter report false. Tasks that run may still call Go.
func (g *Group) Refuse() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refuse = true
}

// Add counts a task, which ends with Leave, even after Refuse.
func (g *Group) Add() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.n++
}

// Go counts f as a task and runs it in a goroutine of its own, even after Refuse.
func (g *Group) Go(f func()) {
	g.Add()
	go func() {
		defer g.Leave()
		f()
	}()
}

// AfterFunc is time.AfterFunc, and counts f as a task while it runs. It does not count the time
// before that.
func (g *Group) AfterFunc(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() {
		g.Add()
		defer g.Leave()
		f()
	})
}

// Leave ends a task of Enter or Add.
func (g *Group) Leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.n--
	if g.n == 0 && g.idle != nil {
		close(g.idle)
		g.idle = nil
	}
}

// Wait returns nil when no task runs, or ctx's error if ctx ends before.
func (g *Group) Wait(ctx context.Context) error {
	g.mu.Lock()
	if g.n == 0 {
		g.mu.Unlock()
		return nil
	}
	if g.idle == nil {
		g.idle = make(chan struct{})
	}
	idle := g.idle
	g.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
