package websocket

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPeersCountWhileOneIsCut: what ends a connection may take its time, and nobody else waits.
func TestPeersCountWhileOneIsCut(t *testing.T) {
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
		require.True(t, p.mu.TryLock(), "the lock is held while a connection is cut")
		p.mu.Unlock()
		cutting++
		one.end(errCut)
	})
	assert.Equal(t, 1, cutting)
	require.NoError(t, p.wait(context.Background()))
	assert.Zero(t, p.count())
}
