package cluster

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
	"realtimelab/lessons/socketio/sioclient"
)

// TestARollingRestartLosesNothing: a room of 30 clients survives a rolling restart of three
// servers. With recovery over Streams, each hears every number, in order and once.
func TestARollingRestartLosesNothing(t *testing.T) {
	need.Time(t)
	r := run(t, nil)
	r.settled()
	survives(r)
}

// survives restarts the servers twice, with 30 clients.
func survives(r running) {
	r.Helper()
	r.post(`{"crowd":30}`)
	r.post(`{"adapter":"streams","recovery":true}`)
	r.settled()
	r.until(func() bool { return r.allHear() }, "everybody hears the numbers")
	r.post(`{"count":true}`)
	for round := range 2 {
		r.post(`{"roll":true}`)
		r.settled()
		r.until(func() bool {
			return r.allHear()
		}, "everybody hears the numbers after restart %d", round+1)
	}
	counted := r.account()
	assert.Zero(r, counted.Lost, "%+v", counted)
	assert.Zero(r, counted.Twice, "%+v", counted)
	assert.NotZero(r, counted.Recovered, "%+v", counted)
	assert.GreaterOrEqual(r, counted.AtOnce+counted.Recovered, 30*4, "%+v", counted)
	r.Logf("30 clients, two rolling restarts: %d at once, %d recovered, %d lost, %d twice",
		counted.AtOnce, counted.Recovered, counted.Lost, counted.Twice)
}

// passes waits until the servers have counted n numbers more.
func (r running) passes(n int) {
	r.Helper()
	count := func() int {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.ticks
	}
	last := count() + n
	r.until(func() bool { return count() >= last }, "the servers count")
}

// allHear waits for the next number and reports whether it reaches all guests.
func (r running) allHear() bool {
	r.mu.Lock()
	next := r.ticks + 1
	crowd := append([]*guest{}, r.crowd...)
	r.mu.Unlock()
	deadline := time.Now().Add(4 * tickEvery)
	for time.Now().Before(deadline) {
		all := true
		for _, g := range crowd {
			all = all && g.tally.highest() >= next
		}
		if all {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

func (t *tally) highest() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

// redisServer is the real one.
type redisServer struct {
	*testing.T
	port    int
	dir     string
	process *exec.Cmd
}

func startRedis(t *testing.T) *redisServer {
	path := need.Tool(t, "redis-server")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &redisServer{T: t, port: l.Addr().(*net.TCPAddr).Port, dir: t.TempDir()}
	require.NoError(t, l.Close())
	s.start(path)
	t.Cleanup(s.kill)
	return s
}

func (s *redisServer) start(path string) {
	s.Helper()
	s.process = exec.Command(path, "--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--dir",
		s.dir, "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--loglevel",
		"warning")
	require.NoError(s, s.process.Start())
	client := redis.NewClient(&redis.Options{Addr: fmt.Sprintf("127.0.0.1:%d", s.port)})
	defer client.Close()
	require.Eventually(s, func() bool {
		return client.Ping(context.Background()).Err() == nil
	}, 30*time.Second, 20*time.Millisecond)
}

func (s *redisServer) kill() {
	_ = s.process.Process.Kill() // it may have ended
	_ = s.process.Wait()         // its error is the signal
}

func (s *redisServer) url() string { return fmt.Sprintf("redis://127.0.0.1:%d", s.port) }

// TestRealRedis: the same with Debian's redis-server.
func TestRealRedis(t *testing.T) {
	s := startRedis(t)
	r := run(t, map[string]string{"redis": s.url()})
	r.settled()
	me, err := r.connect(sioclient.WebSocket)
	require.NoError(t, err)
	assert.Equal(t, 3, r.say(me, 10).Listeners)
	me.Close()
	survives(r)
}

// TestRealRedisRestartsUnderLoad kills Redis while the servers count and clients talk. The servers
// go on alone, and are one cluster again afterwards. With Pub/Sub what was said meanwhile is lost
// to the other servers.
func TestRealRedisRestartsUnderLoad(t *testing.T) {
	s := startRedis(t)
	r := run(t, map[string]string{"redis": s.url()})
	r.settled()
	me, err := r.connect(sioclient.WebSocket)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	talked := make(chan int)
	go func() {
		n := 0
		for ctx.Err() == nil {
			if me.Emit("say", "load "+strings.Repeat("x", 100)) == nil {
				n++
			}
			time.Sleep(5 * time.Millisecond)
		}
		talked <- n
	}()
	r.until(func() bool { return r.allHear() }, "everybody hears the numbers")
	r.post(`{"count":true}`)
	s.kill()
	r.until(func() bool {
		last := r.traces.last()
		return last != nil && last.Failed
	}, "the servers do not reach Redis")
	r.passes(8) // numbers without Redis
	s.start(s.process.Path)
	r.until(func() bool { return r.allHear() }, "the servers are one cluster again")
	stop()
	assert.NotZero(t, <-talked)
	assert.NotZero(t, r.account().Lost, "Pub/Sub keeps nothing")
	assert.Zero(t, r.account().Twice)
	assert.Equal(t, []int{3, 3, 3}, guestsOf(r, me), "no client was disconnected")
}

// guestsOf counts the clients of each server without me.
func guestsOf(r running, me *sioclient.Socket) []int {
	me.Close()
	all := []int{}
	r.until(func() bool {
		all = r.clientsOf()
		sum := 0
		for _, n := range all {
			sum += n
		}
		return sum == 9
	}, "only the guests are left")
	return all
}

// TestRealRedisWithShards: the servers meet over sharded Pub/Sub, which the Redis inside the lab
// does not have, and meet again after a restart of each server and of Redis.
func TestRealRedisWithShards(t *testing.T) {
	s := startRedis(t)
	r := run(t, map[string]string{"redis": s.url()})
	r.settled()
	r.post(`{"adapter":"sharded"}`)
	r.settled()
	meet := func(when string) {
		me, err := r.connect(sioclient.WebSocket)
		require.NoError(t, err)
		defer me.Close()
		r.until(func() bool {
			time.Sleep(sayEvery)
			last := r.say(me, 1)
			return r.delivered(last.ID) == 10
		}, when)
		last := r.traces.last()
		assert.Equal(t, "SPUBLISH", last.Published, when)
		assert.Equal(t, "socket.io#/#", last.Channel, when)
		assert.Equal(t, 3, last.Listeners, when)
	}
	meet("at the start")
	r.post(`{"roll":true}`)
	r.settled()
	meet("after a rolling restart")
	s.kill()
	s.start(s.process.Path)
	meet("after a restart of Redis")

	inside := run(t, map[string]string{"servers": "1"})
	status, text := inside.try(`{"adapter":"sharded"}`, key.Bearer())
	assert.Equal(t, http.StatusBadRequest, status)
	assert.Contains(t, text, "want one of off, pubsub, streams")
}
