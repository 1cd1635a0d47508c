package sioclient

import (
	"math/rand/v2"
	"time"
)

// delay before the attempt of that number, which counts from 0: exponential,
// with jitter, as the official client reckons it.
func (c Config) delay(attempt int) time.Duration {
	d := float64(c.ReconnectionDelay)
	for range min(attempt, 62) {
		if d *= 2; d >= float64(c.ReconnectionDelayMax) {
			break
		}
	}
	if c.RandomizationFactor > 0 {
		d += d * c.RandomizationFactor * (2*rand.Float64() - 1)
	}
	return time.Duration(min(d, float64(c.ReconnectionDelayMax)))
}
