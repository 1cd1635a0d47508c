package sioredis

import (
	"context"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
	"unicode/utf16"

	"github.com/redis/go-redis/v9"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siopacket"
)

// Streams configures the adapter that keeps broadcasts in a Redis stream. After an outage of Redis,
// servers resume reading where they stopped. With sio.Config.Recovery, a client may recover its
// session on any server of the cluster. It is the official @socket.io/redis-streams-adapter, from
// version 0.3 on.
type Streams struct {
	// Name is the name of the stream. If Count is greater than 1, it is the prefix of the streams'
	// names. Default "socket.io".
	Name string

	// Count is the number of streams, over which the namespaces are spread. Default 1.
	Count int

	// Sharded uses the sharded Pub/Sub of Redis 7 for requests and responses.
	Sharded bool

	// MaxLen bounds the entries of a stream, roughly. A client that missed more entries starts a
	// new session, and a server that falls further behind misses entries. Default 10,000.
	MaxLen int64

	// ReadCount is the number of entries that a server reads at once. Default 100.
	ReadCount int

	// Block is the time that a read waits for entries before it is repeated. Default 5 s.
	Block time.Duration

	// SessionPrefix is the prefix of the keys of disconnected clients' sessions. Default
	// "sio:session:".
	SessionPrefix string
}

func (s Streams) withDefaults() *Streams {
	if s.Name == "" {
		s.Name = "socket.io"
	}
	if s.Count == 0 {
		s.Count = 1
	}
	if s.MaxLen == 0 {
		s.MaxLen = 10_000
	}
	if s.ReadCount == 0 {
		s.ReadCount = 100
	}
	if s.Block == 0 {
		s.Block = 5 * time.Second
	}
	if s.SessionPrefix == "" {
		s.SessionPrefix = "sio:session:"
	}
	return &s
}

// stream returns the stream of a namespace.
func (s Streams) stream(namespace string) string {
	if s.Count == 1 {
		return s.Name
	}
	var hash int32 // the official adapter's, which may be negative
	for _, unit := range utf16.Encode([]rune(namespace)) {
		hash = hash*31 + int32(unit)
	}
	return s.Name + "-" + strconv.Itoa(int(hash)%s.Count)
}

// streamsWire is the format of the official streams adapter. Broadcasts and changes to sockets must
// not get lost, so they are entries of the stream. The rest goes through Pub/Sub, always as
// MessagePack:
//
//	socket.io               the stream, for all namespaces: uid, nsp, type and data of a clusterMessage
//	socket.io#/chat#        requests, and broadcasts that want acknowledgements
//	socket.io#/chat#UID#    responses for the server UID
type streamsWire struct {
	namespace, uid string
	public         string
	stream         string
	maxLen         int64
	sharded        bool
}

func newStreamsWire(c Config, namespace, uid string) streamsWire {
	return streamsWire{namespace, uid, c.Key + "#" + namespace + "#", c.Streams.stream(namespace),
		c.Streams.MaxLen, c.Streams.Sharded}
}

func (w streamsWire) start() subscriptions {
	names := []string{w.public, w.own()}
	if w.sharded {
		return subscriptions{sharded: names}
	}
	return subscriptions{channels: names}
}

func (w streamsWire) own() string { return w.public + w.uid + "#" }

func (w streamsWire) servers() (channel string, sharded bool) { return w.public, w.sharded }

func (w streamsWire) broadcast(m message) (job, error) {
	c, err := clusterOfMessage(m)
	if err != nil {
		return job{}, err
	}
	return w.entry(c)
}

func (w streamsWire) request(r request) (job, error) {
	c, err := clusterOfRequest(r)
	if err != nil {
		return job{}, err
	}
	switch r.Kind {
	case remoteJoin, remoteLeave, remoteDisconn:
		return w.entry(c)
	}
	j, err := w.send(w.public, c)
	j.heard = true
	return j, err
}

func (w streamsWire) respond(to request, r response) (job, error) {
	c, err := clusterOfResponse(to, r)
	if err != nil {
		return job{}, err
	}
	return w.send(w.public+to.UID+"#", c)
}

func (w streamsWire) entry(m clusterMessage) (job, error) {
	data, err := m.entryData()
	return job{kind: add, channel: w.stream, entry: entry{uid: w.uid, namespace: w.namespace,
		kind: m.Type, data: data}, maxLen: w.maxLen}, err
}

func (w streamsWire) send(channel string, m clusterMessage) (job, error) {
	m.UID, m.Name = w.uid, w.namespace
	wire, err := m.encodeMsgpack()
	j := job{kind: publish, channel: channel, message: wire}
	if w.sharded {
		j.kind = spublish
	}
	return j, err
}

func (w streamsWire) urgent(m *redis.Message) bool { return m.Channel == w.own() }

func (w streamsWire) read(m *redis.Message) (any, error) {
	c, err := parseCluster([]byte(m.Payload))
	if err != nil || c.UID == w.uid || c.Name != "" && c.Name != w.namespace {
		return nil, err
	}
	return c.meaning(w.namespace)
}

