package sio

import (
	"log/slog"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"realtimelab/lessons/socketio/siopacket"
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

// A listener to what goes out runs on the sender's goroutine: if it ends that, the
// socket's handlers still run one at a time.
func TestAnOutgoingListenerThatEndsItsGoroutineRunsNoHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := NewServer(Config{})
		defer server.Close(t.Context())
		s := &Socket{}
		s.inbox.init(server, nil)
		s.OnAnyOutgoing(func(string, Args) { runtime.Goexit() })
		gate := make(chan struct{})
		var begun atomic.Int32
		for range 2 {
			s.inbox.put(pending{run: func() { begun.Add(1); <-gate }}, nobody)
		}
		go s.outgoing(siopacket.Packet{Type: siopacket.Event, Data: []byte(`["x"]`)})
		synctest.Wait()
		assert.EqualValues(t, 1, begun.Load())
		close(gate)
		synctest.Wait()
		assert.EqualValues(t, 2, begun.Load())
	})
}
