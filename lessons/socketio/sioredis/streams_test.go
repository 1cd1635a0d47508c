package sioredis_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tinylib/msgp/msgp"

	"realtimelab/internal/labtest/redisserver"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioredis"
)

// streaming starts a server that shares recovery with the others on the same Redis.
func streaming(t testing.TB, db *redis.Client, recovery sio.Recovery) server {
	cluster := sioredis.New(sioredis.Config{Client: db, Log: quiet, Streams: &sioredis.Streams{}})
	return serve(t, sio.Config{Adapter: cluster.Adapter, Recovery: &recovery})
}

// returning is a client that remembers its last offset and can reconnect.
type returning struct {
	peer
	pid, offset string
}

// arrive connects, with the state of an earlier connection if there was one, and returns the events
// that arrived before the answer to CONNECT.
func (r *returning) arrive(t testing.TB, s server) (missed []string) {
	r.peer = dial(t, s)
	if r.pid == "" {
		r.write("40")
	} else {
		r.write(fmt.Sprintf(`40{"pid":%q,"offset":%q}`, r.pid, r.offset))
	}
	for {
		text := r.read()
		if answer := regexp.MustCompile(`^40\{"sid":"([^"]+)","pid":"([^"]+)"`).
			FindStringSubmatch(text); answer != nil {
			r.id, r.pid = answer[1], answer[2]
			return missed
		}
		missed = append(missed, r.note(text))
	}
}

var withOffset = regexp.MustCompile(`,"(\d+-\d+)"\]$`)

// note removes the offset from an event, and remembers it.
func (r *returning) note(text string) string {
	if offset := withOffset.FindStringSubmatch(text); offset != nil {
		r.offset = offset[1]
		return strings.TrimSuffix(text, offset[0]) + "]"
	}
	return text
}

func (r *returning) gets(texts ...string) {
	r.Helper()
	for _, text := range texts {
		require.Equal(r, text, r.note(r.read()))
	}
}

// leaves closes the connection, and waits until the server has stored the session.
func (r *returning) leaves(t testing.TB, s server, db *redis.Client) {
	require.NoError(t, r.NetConn().Close())
	require.Eventually(t, func() bool {
		return s.Socket(r.id) == nil && db.Exists(t.Context(), "sio:session:"+r.pid).Val() == 1
	}, time.Minute, time.Millisecond)
}

func TestAClientComesBackToAnyServer(t *testing.T) {
	db := client(t, miniredis.RunT(t))
	a, b := streaming(t, db, sio.Recovery{}), streaming(t, db, sio.Recovery{})
	var r, atA, atB returning
	atA.arrive(t, a)
	atB.arrive(t, b)
	r.arrive(t, a)
	a.Socket(r.id).Join("red")
	a.Socket(r.id).Set("user", "ann")
	require.NoError(t, b.Emit("first"))
	r.gets(`42["first"]`)
	id := r.id

	for _, servers := range [][2]server{{a, b}, {b, a}, {a, a}} {
		here, there := servers[0], servers[1]
		r.leaves(t, here, db)
		require.NoError(t, a.Emit("all", 1))
		require.NoError(t, a.To("red").Emit("red", []byte{1}))
		require.NoError(t, a.To("blue").Emit("blue"))
		require.NoError(t, a.Except("red").Emit("not red"))
		require.NoError(t, a.Volatile().Emit("volatile"))
		require.NoError(t, a.To(id).Emit("alone"))
		require.NoError(t, a.Emit("end"))
		for _, w := range []*returning{&atA, &atB} { // the volatile one may come with others
			for w.note(w.read()) != `42["end"]` {
			}
		}
		assert.Equal(t, []string{`42["all",1]`, `451-["red",{"_placeholder":true,"num":0}]`, "\x01",
			`42["alone"]`, `42["end"]`}, r.arrive(t, there))
		assert.Equal(t, id, r.id)
		s := there.Socket(id)
		assert.True(t, s.Recovered())
		assert.Equal(t, []string{id, "red"}, s.Rooms())
		assert.Equal(t, "ann", s.Get("user"))
		require.NoError(t, s.Emit("direct"))
		r.gets(`42["direct"]`)
		require.NoError(t, b.To("red").Emit("more"))
		r.gets(`42["more"]`)
	}
}

