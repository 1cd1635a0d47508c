package tasks

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
)

func TestListWorksInOrderInOneGoroutineThatEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group
		var done []int // by one goroutine at a time
		var l List[int]
		l = List[int]{Group: &g, Do: func(i int) {
			done = append(done, i)
			if i == 99 {
				l.Add(100) // more work, from the work
			}
		}}
		assert.True(t, l.Idle())
		for i := range 100 {
			l.Add(i)
		}
		assert.NoError(t, g.Wait(t.Context()))
		assert.True(t, l.Idle())
		assert.Len(t, done, 101)
		assert.True(t, slices.IsSorted(done))
		l.Add(101)
		assert.NoError(t, g.Wait(t.Context()))
		assert.Equal(t, 101, done[101], "a new goroutine does what comes later")
	})
}
