package websocket

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPeersCountWhileOneIsAborted: ending a connection may take time, and other callers do not
// wait for it.
func TestPeersCountWhileOneIsAborted(t *testing.T) {
	p := newPeers()
	c := newConn(nil, Config{}.withDefaults())
	serving := make(chan struct{})
	p.run(c, func() {
		close(serving)
		<-c.ctx.Done()
	})
	<-serving
	cutting := 0
	p.stop(func(one *conn) {
		require.True(t, p.mu.TryLock(), "the lock is held while a connection is aborted")
		p.mu.Unlock()
		cutting++
		one.end(errAborted)
	})
	assert.Equal(t, 1, cutting)
	require.NoError(t, p.wait(context.Background()))
	assert.Zero(t, p.count())
}