// All servers send the packets in the same order.
func TestAllServersHaveTheSameOrder(t *testing.T) {
	db := client(t, miniredis.RunT(t))
	a, b := streaming(t, db, sio.Recovery{}), streaming(t, db, sio.Recovery{})
	var atA, atB returning
	atA.arrive(t, a)
	atB.arrive(t, b)
	const n = 300
	var emitting sync.WaitGroup
	for name, s := range map[string]server{"a": a, "b": b} {
		emitting.Go(func() {
			for i := range n {
				assert.NoError(t, s.Emit(name, i))
			}
		})
	}
	emitting.Wait()
	next := map[string]int{}
	for range 2 * n {
		text := atA.note(atA.read())
		atB.gets(text)
		name, number := text[4:5], strings.Trim(text[6:], `,]`)
		require.Equal(t, strconv.Itoa(next[name]), number)
		next[name]++
	}
}

// An event goes to the sockets that are in the room at the time of Emit, although it waits for its
// offset.
func TestWhatIsEmittedBeforeASocketLeavesArrives(t *testing.T) {
	db := client(t, miniredis.RunT(t))
	a := streaming(t, db, sio.Recovery{})
	var r, late returning
	r.arrive(t, a)
	late.arrive(t, a)
	s := a.Socket(r.id)
	s.Join("red")
	require.NoError(t, a.To("red").Emit("you are in"))
	s.Leave("red")
	a.Socket(late.id).Join("red")
	r.gets(`42["you are in"]`)
	require.NoError(t, a.To("red").Emit("red is another"))
	late.gets(`42["red is another"]`)

	require.NoError(t, s.Emit("you are out"))
	require.NoError(t, a.Emit("all are out"))
	s.Disconnect(false)
	r.gets(`42["you are out"]`, `42["all are out"]`, `41`)
	late.gets(`42["all are out"]`)
	assert.ErrorIs(t, s.Emit("late"), sio.ErrDisconnected)
}

// A client can recover a state only in its own namespace, and only once.
func TestAStateIsTakenOnceAndInItsNamespace(t *testing.T) {
	db := client(t, miniredis.RunT(t))
	a, b := streaming(t, db, sio.Recovery{}), streaming(t, db, sio.Recovery{})
	var guarded atomic.Int32
	for _, s := range []server{a, b} {
		s.Of("/admin").Use(func(*sio.Socket) error {
			guarded.Add(1)
			return fmt.Errorf("not for you")
		})
	}
	var r returning
	r.arrive(t, a)
	require.NoError(t, a.Emit("first"))
	r.gets(`42["first"]`)
	id := r.id
	r.leaves(t, a, db)
	back := fmt.Sprintf(`{"pid":%q,"offset":%q}`, r.pid, r.offset)

	p := dial(t, b)
	p.write(`40/admin,` + back)
	assert.Equal(t, `44/admin,{"message":"not for you"}`, p.read())
	assert.EqualValues(t, 1, guarded.Load())
	r.arrive(t, b)
	assert.Equal(t, id, r.id)
	p.write(`40` + back)
	assert.NotContains(t, p.read(), id)
}

// A state stored by an official server does not name its namespace. So the middlewares run.
func TestAStateWithoutANamespacePassesTheMiddlewares(t *testing.T) {
	db := client(t, miniredis.RunT(t))
	a := streaming(t, db, sio.Recovery{})
	seen := make(chan bool, 10)
	a.Use(func(s *sio.Socket) error { seen <- s.Recovered(); return nil })
	var r returning
	r.arrive(t, a)
	require.NoError(t, a.Emit("first"))
	r.gets(`42["first"]`)
	require.False(t, <-seen)
	r.leaves(t, a, db)
	key := "sio:session:" + r.pid
	packed := msgp.AppendMapHeader(nil, 4)
	packed = msgp.AppendString(msgp.AppendString(packed, "sid"), r.id)
	packed = msgp.AppendString(msgp.AppendString(packed, "pid"), r.pid)
	packed = msgp.AppendString(msgp.AppendArrayHeader(msgp.AppendString(packed, "rooms"), 1), r.id)
	packed = msgp.AppendMapHeader(msgp.AppendString(packed, "data"), 0)
	require.NoError(t, db.Set(t.Context(), key, base64.StdEncoding.EncodeToString(packed),
		time.Minute).Err())
	id := r.id
	r.arrive(t, a)
	assert.Equal(t, id, r.id)
	assert.True(t, <-seen)
}

