package load

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"realtimelab/internal/tasks"
)

// An agenda starts functions when they are due, each in a goroutine of its own.
type agenda struct {
	began time.Time
	tasks *tasks.Group
	late  func(time.Duration) // takes by how much a function started late

	mu     sync.Mutex
	due    dueHeap
	sooner chan struct{} // has room for one; the next function is due earlier than before
}

type appointment struct {
	at time.Duration // from the start
	do func(context.Context)
}

func newAgenda(began time.Time, tasks *tasks.Group, late func(time.Duration)) *agenda {
	return &agenda{began: began, tasks: tasks, late: late, sooner: make(chan struct{}, 1)}
}

// at adds a function.
func (a *agenda) at(at time.Duration, do func(context.Context)) {
	a.mu.Lock()
	heap.Push(&a.due, appointment{at, do})
	first := a.due[0].at == at
	a.mu.Unlock()
	if first {
		select {
		case a.sooner <- struct{}{}:
		default:
		}
	}
}

// next takes the next function that is due, or returns the time until one is.
func (a *agenda) next() (appointment, time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.due) == 0 {
		return appointment{}, time.Hour
	}
	if wait := a.due[0].at - time.Since(a.began); wait > 0 {
		return appointment{}, wait
	}
	return heap.Pop(&a.due).(appointment), 0
}

// run starts functions until ctx ends. The others are forgotten.
func (a *agenda) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		one, wait := a.next()
		if one.do != nil {
			a.late(time.Since(a.began) - one.at)
			a.tasks.Go(func() { one.do(ctx) })
			continue
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-a.sooner:
		case <-ctx.Done():
		}
	}
}

type dueHeap []appointment

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].at < h[j].at }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)        { *h = append(*h, x.(appointment)) }
func (h *dueHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
