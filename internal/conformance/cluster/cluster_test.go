// Package cluster puts our Socket.IO server and the official one into one cluster over Redis.
package cluster

import (
	"context"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/conformance/node"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioredis"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start serves what cluster-server.mjs does.
func start(t *testing.T, addr string, specific bool) (url string) {
	db := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1})
	cluster := sioredis.New(sioredis.Config{Client: db, SpecificResponses: specific, RequestTimeout: 20 * time.Second})
	io := sio.NewServer(sio.Config{Adapter: cluster.Adapter})
	for _, name := range []string{"/", "/chat"} {
		handle(io.Of(name))
	}
	server := httptest.NewServer(io)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		assert.NoError(t, io.Close(ctx))
		server.Close()
		assert.NoError(t, db.Close())
	})
	return server.URL
}

func handle(n *sio.Namespace) {
	n.OnServerSide("double", func(x int, ack sio.Ack) { ack(2 * x) })
	n.OnServerSide("tell", func(args ...any) { n.Local().Emit("told", append([]any{"ours"}, args...)...) })
	n.OnConnection(func(s *sio.Socket) {
		s.Set("server", "ours")
		s.Set("n", 1.5)
		s.On("emit", func(to, except []string, args ...any) { n.To(to...).Except(except...).Emit("news", args...) })
		s.On("local", func(args ...any) { n.Local().Emit("news", args...) })
		s.On("join", func(to, rooms []string) { n.In(to...).SocketsJoin(rooms...) })
		s.On("leave", func(to, rooms []string) { n.In(to...).SocketsLeave(rooms...) })
		s.On("kick", func(to []string, all bool) { n.In(to...).DisconnectSockets(all) })
		s.On("fetch", func(to []string, ack sio.Ack) { ack(fetch(n.In(to...))) })
		s.On("ask", func(to []string, ms int, args []any, ack sio.Ack) {
			answers, err := n.In(to...).Timeout(time.Duration(ms)*time.Millisecond).EmitWithAck(context.Background(), "question", args...)
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

// fetch describes the sockets as cluster-server.mjs does.
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

func TestOurServerAndTheOfficialOne(t *testing.T) {
	dir := node.Dir(t)
	require.DirExists(t, filepath.Join(dir, "node_modules", "@socket.io", "redis-adapter"), "node_modules is older than package-lock.json: run npm ci in %s", dir)
	for _, responses := range []string{"", "specific"} {
		t.Run("responses "+responses, func(t *testing.T) {
			r := miniredis.RunT(t)
			ours := start(t, r.Addr(), responses != "")
			official := node.Start(t, "cluster-server.mjs", "redis://"+r.Addr(), responses)
			clients := exec.CommandContext(t.Context(), "node", "cluster.mjs", ours, official)
			clients.Dir = dir
			out, err := clients.CombinedOutput()
			require.NoError(t, err, "%s", out)
			assert.Equal(t, "ok\n", string(out))
		})
	}
}
