package compare

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestTheClockOfOwnCPUAdvancesBySteps(t *testing.T) {
	before := ownCPU()
	assert.Positive(t, before)
	step := cpuStep()
	assert.Positive(t, step)
	assert.Less(t, step, 100*time.Millisecond, "the slowest clock in use has 15.6 ms")
	assert.GreaterOrEqual(t, ownCPU()-before, step)
}
