package admin

import (
	"slices"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
	"realtimelab/lessons/socketio/siopacket"
	"realtimelab/lessons/socketio/sioredis"
)

type packet = siopacket.Packet

// member starts one server of a cluster.
func startMember(t *testing.T, r *miniredis.Miniredis, id string) server {
	db := redis.NewClient(&redis.Options{Addr: r.Addr(), MaxRetries: -1})
	t.Cleanup(func() { db.Close() })
	cluster := sioredis.New(sioredis.Config{Client: db})
	return start(t, Config{
		Auth: login, ServerID: id, SessionKey: []byte("a secret of the cluster"),
		StatsInterval: 20 * time.Millisecond,
	}, sio.Config{Adapter: cluster.Adapter})
}

func TestACluster(t *testing.T) {
	r := miniredis.RunT(t)
	one, two := startMember(t, r, "one"), startMember(t, r, "two")
	two.OnConnection(func(s *sio.Socket) { s.Set("big", 1<<62); s.Join("room") })
	before := two.client("/")
	page := one.page()
	session := read[string](t, page.next("session"), 0)
	list := read[[]shown](t, page.next("all_sockets"), 0)
	i := slices.IndexFunc(list, func(d shown) bool { return d.ID == before.ID() })
	require.GreaterOrEqual(t, i, 0, "the sockets of the other server are in the list")
	conn := two.Socket(before.ID()).Conn()
	assert.Equal(t, []any{conn.ID()[:12], "websocket", "/", []string{before.ID(), "room"}},
		[]any{list[i].ClientID, list[i].Transport, list[i].Nsp, list[i].Rooms})
	assert.Equal(t, map[string]any{"big": float64(1 << 62)}, list[i].Data)

	seen := map[string]bool{}
	for !seen["one"] || !seen["two"] {
		seen[read[serverStats](t, page.next("server_stats"), 0).ServerID] = true
	}
	c := two.client("/")
	for read[shown](t, page.next("socket_connected"), 0).ID != c.ID() {
	}
	page.Emit("join", "/", "red", c.ID())
	until(t, "a command reaches the other server", func() bool {
		return slices.Equal(two.Socket(c.ID()).Rooms(), []string{c.ID(), "room", "red"})
	})
	for page.next("room_joined").args.Any(1) != "red" {
	}
	page.Emit("emit", "/", "red", "hello")
	c.next("hello")
	page.Emit("_disconnect", "/", false, c.ID())
	for page.next("socket_disconnected").args.Any(1) != c.ID() {
	}

	_, err := two.dial("/admin", auth{"sessionId": session}, sioclient.Config{})
	assert.NoError(t, err, "a session counts on every server")
}
