package sio

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// A claim that is undone again and again leaves one entry to forget.
func TestPutBackKeepsASessionOnce(t *testing.T) {
	h := newHistory(Recovery{})
	k := &keptSession{id: "id", pid: "pid", rooms: []string{}, at: time.Now()}
	h.kept[k.pid] = k
	h.oldest = append(h.oldest, k)
	for range 100 {
		h.forget(k)
		h.putBack(k)
	}
	assert.Len(t, h.oldest, 1)
	assert.Same(t, k, h.kept["pid"])

	h.forget(k)
	k.at = k.at.Add(-h.config.MaxDisconnection - time.Second)
	h.prune(0)
	h.putBack(k)
	assert.Empty(t, h.kept, "it is too old by now")
	assert.Empty(t, h.oldest)
}
