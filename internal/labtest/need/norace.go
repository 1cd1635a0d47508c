//go:build !race

package need

// Race reports whether the race detector is on. It changes what a test may expect of speed and of
// allocations.
const Race = false
