package sioredis_test

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioredis"
)

// A client that reconnects to its server gets the events that the other server sent meanwhile, even
// to a room without other members. On the other server it starts a new session.
func TestRecoveryIsEachServersOwn(t *testing.T) {
	r := miniredis.RunT(t)
	recovering := func() server {
		return serve(t,
			sio.Config{Adapter: sioredis.New(sioredis.Config{Client: client(t, r), Log: quiet}).
				Adapter, Recovery: &sio.Recovery{}})
	}
	a, b := recovering(), recovering()
	p, witness := dial(t, b), dial(t, b)
	witness.write("40")
	require.Regexp(t, `^40`, witness.read())
	p.write("40")
	first := regexp.MustCompile(`"sid":"([^"]+)","pid":"([^"]+)"`).FindStringSubmatch(p.read())
	require.NotNil(t, first)
	b.Socket(first[1]).Join("red")
	require.NoError(t, a.To("red").Emit("n", 0))
	offset := regexp.MustCompile(`^42\["n",0,"(\w+)"\]$`).FindStringSubmatch(p.read())
	require.NotNil(t, offset, "one offset, of the server that it is connected to")

	require.NoError(t, p.NetConn().Close())
	require.Eventually(t, func() bool { return b.Len() == 1 }, time.Minute, time.Millisecond)
	require.NoError(t, a.To("red").Emit("n", 1))
	require.NoError(t, a.Emit("n", 2))
	require.Regexp(t, `^42\["n",2,`, witness.read())

	back := fmt.Sprintf(`40{"pid":%q,"offset":%q}`, first[2], offset[1])
	elsewhere := dial(t, a)
	elsewhere.write(back)
	assert.NotContains(t, elsewhere.read(), first[1])
	again := dial(t, b)
	again.write(back)
	require.Regexp(t, `^42\["n",1,"\w+"\]$`, again.read())
	require.Regexp(t, `^42\["n",2,"\w+"\]$`, again.read())
	assert.Contains(t, again.read(), first[1])
}

// A Redis Cluster, here of one node.
func TestRedisCluster(t *testing.T) {
	r := miniredis.RunT(t)
	db := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{r.Addr()}})
	t.Cleanup(func() { db.Close() })
	a := serve(t, sio.Config{Adapter: sioredis.New(sioredis.Config{Client: db, Log: quiet}).
		Adapter})
	b := start(t, r, sioredis.Config{})
	atA, atB := join(t, a), join(t, b)
	require.NoError(t, a.Emit("from a"))
	require.NoError(t, b.To(atA.id).Emit("from b"))
	atA.reads(`42["from a"]`, `42["from b"]`)
	atB.reads(`42["from a"]`)
	sockets, err := a.FetchSockets(t.Context())
	require.NoError(t, err)
	assert.Len(t, sockets, 2)
}
