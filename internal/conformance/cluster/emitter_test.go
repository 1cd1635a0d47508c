package cluster

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/internal/labtest/redisserver"
	"realtimelab/lessons/socketio/sioredis"
)

// Our emitter reaches the clients of our servers and of the official ones, with each adapter. So
// does the official emitter, which exists for the first adapter only.
func TestEmitters(t *testing.T) {
	for kind, config := range kinds {
		t.Run(kind, func(t *testing.T) {
			r := redisserver.Start(t)
			ours := start(t, r, config)
			clients, _ := node.Talk(t, "cluster-emitter.mjs", ours, official(t, r, kind, "1"))
			config.Client = r.Client(t)
			emit(t, sioredis.NewEmitter(config), func() {
				if config.Sharded == nil || config.Sharded.Mode == sioredis.StaticMode {
					// a server takes requests and broadcasts in the order in which they were sent
					return
				}
				require.Eventually(t, func() bool { // both have the room's channel
					counts, err := r.Client(t).PubSubShardNumSub(t.Context(),
						"socket.io#/#red#").Result()
					return err == nil && counts["socket.io#/#red#"] == 2
				}, time.Minute, 10*time.Millisecond)
			}, func() { clients.Ask("has 3") })
			require.Equal(t, "ok", clients.Ask("check"))
		})
	}
	t.Run("official", func(t *testing.T) {
		r := redisserver.Start(t)
		ours := start(t, r, sioredis.Config{})
		clients, _ := node.Talk(t, "cluster-emitter.mjs", ours, official(t, r, "pubsub", "1"))
		require.Equal(t, "ok", clients.Ask("emit "+r.Socket))
		require.Equal(t, "ok", clients.Ask("check"))
	})
}

// emit does the same as cluster-emitter.mjs with the official emitter. joined waits until the
// sockets are in the room, and told until they have received everything.
func emit(t *testing.T, all sioredis.Emitter, joined, told func()) {
	require.NoError(t, all.Emit("news", "all", []byte{1, 2, 255}, map[string]any{"n": 1.5}))
	require.NoError(t, all.Of("chat").Emit("news", "chat"))
	require.NoError(t, all.SocketsJoin("red"))
	joined()
	require.NoError(t, all.To("red").Emit("news", "red"))
	require.NoError(t, all.To("red", "blue").Except("red").Emit("news", "nobody"))
	require.NoError(t, all.Volatile().Compress(false).Emit("news", "volatile"))
	require.NoError(t, all.ServerSideEmit("tell", "servers"))
	require.NoError(t, all.SocketsLeave("red"))
	require.NoError(t, all.To("red").Emit("news", "nobody is red"))
	told()
	require.NoError(t, all.DisconnectSockets(false))
}
