package loglimit

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestALineAfterTheWindowReportsTheDroppedOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l Limit
		allow := func() (int, bool) { return l.Allow(2, time.Second) }
		allowed := 0
		for range 10 {
			if dropped, ok := allow(); ok {
				allowed++
				assert.Zero(t, dropped)
			}
			time.Sleep(time.Second / 20)
		}
		assert.Equal(t, 2, allowed)
		time.Sleep(time.Second / 2)
		dropped, ok := allow()
		assert.True(t, ok)
		assert.Equal(t, 8, dropped)
		assert.Zero(t, l.TakeDropped(), "reported")
		allow()
		allow()
		assert.Equal(t, 1, l.TakeDropped())
		assert.Zero(t, l.TakeDropped())
	})
}
