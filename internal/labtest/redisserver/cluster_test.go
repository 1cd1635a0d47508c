package redisserver

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A slot goes from node to node with its keys, and comes back to the first.
func TestASlotOfAClusterMoves(t *testing.T) {
	c := StartCluster(t, 3)
	db := c.Client(t)
	require.NoError(t, db.Set(t.Context(), "k", "v", 0).Err())
	first := c.Owner("k")
	c.Move("k")
	assert.NotSame(t, first, c.Owner("k"))
	assert.Equal(t, "v", db.Get(t.Context(), "k").Val())
	assert.ErrorContains(t, first.client.Get(t.Context(), "k").Err(), "MOVED")
	c.Move("k")
	c.Move("k")
	assert.Same(t, first, c.Owner("k"))
	assert.Equal(t, "v", db.Get(t.Context(), "k").Val())
}
