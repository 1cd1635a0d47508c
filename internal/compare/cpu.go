package compare

import "time"

// cpuStep measures the resolution of ownCPU: the largest of some steps between two readings that
// differ. It keeps the CPU busy for that long, which is microseconds on most systems.
func cpuStep() time.Duration {
	var step time.Duration
	last := ownCPU()
	for steps, end := 0, time.Now().Add(time.Second); steps < 5 && time.Now().Before(end); {
		if now := ownCPU(); now != last {
			if steps > 0 { // the first one begins in the middle of a tick
				step = max(step, now-last)
			}
			last = now
			steps++
		}
	}
	return step
}
