package sioredis_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/gorilla/websocket"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/labtest/redisserver"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioredis"
)

func TestMain(m *testing.M) {
	logging.Disable() // go-redis logs each failed dial
	goleak.VerifyTestMain(m)
}

// quiet discards the log of outages and malformed messages that tests provoke.
var quiet = slog.New(slog.DiscardHandler)

// server is one server of a cluster.
type server struct {
	*sio.Server
	url   string
	close func()
}

func client(t testing.TB, r *miniredis.Miniredis) *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: r.Addr(), MaxRetries: -1})
	t.Cleanup(func() { c.Close() })
	return c
}

func start(t testing.TB, r *miniredis.Miniredis, config sioredis.Config) server {
	config.Client, config.Log = client(t, r), quiet
	return serve(t, sio.Config{Adapter: sioredis.New(config).Adapter})
}

func serve(t testing.TB, config sio.Config) server {
	config.Log = quiet
	io := sio.NewServer(config)
	web := httptest.NewServer(io)
	closeOnce := sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		assert.NoError(t, io.Close(ctx))
		web.Close()
	})
	t.Cleanup(closeOnce)
	return server{io, "ws" + strings.TrimPrefix(web.URL, "http") +
		"/socket.io/?EIO=4&transport=websocket", closeOnce}
}

// two starts two servers on one Redis.
func two(t *testing.T) (a, b server, r *miniredis.Miniredis) {
	r = miniredis.RunT(t)
	return start(t, r, sioredis.Config{}), start(t, r, sioredis.Config{}), r
}

// kinds has a configuration for each kind of adapter.
var kinds = map[string]sioredis.Config{
	"pubsub":          {},
	"static":          {Sharded: &sioredis.Sharded{Mode: sioredis.StaticMode}},
	"dynamic":         {Sharded: &sioredis.Sharded{}},
	"dynamic-private": {Sharded: &sioredis.Sharded{Mode: sioredis.DynamicPrivateMode}},
	"streams":         {Streams: &sioredis.Streams{}},
	"streams of many": {Streams: &sioredis.Streams{Count: 4, Sharded: true, ReadCount: 3,
		Block: 50 * time.Millisecond}},
}

// pairOf returns a pair for an adapter; its function more starts further servers. Sharded Pub/Sub
// needs a real Redis.
func pairOf(config sioredis.Config) pair {
	return func(t *testing.T) (a, b server, more func() server) {
		if config.Sharded != nil || config.Streams != nil && config.Streams.Sharded {
			real := redisserver.Start(t)
			more = func() server {
				config := config
				config.Client, config.Log = real.Client(t), quiet
				return serve(t, sio.Config{Adapter: sioredis.New(config).Adapter})
			}
		} else {
			r := miniredis.RunT(t)
			more = func() server { return start(t, r, config) }
		}
		return more(), more(), more
	}
}

// peer is a client that speaks in literal wire text.
type peer struct {
	testing.TB
	*websocket.Conn
	id string
}

func dial(t testing.TB, s server) peer {
	conn, _, err := websocket.DefaultDialer.Dial(s.url, nil)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	p := peer{TB: t, Conn: conn}
	require.Regexp(t, `^0\{`, p.read())
	return p
}

func join(t testing.TB, s server, namespace ...string) peer {
	p := dial(t, s)
	prefix := "40"
	for _, name := range namespace {
		prefix += name + ","
	}
	p.write(prefix)
	answer := p.read()
	require.True(t, strings.HasPrefix(answer, prefix+`{"sid":"`), answer)
	p.id = strings.TrimSuffix(strings.TrimPrefix(answer, prefix+`{"sid":"`), `"}`)
	return p
}

// read returns the next packet. It answers the server's pings, which come when a test takes long.
func (p peer) read() string {
	p.Helper()
	until := time.Now().Add(2 * time.Minute)
	for {
		require.NoError(p, p.SetReadDeadline(until))
		_, data, err := p.ReadMessage()
		require.NoError(p, err)
		if string(data) != "2" {
			return string(data)
		}
		require.True(p, time.Now().Before(until), "no event came, only pings")
		p.write("3")
	}
}

func (p peer) reads(texts ...string) {
	p.Helper()
	for _, text := range texts {
		require.Equal(p, text, p.read())
	}
}

func (p peer) write(texts ...string) {
	for _, text := range texts {
		require.NoError(p, p.WriteMessage(websocket.TextMessage, []byte(text)))
	}
}
