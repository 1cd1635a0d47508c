package exercise

import (
	"sync"
	"time"
)

// outputLimit bounds what is kept of what a program prints.
const outputLimit = 64 << 10

// leaveTime is how long a killed program's pipes may stay open.
const leaveTime = time.Second

// output keeps the first part of what is written to it, and takes the rest without a word.
type output struct {
	mu   sync.Mutex
	kept []byte
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept = append(o.kept, b[:min(len(b), outputLimit-len(o.kept))]...)
	return len(b), nil
}

// String is what was kept.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.kept)
}