// entry is one entry of a stream.
type entry struct {
	id             sio.Offset // set by Redis
	uid, namespace string
	kind           clusterType
	data           string
}

// size returns roughly the memory that the entry occupies.
func (e entry) size() int { return len(e.uid) + len(e.namespace) + len(e.data) }

// same reports whether two entries are equal except for their ids.
func (e entry) same(f entry) bool { return e.uid == f.uid && e.kind == f.kind && e.data == f.data }

// fields returns the entry's fields and values for XADD.
func (e entry) fields() []any {
	return []any{"uid", e.uid, "nsp", e.namespace, "type", strconv.Itoa(int(e.kind)),
		"data", e.data}
}

// parseEntry parses the fields of an entry, but not its data.
func parseEntry(m redis.XMessage) (e entry, err error) {
	text := func(name string) string {
		value, _ := m.Values[name].(string)
		return value
	}
	e.uid, e.namespace, e.data = text("uid"), text("nsp"), text("data")
	number, err := strconv.Atoi(text("type"))
	e.kind = clusterType(number)
	id, ok := sio.ParseOffset(m.ID)
	e.id = id
	if err != nil || !ok {
		err = errNotEntry
	}
	return e, err
}

// meaning returns a message, a request or a response, as clusterMessage.meaning does.
func (e entry) meaning() (any, error) {
	m := clusterMessage{UID: e.uid, Name: e.namespace, Type: e.kind}
	if err := m.parseEntryData(e.data); err != nil {
		return nil, err
	}
	return m.meaning(e.namespace)
}

// waiting is a broadcast that is held until its entry arrives from the stream.
type waiting struct {
	entry  entry
	id     *atomic.Value // a string: the entry's id, once Redis has taken it
	held   *sio.Held
	packet siopacket.Packet
	to     sio.Selection
	flags  sio.Flags
}

// takeEntry handles an entry of the stream. Entries arrive in the stream's order.
func (a *adapter) takeEntry(e entry) {
	if e.uid == a.uid {
		w, before, mine := a.arrived(e)
		for _, b := range before {
			b.held.Release() // Redis has lost it
		}
		if mine {
			a.local.Deliver(w.packet, w.to, w.flags, e.id, w.held)
		}
		return // the other kinds were applied when they were sent
	}
	v, err := e.meaning()
	if err != nil {
		a.refused(err)
		return
	}
	switch v := v.(type) {
	case message:
		if flags := v.opts.flags(); a.shared && !flags.Volatile {
			a.local.Deliver(v.packet, v.opts.selection(), flags, e.id, nil)
		} else {
			a.local.Broadcast(v.packet, v.opts.selection(), flags)
		}
	case request:
		a.answer(v)
	case response:
		a.receiveResponse(v)
	}
}

// hold enqueues a broadcast. This server's clients receive it when its entry arrives from the
// stream, with the entry's id as the offset.
func (a *adapter) hold(j job, w waiting) {
	w.entry, w.id = j.entry, &atomic.Value{}
	j.taken = func(id string) { w.id.Store(id) }
	if !a.enqueueHeld(&j, &w) {
		j.lost()
	}
}

func (a *adapter) enqueueHeld(j *job, w *waiting) (queued bool) {
	a.holding.Lock()
	defer a.holding.Unlock() // held, waiting and the link's queue have the same order
	w.held = a.local.Hold(w.packet, w.to, w.flags)
	held := w.held
	j.lost = func() {
		if a.forget(held) {
			held.Release()
		}
	}
	a.mu.Lock()
	a.waiting = append(a.waiting, *w)
	a.mu.Unlock()
	return a.link.put(*j)
}

// arrived removes and returns the first waiting broadcast that equals the entry, and the broadcasts
// before it. Entries arrive in order, so Redis has lost the earlier ones in a crash.
func (a *adapter) arrived(e entry) (w waiting, before []waiting, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.waiting, func(w waiting) bool { return w.entry.same(e) })
	if i < 0 {
		return waiting{}, nil, false
	}
	w, before = a.waiting[i], slices.Clone(a.waiting[:i])
	a.waiting = slices.Delete(a.waiting, 0, i+1)
	return w, before, true
}

// forget removes a lost broadcast from the waiting ones. It returns false if the broadcast has
// arrived after all.
func (a *adapter) forget(held *sio.Held) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.waiting, func(w waiting) bool { return w.held == held })
	if i >= 0 {
		a.waiting = slices.Delete(a.waiting, i, i+1)
	}
	return i >= 0
}

// lose releases the broadcasts that Redis confirmed and then lost in a crash: their entries are no
// longer in the stream. The reader calls it at the start and after an error.
func (a *adapter) lose(ctx context.Context, client *redis.Client) error {
	a.mu.Lock()
	waits := slices.Clone(a.waiting)
	a.mu.Unlock()
	for _, w := range waits {
		id, taken := w.id.Load().(string)
		if !taken {
			continue
		}
		found, err := client.XRangeN(ctx, a.config.Streams.stream(w.entry.namespace), id, id,
			1).Result()
		if err != nil {
			return err
		}
		if len(found) == 0 && a.forget(w.held) {
			w.held.Release()
		}
	}
	return nil
}
