// Package cluster puts our Socket.IO servers and the official ones into one cluster over Redis,
// with each of the adapters.
package cluster

import (
	"context"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/conformance/node"
	"realtimelab/internal/labtest/redisserver"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioredis"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// kinds lists the adapters, by their names in cluster-server.mjs.
var kinds = map[string]sioredis.Config{
	"pubsub":          {},
	"specific":        {SpecificResponses: true},
	"static":          {Sharded: &sioredis.Sharded{Mode: sioredis.StaticMode}},
	"dynamic":         {Sharded: &sioredis.Sharded{}},
	"dynamic-private": {Sharded: &sioredis.Sharded{Mode: sioredis.DynamicPrivateMode}},
	"streams":         {Streams: &sioredis.Streams{}},
	"streams-sharded": {Streams: &sioredis.Streams{Sharded: true}},
}

// start serves the same as cluster-server.mjs, until t ends.
func start(t testing.TB, r *redisserver.Server, config sioredis.Config) (url string) {
	db := redis.NewClient(r.Options())
	config.Client, config.RequestTimeout = db, 20*time.Second
	_, url, stop := serve(t, config)
	t.Cleanup(func() {
		stop()
		assert.NoError(t, db.Close())
	})
	return url
}

func serve(t testing.TB, config sioredis.Config) (io *sio.Server, url string, stop func()) {
	server := sio.Config{Adapter: sioredis.New(config).Adapter}
	if config.Streams != nil {
		server.Recovery = &sio.Recovery{}
	}
	io = sio.NewServer(server)
	for _, name := range []string{"/", "/chat"} {
		handle(io.Of(name))
	}
	web := httptest.NewServer(io)
	return io, web.URL, func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		assert.NoError(t, io.Close(ctx))
		web.Close()
	}
}

func handle(n *sio.Namespace) {
	n.OnServerSide("double", func(x int, ack sio.Ack) { ack(2 * x) })
	n.OnServerSide("tell", func(args ...any) {
		n.Local().Emit("told", append([]any{"ours"}, args...)...)
	})
	n.OnConnection(func(s *sio.Socket) {
		if !s.Recovered() {
			s.Set("server", "ours")
			s.Set("n", 1.5)
		}
		s.On("emit", func(to, except []string, args ...any) {
			n.To(to...).Except(except...).Emit("news", args...)
		})
		s.On("volatile", func(args ...any) { n.Volatile().Emit("news", args...) })
		s.On("local", func(args ...any) { n.Local().Emit("news", args...) })
		s.On("join", func(to, rooms []string) { n.In(to...).SocketsJoin(rooms...) })
		s.On("leave", func(to, rooms []string) { n.In(to...).SocketsLeave(rooms...) })
		s.On("kick", func(to []string, all bool) { n.In(to...).DisconnectSockets(all) })
		s.On("fetch", func(to []string, ack sio.Ack) { ack(fetch(n.In(to...))) })
		s.On("ask", func(to []string, ms int, args []any, ack sio.Ack) {
			answers, err := n.In(to...).Timeout(time.Duration(ms)*time.Millisecond).
				EmitWithAck(context.Background(), "question", args...)
			values := []any{}
			for _, answer := range answers {
				values = append(values, answer.Args.Any(0))
			}
			if err != nil {
				ack(values, "some")
				return
			}
			ack(values, "all")
		})
		s.On("double", func(x int, ack sio.Ack) {
			answers, err := n.ServerSideEmitWithAck(context.Background(), "double", x)
			values := []any{}
			for _, answer := range answers {
				values = append(values, answer.Any(0))
			}
			if err != nil {
				values = append(values, err.Error())
			}
			ack(values)
		})
		s.On("tell", func(args ...any) { n.ServerSideEmit("tell", args...) })
	})
}

// fetch describes the sockets in the same form as cluster-server.mjs.
func fetch(b sio.Broadcast) any {
	sockets, err := b.FetchSockets(context.Background())
	if err != nil {
		return err.Error()
	}
	all := []map[string]any{}
	for _, s := range sockets {
		h := s.Handshake
		path, _, _ := strings.Cut(h.URL, "?")
		all = append(all, map[string]any{
			"id": s.ID, "rooms": s.Rooms, "data": s.Data,
			"handshake": []any{
				h.Headers.Get("X-Test"), h.Query.Get("q"), h.RawAuth, h.XDomain, h.Secure, path,
				time.Since(h.Time).Abs() < time.Minute,
			},
		})
	}
	return all
}

// official starts the official server beside running ones.
func official(t testing.TB, r *redisserver.Server, kind, others string) (url string) {
	return node.Start(t, "cluster-server.mjs", r.Socket, kind, others)
}

// run runs a script of clients, which says "ok" at its end.
func run(t *testing.T, script string, args ...string) {
	t.Helper()
	clients := exec.CommandContext(t.Context(), "node", append([]string{script}, args...)...)
	clients.Dir = node.Dir(t)
	out, err := clients.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Equal(t, "ok\n", string(out))
}

func TestOurServerAndTheOfficialOne(t *testing.T) {
	dir := node.Dir(t)
	require.DirExists(t, filepath.Join(dir, "node_modules", "@socket.io", "redis-streams-adapter"),
		"node_modules is older than package-lock.json: run npm ci in %s", dir)
	for kind, config := range kinds {
		t.Run(kind, func(t *testing.T) {
			r := redisserver.Start(t)
			ours := start(t, r, config)
			run(t, "cluster.mjs", ours, official(t, r, kind, "1"))
		})
	}
}

// A client that leaves one server and returns to any other receives the packets that it missed.
func TestRecoveryAcrossServers(t *testing.T) {
	for _, kind := range []string{"streams", "streams-sharded"} {
		t.Run(kind, func(t *testing.T) {
			r := redisserver.Start(t)
			one, two := start(t, r, kinds[kind]), start(t, r, kinds[kind])
			run(t, "cluster-recovery.mjs", "ours1="+one, "ours2="+two,
				"node="+official(t, r, kind, "2"))
		})
	}
}
