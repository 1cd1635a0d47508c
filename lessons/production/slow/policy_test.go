package slow

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A virtual is a client whose connection takes each message in a given time.
type virtual struct {
	*client

	mu     sync.Mutex
	got    []int64
	delays []time.Duration // between the moment when a message was due and its arrival
}

func (v *virtual) numbers() []int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]int64(nil), v.got...)
}

func (v *virtual) worst() (worst time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, d := range v.delays {
		worst = max(worst, d)
	}
	return worst
}

// broadcast runs a hub for a virtual time, with a slow client before a quick one.
func broadcast(t *testing.T, policy Policy, rate float64, slowness, length time.Duration,
	check func(h *hub, slow, quick *virtual)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		h := newHub()
		h.set(policy, rate)
		var writers sync.WaitGroup
		join := func(name string, takes time.Duration) *virtual {
			v := &virtual{}
			v.client = newClient(name, func(m message) error {
				select {
				case <-time.After(takes):
				case <-v.ctx.Done():
					return context.Cause(v.ctx)
				}
				v.mu.Lock()
				defer v.mu.Unlock()
				v.got, v.delays = append(v.got, m.n), append(v.delays, time.Since(m.at))
				return nil
			})
			require.True(t, h.join(v.client, 10))
			writers.Go(v.writeQueued)
			return v
		}
		slow, quick := join("slow", slowness), join("quick", 0)
		h.pause(false)
		var loop sync.WaitGroup
		loop.Go(func() { h.run(ctx) })
		time.Sleep(length)
		check(h, slow, quick)
		h.close()
		cancel()
		loop.Wait()
		writers.Wait()
	})
}

// consecutive asserts that no message is missing, doubled or out of order.
func consecutive(t *testing.T, numbers []int64) {
	t.Helper()
	for i, n := range numbers {
		require.Equal(t, int64(i+1), n)
	}
}

func TestBlockMakesEverybodyWait(t *testing.T) {
	broadcast(t, Block, 10, 400*time.Millisecond, 8*time.Second,
		func(h *hub, slow, quick *virtual) {
			consecutive(t, slow.numbers())
			consecutive(t, quick.numbers())
			assert.InDelta(t, 20, len(quick.numbers()), 1,
				"everybody gets what the slow one can take")
			assert.Greater(t, quick.worst(), 5*time.Second)
			assert.Zero(t, slow.queue.len(), "the delay is in the loop, not in a queue")
			_, skipped, late := h.progress()
			assert.Zero(t, skipped)
			assert.Greater(t, late, 5*time.Second)
		})
}

func TestBlockIsBounded(t *testing.T) {
	broadcast(t, Block, 10, 400*time.Millisecond, time.Minute, func(h *hub, _, quick *virtual) {
		assert.LessOrEqual(t, quick.worst(), mostBehind+2*time.Second)
		_, skipped, late := h.progress()
		assert.Positive(t, skipped, "what would be later than that is skipped")
		assert.LessOrEqual(t, late, mostBehind+2*time.Second)
	})
}

func TestGrowTakesMemoryUpToItsLimit(t *testing.T) {
	broadcast(t, Grow, 100, time.Second, 6*time.Second, func(_ *hub, slow, quick *virtual) {
		assert.Greater(t, slow.queue.size(), growWarning)
		assert.NoError(t, slow.ctx.Err())
		assert.Zero(t, quick.worst())
		consecutive(t, slow.numbers())
	})
	broadcast(t, Grow, 100, time.Second, 30*time.Second, func(_ *hub, slow, quick *virtual) {
		assert.Equal(t, errTooMuch, context.Cause(slow.ctx))
		assert.Zero(t, quick.worst())
		consecutive(t, quick.numbers())
		assert.InDelta(t, 3000, len(quick.numbers()), 1)
	})
}

