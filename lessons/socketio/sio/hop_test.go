package sio_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siopacket"
)

// memoryCluster keeps the packets and sessions of several servers. Each server delivers a packet
// when the test says so.
type memoryCluster struct {
	*testing.T
	members []*member

	mu       sync.Mutex
	packets  []sio.PastPacket
	sessions map[string]sio.Session
}

// member is the adapter of one server.
type member struct {
	*sio.MemoryAdapter
	cluster *memoryCluster
	io      *sio.Server
	url     string
	held    map[int]*sio.Held // by the packet's place
	read    int               // packets that were delivered
}

func newMemoryCluster(t *testing.T, servers int) *memoryCluster {
	c := &memoryCluster{T: t, sessions: map[string]sio.Session{}}
	for range servers {
		m := &member{cluster: c, held: map[int]*sio.Held{}}
		m.io, m.url = serve(t, sio.Config{
			Recovery: &sio.Recovery{},
			Adapter: func(_ *sio.Namespace, local *sio.MemoryAdapter) sio.Adapter {
				m.MemoryAdapter = local
				require.True(t, local.ShareRecovery(c))
				return m
			},
		})
		m.io.OnConnection(func(s *sio.Socket) { s.On("sync", func(ack sio.Ack) { ack() }) })
		c.members = append(c.members, m)
	}
	return c
}

// Broadcast implements sio.Adapter: the packet waits until the test delivers it.
func (m *member) Broadcast(p siopacket.Packet, to sio.Selection, flags sio.Flags) {
	c := m.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.packets)
	m.held[n] = m.Hold(p, to, flags)
	c.packets = append(c.packets, sio.PastPacket{Offset: sio.Offset{Time: 1, Seq: uint64(n + 1)},
		Packet: p, To: to, Flags: flags})
}

// deliver brings the next n packets to the sockets of the server, or as many as there are.
func (m *member) deliver(n int) {
	c := m.cluster
	c.mu.Lock()
	packets := c.packets[m.read:min(m.read+n, len(c.packets))]
	c.mu.Unlock()
	for _, p := range packets {
		m.Deliver(p.Packet, p.To, p.Flags, p.Offset, m.held[m.read])
		m.read++
	}
}

// Keep implements sio.SessionStore.
func (c *memoryCluster) Keep(s sio.Session, _ time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sessions[s.PID] = s
}

// Take implements sio.SessionStore.
func (c *memoryCluster) Take(pid string) (sio.Session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, found := c.sessions[pid]
	delete(c.sessions, pid)
	if !found {
		return s, sio.ErrNoSession
	}
	return s, nil
}

// Since implements sio.SessionStore.
func (c *memoryCluster) Since(after, until sio.Offset, _ int) (past []sio.PastPacket, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.packets {
		if after.Before(p.Offset) && !until.Before(p.Offset) {
			past = append(past, p)
		}
	}
	return past, nil
}

// hopper is a client that goes from server to server. It knows which events it should get.
type hopper struct {
	peer
	cluster     *memoryCluster
	at          *member // nil while it is away
	id          string
	pid, offset string
	red         bool // in the room
	want, got   []string
}

var (
	connected = regexp.MustCompile(`^40\{"sid":"([^"]+)","pid":"([^"]+)"`)
	numbered  = regexp.MustCompile(`^42\["([^"]+)","([^"]+)"\]$`)
)

// readUntil notes events until a packet begins like that, or until there are so many.
func (h *hopper) readUntil(prefix string, events int) string {
	for n := 0; n < events; {
		text := h.read()
		if strings.HasPrefix(text, prefix) {
			return text
		}
		event := numbered.FindStringSubmatch(text)
		require.NotNil(h.T, event, text)
		h.got, h.offset = append(h.got, event[1]), event[2]
		n++
	}
	return ""
}

const allEvents = 1 << 30

func (h *hopper) arrive(at *member) {
	h.at, h.peer = at, dial(h.cluster.T, at.url)
	if h.pid == "" {
		h.write("40")
	} else {
		h.write(fmt.Sprintf(`40{"pid":%q,"offset":%q}`, h.pid, h.offset))
	}
	answer := connected.FindStringSubmatch(h.readUntil("40", allEvents))
	require.NotNil(h.T, answer)
	if h.pid != "" {
		require.Equal(h.T, h.id, answer[1], "recovered")
	}
	h.id, h.pid = answer[1], answer[2]
}

// sync reads what the server has sent, up to so many events.
func (h *hopper) sync(events int) {
	h.write(`427["sync"]`)
	h.readUntil("437", events)
}

// leave cuts the connection, and waits until the session is kept.
func (h *hopper) leave() {
	require.NoError(h.T, h.NetConn().Close())
	require.Eventually(h.T, func() bool {
		h.cluster.mu.Lock()
		defer h.cluster.mu.Unlock()
		_, kept := h.cluster.sessions[h.pid]
		return kept && h.at.io.Socket(h.id) == nil
	}, time.Minute, 100*time.Microsecond)
	h.at = nil
}

