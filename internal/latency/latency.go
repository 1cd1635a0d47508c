// Package latency records latencies in HDR histograms, in microseconds.
package latency

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Longest is the longest latency that the histograms distinguish. They count a longer one as
// Longest.
const Longest = 10 * time.Minute

// New returns an empty histogram whose values are right within 0.1 percent.
func New() *hdrhistogram.Histogram { return hdrhistogram.New(1, Longest.Microseconds(), 3) }

// NewSlice returns an empty histogram of a part of a run. It is small, so its values are right
// within one percent.
func NewSlice() *hdrhistogram.Histogram { return hdrhistogram.New(1, Longest.Microseconds(), 2) }

// Micros returns a duration as the histograms take it: at least 1 µs and at most Longest.
func Micros(d time.Duration) int64 { return max(1, min(d, Longest).Microseconds()) }

// Record adds a duration to a histogram.
func Record(h *hdrhistogram.Histogram, d time.Duration) {
	_ = h.RecordValue(Micros(d)) // which is in its range
}

// Millis returns a value of a histogram in milliseconds.
func Millis(us int64) float64 { return float64(us) / 1000 }
