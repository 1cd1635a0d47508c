package tasks

import "sync"

// A List holds values that have work to do. One goroutine of Group does it, one value after the
// other, and exists only while there is work. Add may be called from any goroutine, and with locks
// held that Do takes: it does not call Do.
type List[T any] struct {
	Group *Group
	Do    func(T)

	mu      sync.Mutex
	values  []T
	working bool
}

// Add appends a value. Do is called with it once for each Add.
func (l *List[T]) Add(value T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.values = append(l.values, value)
	if !l.working {
		l.working = true
		l.Group.Go(l.work)
	}
}

// Idle reports whether all work is done.
func (l *List[T]) Idle() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.working
}

func (l *List[T]) work() {
	for batch := l.take(nil); len(batch) > 0; batch = l.take(batch) {
		for _, value := range batch {
			l.Do(value)
		}
		clear(batch)
	}
}

// take removes all values, or ends the work. It keeps the finished slice for later values.
func (l *List[T]) take(done []T) []T {
	l.mu.Lock()
	defer l.mu.Unlock()
	batch := l.values
	l.values = done[:0]
	l.working = len(batch) > 0
	return batch
}