// joinRed joins a room, when the server has delivered everything: a broadcast that it holds is
// otherwise for the members at the time of Emit, and at any other server for those at the time of
// Deliver.
func (h *hopper) joinRed() {
	h.at.deliver(allEvents)
	h.red = true
	h.at.io.Socket(h.id).Join("red")
}

// emit emits an event on a server, and notes the clients that it should reach.
func emit(c *memoryCluster, m *member, hoppers []*hopper, r *rand.Rand) {
	name := fmt.Sprintf("e%d", len(c.packets))
	one := hoppers[r.IntN(len(hoppers))]
	var chosen func(*hopper) bool
	var err error
	switch r.IntN(4) {
	case 0:
		chosen = func(*hopper) bool { return true }
		err = m.io.Emit(name)
	case 1:
		chosen = func(h *hopper) bool { return h.red }
		err = m.io.To("red").Emit(name)
	case 2:
		chosen = func(h *hopper) bool { return !h.red }
		err = m.io.Except("red").Emit(name)
	default:
		chosen = func(h *hopper) bool { return h == one }
		err = m.io.To(one.id).Emit(name)
	}
	require.NoError(c.T, err)
	for _, h := range hoppers {
		if chosen(h) {
			h.want = append(h.want, name)
		}
	}
}

// Clients go from server to server while all servers emit and none is up to date. Each gets each of
// its events once and in order, whichever server is behind.
func TestHoppersMissNothing(t *testing.T) {
	seeds := 60
	if testing.Short() {
		seeds = 15
	}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			hopAround(t, rand.New(rand.NewPCG(seed, 1)))
		})
	}
}

func hopAround(t *testing.T, r *rand.Rand) {
	c := newMemoryCluster(t, 3)
	anyServer := func() *member { return c.members[r.IntN(len(c.members))] }
	hoppers := []*hopper{{cluster: c}, {cluster: c}, {cluster: c}}
	for i, h := range hoppers {
		h.arrive(c.members[i])
	}
	require.NoError(t, c.members[0].io.Emit("first"))
	for _, h := range hoppers { // a client without an offset is not recovered
		h.want = append(h.want, "first")
		h.at.deliver(1)
		h.sync(allEvents)
	}
	for range 100 {
		h := hoppers[r.IntN(len(hoppers))]
		switch n := r.IntN(10); {
		case n < 4:
			emit(c, anyServer(), hoppers, r)
		case n < 6:
			anyServer().deliver(1 + r.IntN(4))
		case h.at == nil:
			h.arrive(anyServer())
		case n == 6:
			h.joinRed()
		case n == 7:
			h.sync(r.IntN(4)) // it leaves some unread
			h.leave()
		default:
			h.leave()
		}
	}
	for _, m := range c.members {
		m.deliver(allEvents)
	}
	for _, h := range hoppers {
		if h.at == nil {
			h.arrive(anyServer())
		}
		h.sync(allEvents)
		assert.Equal(t, h.want, h.got)
	}
}

// A client was in the room on the server that it has left, but not yet when the packets were sent
// that its new server, which is behind, delivers only now.
func TestAServerThatIsBehindKnowsWhenAClientJoined(t *testing.T) {
	c := newMemoryCluster(t, 2)
	fast, slow := c.members[0], c.members[1]
	h := &hopper{cluster: c}
	h.arrive(fast)
	require.NoError(t, fast.io.Emit("first"))
	fast.deliver(1)
	h.sync(allEvents)
	require.NoError(t, fast.io.To("red").Emit("before it joined"))
	require.NoError(t, slow.io.To("red").Emit("before it joined, of the slow server"))
	require.NoError(t, slow.io.Except("red").Emit("for all others"))
	fast.deliver(3)
	h.at.io.Socket(h.id).Join("red")
	h.leave() // "for all others" is unread

	h.arrive(slow)
	slow.deliver(4)
	require.NoError(t, slow.io.To("red").Emit("now"))
	require.NoError(t, slow.io.Except("red").Emit("now for all others"))
	slow.deliver(2)
	h.sync(allEvents)
	assert.Equal(t, []string{"first", "for all others", "now"}, h.got)
}

// A socket that joins the room of its own id in a middleware is let in.
func TestASocketJoinsItsOwnRoom(t *testing.T) {
	io, url := serve(t, sio.Config{Recovery: &sio.Recovery{}})
	io.Use(func(s *sio.Socket) error { s.Join(s.ID()); return nil })
	p := dial(t, url)
	p.write("40")
	sid := connected.FindStringSubmatch(p.read())
	require.NotNil(t, sid)
	assert.Equal(t, []string{sid[1]}, io.Socket(sid[1]).Rooms())
	infos, err := io.FetchSockets(context.Background())
	require.NoError(t, err)
	require.Len(t, infos, 1)
	assert.False(t, slices.Contains(infos[0].Rooms[1:], sid[1]))
}