// Redis may hold invalid data.
func TestASessionThatIsNone(t *testing.T) {
	db := client(t, miniredis.RunT(t))
	a := streaming(t, db, sio.Recovery{})
	for i, value := range []string{"", "?", "gA==", "wA==", "k2ExYTI=",
		base64.StdEncoding.EncodeToString([]byte("\xdf\xff\xff\xff\xff"))} {
		pid := fmt.Sprint("pid", i)
		require.NoError(t, db.Set(t.Context(), "sio:session:"+pid, value, time.Minute).Err())
		for _, offset := range []string{"1-0", "0-0", "x", "",
			"18446744073709551615-18446744073709551615"} {
			p := dial(t, a)
			p.write(fmt.Sprintf(`40{"pid":%q,"offset":%q}`, pid, offset))
			assert.Regexp(t, `^40\{"sid":"[^"]{20}"`, p.read())
		}
	}
}

// A server that starts later reads older packets from the stream, if the stream still has them.
func TestAServerThatWasNotThere(t *testing.T) {
	r := miniredis.RunT(t)
	db := client(t, r)
	begin := func(maxLen int64) server {
		cluster := sioredis.New(sioredis.Config{Client: db, Log: quiet,
			Streams: &sioredis.Streams{MaxLen: maxLen}})
		return serve(t, sio.Config{Adapter: cluster.Adapter, Recovery: &sio.Recovery{}})
	}
	for _, trimmed := range []bool{false, true} {
		maxLen := int64(10_000)
		if trimmed {
			maxLen = 10
		}
		a := begin(maxLen)
		var c returning
		c.arrive(t, a)
		require.NoError(t, a.Emit("first"))
		c.gets(`42["first"]`)
		id := c.id
		c.leaves(t, a, db)
		for i := range 700 {
			require.NoError(t, a.Emit("n", i))
		}
		a.close()
		b := begin(maxLen)
		missed := c.arrive(t, b)
		if trimmed {
			assert.NotEqual(t, id, c.id, "it begins again")
			assert.Empty(t, missed)
			continue
		}
		assert.Equal(t, id, c.id)
		require.Len(t, missed, 700)
		for i, text := range missed {
			require.Equal(t, fmt.Sprintf(`42["n",%d]`, i), text)
		}
		b.close()
	}
}

// hop counts the faults in the numbered events of a client.
type hop struct{ lost, doubled, disordered int }

func (h *hop) count(numbers []int, n int) {
	seen := map[int]int{}
	for _, i := range numbers {
		seen[i]++
	}
	for i := range n {
		if seen[i] == 0 {
			h.lost++
		}
		h.doubled += max(0, seen[i]-1)
	}
	if !slices.IsSorted(numbers) {
		h.disordered++
	}
}

