package sio

import (
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
)

func TestWhatWaitsIsBoundedByItsSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := NewServer(Config{Log: slog.New(slog.DiscardHandler)})
		defer server.Close(t.Context())
		var b inbox
		b.init(server, nil)
		gate := make(chan struct{})
		var taken atomic.Int32
		go func() {
			for range 20 {
				b.put(pending{func() { <-gate }, maxPendingSize / 4}, nobody)
				taken.Add(1)
			}
		}()
		synctest.Wait()
		assert.EqualValues(t, 1+4, taken.Load(), "one runs, and four wait")
		gate <- struct{}{}
		synctest.Wait()
		assert.EqualValues(t, 1+4+1, taken.Load())
		close(gate)
		synctest.Wait()
		assert.EqualValues(t, 20, taken.Load())
	})
}
