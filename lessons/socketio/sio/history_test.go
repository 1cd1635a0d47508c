package sio

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The history forgets old packets and sessions without another call, and then stops its timer.
func TestHistoryForgetsOnItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var idle atomic.Int32
		h := newHistory(Recovery{MaxDisconnection: time.Minute}, 0, &mu, func() { idle.Add(1) })
		socket := &Socket{id: "id", recovery: &recovery{pid: "pid"}}
		for range 2 { // also when it has rested in between
			idle.Store(0)
			mu.Lock()
			h.add(h.next(), nil, Selection{}, 100)
			h.keep(socket)
			mu.Unlock()
			time.Sleep(30 * time.Second)
			mu.Lock()
			h.add(h.next(), nil, Selection{}, 100)
			assert.Equal(t, 200, h.bytes)
			assert.True(t, h.remembers(socket))
			mu.Unlock()
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			assert.Zero(t, h.bytes)
			assert.Empty(t, h.packets)
			assert.Empty(t, h.kept)
			assert.Empty(t, h.oldest)
			assert.False(t, h.timed)
			assert.Positive(t, idle.Load())
		}
	})
}

// A claim that is undone again and again leaves one entry to forget; one that succeeds leaves
// neither data nor rooms.
func TestHistoryKeepsASessionOnce(t *testing.T) {
	var mu sync.Mutex
	a := &MemoryAdapter{history: newHistory(Recovery{}, 0, &mu, func() {})}
	h := a.history
	first := &Socket{id: "id", data: map[string]any{"user": "ann"}, recovery: &recovery{pid: "pid"}}
	first.rooms.add("room", Offset{})
	h.add(h.next(), nil, Selection{}, 0)
	h.keep(first)
	k := h.kept["pid"]
	second := &Socket{auth: []byte(`{"pid":"pid","offset":"` + h.epoch + `0"}`)}
	for range 100 {
		a.claim(second)
		require.True(t, second.Recovered())
		assert.Nil(t, h.claim("pid", h.epoch+"0"), "another client has it")
		a.unclaim(second)
	}
	assert.Len(t, h.oldest, 1)
	a.claim(second)
	_, ok := h.join(second)
	assert.True(t, ok)
	assert.Empty(t, h.kept)
	assert.Nil(t, k.data)
	assert.Nil(t, k.rooms.joined)
	assert.Equal(t, "ann", second.Get("user"))
	h.timer.Stop()
}
