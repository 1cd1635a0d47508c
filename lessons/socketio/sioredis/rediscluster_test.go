package sioredis_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
	"realtimelab/internal/labtest/redisserver"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioredis"
)

// inCluster starts a server on a Redis Cluster.
func inCluster(t testing.TB, c *redisserver.Cluster, config sioredis.Config) server {
	config.Client, config.Log = c.Client(t), quiet
	return serve(t, sio.Config{Adapter: sioredis.New(config).Adapter})
}

// sharding are the adapters that use the slots of a Redis Cluster, with the channel or the stream
// that carries a broadcast to the room red.
var sharding = []struct {
	kind, carrier string
	keeps         bool // loses nothing
}{
	{"static", "socket.io#/#", false},
	{"dynamic", "socket.io#/#red#", false},
	{"streams", "socket.io", true},
}

// A slot moves to another node and on to a third while a server sends. Nothing arrives twice or out
// of order, and the servers subscribe again on the new node. A stream loses nothing. Pub/Sub loses
// messages that were sent before a server was subscribed on the new node, and the log counts them.
func TestASlotMovesUnderTraffic(t *testing.T) {
	need.Time(t)
	c := redisserver.StartCluster(t, 3)
	for _, s := range sharding {
		t.Run(s.kind, func(t *testing.T) {
			a, b := inCluster(t, c, kinds[s.kind]), inCluster(t, c, kinds[s.kind])
			atA, atB := join(t, a), join(t, b)
			a.Socket(atA.id).Join("red")
			b.Socket(atB.id).Join("red")
			meet(t, a, "red", atB)

			const n = 1500
			var emitting sync.WaitGroup
			emitting.Go(func() {
				for i := range n {
					assert.NoError(t, a.To("red").Emit("n", i))
					time.Sleep(time.Millisecond)
				}
			})
			before := c.Owner(s.carrier)
			for range 2 {
				time.Sleep(n * time.Millisecond / 4)
				c.Move(s.carrier)
			}
			assert.NotSame(t, before, c.Owner(s.carrier))
			emitting.Wait()
			assert.Equal(t, numbersUpTo(n), numbersAt(t, a, atA),
				"this server's own clients miss nothing")
			got := numbersAt(t, a, atB)
			assert.True(t, slices.IsSorted(got), "in order")
			assert.Len(t, slices.Compact(slices.Clone(got)), len(got), "each once")
			if s.keeps {
				assert.Equal(t, numbersUpTo(n), got)
			}
			t.Logf("%s: %d of %d lost at two moves", s.kind, n-len(got), n)
		})
	}
}

// emitUntil emits an event to a room of all servers repeatedly until done has returned.
func emitUntil(t *testing.T, from server, room, name string, done func()) {
	t.Helper()
	stop := make(chan struct{})
	var emitting sync.WaitGroup
	emitting.Go(func() {
		for {
			assert.NoError(t, from.To(room).Emit(name))
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	defer emitting.Wait()
	defer close(stop)
	done()
}

// meet waits until a client of another server receives events to a room: then its server is
// subscribed.
func meet(t *testing.T, from server, room string, at peer) {
	t.Helper()
	name := "meet in " + room
	emitUntil(t, from, room, name, func() {
		for at.read() != fmt.Sprintf(`42[%q]`, name) {
		}
	})
}

// numbersAt returns the numbers that a client received before a later event.
func numbersAt(t *testing.T, from server, at peer) (numbers []int) {
	t.Helper()
	emitUntil(t, from, "red", "end", func() {
		for text := at.read(); text != `42["end"]`; text = at.read() {
			var event []any
			if strings.HasPrefix(text, `42["n",`) {
				require.NoError(t, json.Unmarshal([]byte(text[2:]), &event))
				numbers = append(numbers, int(event[1].(float64)))
			}
		}
	})
	return numbers
}

func numbersUpTo(n int) (numbers []int) {
	for i := range n {
		numbers = append(numbers, i)
	}
	return numbers
}

// The subscribers' connections break, and a node restarts. The servers subscribe again to all
// channels, several on each node.
func TestSubscriptionsToAClusterComeBack(t *testing.T) {
	need.Time(t)
	c := redisserver.StartCluster(t, 3)
	a, b := inCluster(t, c, kinds["dynamic"]), inCluster(t, c, kinds["dynamic"])
	atB := join(t, b)
	var rooms []string
	for i := range 20 {
		rooms = append(rooms, fmt.Sprint("room", i))
	}
	b.Socket(atB.id).Join(rooms...)
	restart := func() {
		node := c.Owner("socket.io#/#")
		node.Kill()
		node.Restart()
	}
	for _, fault := range []func(){func() {}, c.KillSubscribers, restart} {
		fault()
		for _, room := range rooms {
			meet(t, a, room, atB)
		}
		require.Eventually(t, func() bool { // requests and responses have channels of their own
			sockets, err := a.FetchSockets(t.Context())
			return err == nil && len(sockets) == 1
		}, time.Minute, 10*time.Millisecond)
	}
}
