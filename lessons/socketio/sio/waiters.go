package sio

import "sync"

// waiters wait for a change of what a mutex guards, as with a sync.Cond, but are no
// larger than a pointer. The mutex guards them too. The zero value is ready.
type waiters struct {
	changed chan struct{} // closed at the next change; nil if nobody waits
}

// wait returns after the next wake. The caller holds mu, which is let go meanwhile.
func (w *waiters) wait(mu *sync.Mutex) {
	if w.changed == nil {
		w.changed = make(chan struct{})
	}
	changed := w.changed
	mu.Unlock()
	<-changed
	mu.Lock()
}

// wake ends every wait. The caller holds the mutex.
func (w *waiters) wake() {
	if w.changed != nil {
		close(w.changed)
		w.changed = nil
	}
}