func TestDropOldestKeepsValuesFresh(t *testing.T) {
	broadcast(t, DropOldest, 50, time.Second, 30*time.Second, func(_ *hub, slow, quick *virtual) {
		assert.NoError(t, slow.ctx.Err(), "the connection stays")
		assert.LessOrEqual(t, slow.queue.len(), mostKept)
		assert.LessOrEqual(t, slow.worst(), (mostKept+1)*time.Second,
			"a value waits for those before it in the queue, no longer")
		_, _, dropped := slow.queue.depth()
		last := slow.numbers()[len(slow.numbers())-1]
		assert.InDelta(t, 1500-len(slow.numbers())-slow.queue.len(), dropped, 2,
			"one is being written")
		assert.Greater(t, last, int64(1300))
		assert.Zero(t, quick.worst())
		consecutive(t, quick.numbers())
	})
}

func TestDisconnectEndsTheSlowOne(t *testing.T) {
	broadcast(t, Disconnect, 10, time.Second, 30*time.Second, func(_ *hub, slow, quick *virtual) {
		assert.Equal(t, errTooSlow, context.Cause(slow.ctx))
		consecutive(t, slow.numbers())
		assert.Zero(t, quick.worst())
		consecutive(t, quick.numbers())
		assert.InDelta(t, 300, len(quick.numbers()), 1)
	})
	// A client that is only a little slow, or has a short pause, stays.
	broadcast(t, Disconnect, 10, 90*time.Millisecond, 30*time.Second,
		func(_ *hub, slow, _ *virtual) {
			assert.NoError(t, slow.ctx.Err())
		})
}

// A short burst must not count as a slow client: a machine that stalls for a moment must keep its
// clients.
func TestDisconnectForgivesABurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient("a", nil)
		assert.Zero(t, c.queue.age())
		m, err := newMessage(1, time.Now())
		require.NoError(t, err)
		for range 3 * mostWaiting {
			disconnect([]*client{c}, m)
		}
		assert.NoError(t, c.ctx.Err())
		time.Sleep(burstTime + time.Millisecond)
		assert.Equal(t, burstTime+time.Millisecond, c.queue.age())
		disconnect([]*client{c}, m)
		assert.Equal(t, errTooSlow, context.Cause(c.ctx))
	})
}

func TestANewPolicyStartsWithEmptyQueues(t *testing.T) {
	broadcast(t, Grow, 50, time.Minute, 10*time.Second, func(h *hub, slow, _ *virtual) {
		assert.Greater(t, slow.queue.len(), 400)
		h.set(Grow, 25)
		assert.Greater(t, slow.queue.len(), 400, "the same policy")
		h.set(DropOldest, 25)
		messages, bytes, dropped := slow.queue.depth()
		assert.Zero(t, messages)
		assert.Zero(t, bytes)
		assert.Greater(t, dropped, int64(400))
	})
}

func TestNobodyWatches(t *testing.T) {
	broadcast(t, Grow, 10, 0, time.Second, func(h *hub, _, quick *virtual) {
		h.pause(true)
		synctest.Wait() // for the message of this moment
		before := len(quick.numbers())
		time.Sleep(time.Minute)
		assert.Len(t, quick.numbers(), before)
		h.pause(false)
		time.Sleep(time.Second)
		assert.InDelta(t, before+10, len(quick.numbers()), 1, "it resumes, and does not catch up")
		assert.Zero(t, quick.worst())
	})
}

func TestAHubIsBounded(t *testing.T) {
	h := newHub()
	first := newClient("a", nil)
	assert.True(t, h.join(first, 1))
	assert.False(t, h.join(newClient("b", nil), 1))
	h.close()
	assert.Equal(t, errGoingAway, context.Cause(first.ctx))
	h.leave(first)
	assert.False(t, h.join(newClient("c", nil), 1), "closed")
}

func TestAFailedWriteEndsTheConnection(t *testing.T) {
	c := newClient("a", func(message) error { return errStuck })
	c.write(message{n: 1})
	assert.Equal(t, errStuck, context.Cause(c.ctx))
	assert.Zero(t, c.sent.Load())
}
