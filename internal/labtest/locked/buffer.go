// Package locked has a buffer that a test reads while other goroutines write to it.
package locked

import "sync"

// Buffer collects the output of a process or a log. Its methods may be called from any goroutine.
// The zero value is ready.
type Buffer struct {
	mu   sync.Mutex
	text []byte
}

// Write adds p.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text = append(b.text, p...)
	return len(p), nil
}

// String returns everything so far.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.text)
}
