package tasks

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestWaitCountsWhatStartsMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group
		assert.NoError(t, g.Wait(t.Context()))
		var ended atomic.Int32
		g.Go(func() {
			time.Sleep(time.Second)
			g.Go(func() { time.Sleep(time.Second); ended.Add(1) })
			ended.Add(1)
		})
		short, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		assert.ErrorIs(t, g.Wait(short), context.DeadlineExceeded)
		assert.NoError(t, g.Wait(t.Context()))
		assert.EqualValues(t, 2, ended.Load())
	})
}

func TestAGroupRefusesAndWaitsForTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group
		assert.True(t, g.Enter())
		g.Refuse()
		assert.False(t, g.Enter())
		ended := false
		g.Go(func() { // what runs may start more
			time.Sleep(time.Second)
			ended = true
		})
		waited := make(chan error)
		go func() { waited <- g.Wait(t.Context()) }()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		assert.Empty(t, waited)
		g.Leave()
		assert.NoError(t, <-waited)
		assert.True(t, ended)
	})
}