// A client that moves from server to server while both send loses nothing and gets nothing twice,
// even on a server that is behind.
func TestAClientThatHopsMissesNothing(t *testing.T) {
	var db *redis.Client
	if testing.Short() {
		db = client(t, miniredis.RunT(t))
	} else {
		db = redisserver.Start(t).Client(t)
	}
	servers := []server{streaming(t, db, sio.Recovery{}), streaming(t, db, sio.Recovery{}),
		streaming(t, db, sio.Recovery{})}
	var c returning
	c.arrive(t, servers[0])
	const n, hops = 3000, 12
	var emitting sync.WaitGroup
	emitting.Go(func() {
		for i := range n {
			assert.NoError(t, servers[i%len(servers)].Emit("n", i))
			if i%10 == 0 { // let each be added before the next server's
				time.Sleep(time.Millisecond)
			}
		}
		assert.Eventually(t, func() bool {
			return db.XLen(t.Context(), "socket.io").Val() == n
		}, time.Minute, time.Millisecond)
		assert.NoError(t, servers[0].Emit("end"))
	})
	var got []string
	ended := false
	take := func(texts ...string) {
		for _, text := range texts {
			if ended = ended || text == `42["end"]`; !ended {
				got = append(got, text)
			}
		}
	}
	at, ids := 0, map[string]bool{c.id: true}
	perHop := n / (hops + 1)
	for !ended {
		take(c.note(c.read()))
		if !ended && at < hops && len(got) >= (at+1)*perHop {
			c.leaves(t, servers[at%len(servers)], db)
			if at++; at == hops {
				emitting.Wait() // the client is away while the last event is sent
			}
			take(c.arrive(t, servers[at%len(servers)])...)
			ids[c.id] = true
		}
	}
	emitting.Wait()
	numbers := make([]int, 0, n)
	for _, text := range got {
		var event []any
		require.NoError(t, json.Unmarshal([]byte(text[2:]), &event))
		numbers = append(numbers, int(event[1].(float64)))
	}
	slices.Sort(numbers) // events of different servers arrive in the stream's order
	var h hop
	h.count(numbers, n)
	assert.Equal(t, hop{}, h)
	assert.Len(t, ids, 1, "always recovered")
}

func TestTwoKindsOfAdapterAreRefused(t *testing.T) {
	assert.Panics(t, func() {
		sioredis.New(sioredis.Config{Sharded: &sioredis.Sharded{}, Streams: &sioredis.Streams{}})
	})
	assert.Panics(t, func() {
		sioredis.NewEmitter(sioredis.Config{Sharded: &sioredis.Sharded{Mode: "x"}})
	})
}

// Redis is killed and restarted while a server sends. If the stream is on disk, the clients of both
// servers get every event once and in order.
func TestAStreamOutlivesRedis(t *testing.T) {
	r := redisserver.Start(t, redisserver.Durable()...)
	for _, recovery := range []*sio.Recovery{nil, {}} {
		begin := func() server {
			config := sioredis.Config{Client: r.Client(t), Log: quiet, Streams: &sioredis.Streams{},
				RequestTimeout: time.Minute}
			return serve(t, sio.Config{Adapter: sioredis.New(config).Adapter, Recovery: recovery})
		}
		a, b := begin(), begin()
		atA, atB := joinAny(t, a), joinAny(t, b)
		const n = 3000
		var emitting sync.WaitGroup
		emitting.Go(func() {
			for i := range n {
				assert.NoError(t, a.Emit("n", i))
				if i%3 == 0 {
					time.Sleep(time.Millisecond)
				}
			}
		})
		for range 3 {
			time.Sleep(100 * time.Millisecond)
			r.Kill()
			time.Sleep(50 * time.Millisecond)
			r.Restart()
		}
		for i := range n {
			atA.gets(fmt.Sprintf(`42["n",%d]`, i))
			atB.gets(fmt.Sprintf(`42["n",%d]`, i))
		}
		emitting.Wait()
		a.close()
		b.close()
	}
}

// A Redis without persistence loses entries when it is killed. This server's clients still get
// those events, and later ones are not held back.
func TestWhatACrashedRedisHasLostIsNotHeld(t *testing.T) {
	r := redisserver.Start(t)
	a := streaming(t, r.Client(t), sio.Recovery{})
	atA := joinAny(t, a)
	const n = 2000
	var emitting sync.WaitGroup
	emitting.Go(func() {
		for i := range n {
			assert.NoError(t, a.Emit("n", i))
			if i%5 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
	})
	for range 3 {
		time.Sleep(50 * time.Millisecond)
		r.Kill()
		r.Restart()
	}
	seen := map[string]int{}
	for range n {
		seen[atA.note(atA.read())]++
	}
	assert.Len(t, seen, n, "each once")
	emitting.Wait()
}

// joinAny is a client of a server with recovery or without.
func joinAny(t testing.TB, s server) *returning {
	r := &returning{peer: dial(t, s)}
	r.write("40")
	require.Regexp(t, `^40`, r.read())
	return r
}
