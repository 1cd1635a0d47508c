package sio

import (
	"cmp"
	"crypto/rand"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/siopacket"
)

// Recovery configures connection state recovery: a client that reconnects after a short
// disconnection keeps its id, rooms and data, and receives each missed event once and in order. The
// zero value has the official defaults. A client that reconnects to another server starts a new
// session, unless the adapter shares the recovery (see SessionStore). So does a client that has
// received no event in its namespace.
//
// The replay begins after the last event that the client reports as received, and never before the
// client joined. An event to a room is replayed only if the socket was in the room both when the
// event was sent and when the connection ended.
//
// As with the official server, an event without an acknowledgement has an additional last argument:
// its offset, a string. A client's handler with variadic parameters or Args receives it, too.
type Recovery struct {
	// MaxDisconnection is the time within which a client must reconnect. Default 2 min.
	MaxDisconnection time.Duration

	// MaxPackets bounds the packets that each namespace stores. A client that missed more starts a
	// new session. Default 10,000.
	MaxPackets int

	// MaxBytes bounds the arguments of the packets that each namespace stores, in bytes: JSON and
	// attachments. The oldest packets are dropped first. Default 32 MiB. It is at most half of
	// engineio.Config.MaxQueue, through which they are replayed.
	MaxBytes int

	// MaxSessions bounds the disconnected clients whose ids, rooms and data each namespace stores.
	// The oldest is dropped first. Default 100,000.
	MaxSessions int

	// RunMiddlewares runs the middlewares for a recovered client too.
	RunMiddlewares bool
}

// recoverable lists the reasons after which a client may recover its state: all except a deliberate
// disconnection by either side.
var recoverable = []Reason{TransportError, TransportClose, ForcedClose, PingTimeout,
	ServerShuttingDown, ForcedServerClose}

// recovery is a socket's state for connection state recovery. pid, recovered and unchecked never
// change; the adapter's mu guards the other fields.
type recovery struct {
	pid       string // the secret with which the client asks for the state
	recovered bool
	unchecked bool // the state does not say which namespace it belongs to, so middlewares decide

	after   Offset       // the last packet that the client received, or the last before it joined
	claimed *keptSession // the state that the socket claims, until it joins or is refused
	kept    *keptSession // the state that was stored when the socket ended
	fetched []pastPacket // from the store, up to reached: this server no longer remembers them
	reached Offset
}

// history stores packets and sessions for disconnected clients. Its methods are called with the
// adapter's mu held.
type history struct {
	config Recovery
	store  SessionStore // nil unless the servers of a cluster share the history
	// prefix of offsets without store, so that a string from a client is not mistaken for one
	epoch     string
	last      Offset // of the newest packet; without store, Seq counts all packets
	forgotten Offset // of the newest packet that was dropped
	bytes     int    // of the stored packets
	packets   []pastPacket
	kept      map[string]*keptSession // by pid
	oldest    []*keptSession          // in the order in which they were kept

	mu    *sync.Mutex // the adapter's, for the timer
	timer *time.Timer // drops what is too old
	timed bool        // the timer is running: while anything is stored
	idle  func()      // called without mu when the timer finds no stored session
}

// pastPacket is a packet that was sent with its offset.
type pastPacket struct {
	offset   Offset
	messages []*engineio.Message
	to       Selection
	bytes    int
	at       time.Time
}

// keptSession is the state of a disconnected client.
type keptSession struct {
	id, pid string
	token   string // tells this state from an earlier one of the same pid
	taken   bool   // claimed by a client that has reconnected, and may still be refused
	rooms   rooms  // without the id
	data    map[string]any
	after   Offset
	at      time.Time
}

// newHistory returns an empty history. A replay goes through a session's queue, which maxQueue
// bounds: see engineio.Config.MaxQueue.
func newHistory(config Recovery, maxQueue int, mu *sync.Mutex, idle func()) *history {
	maxQueue = cmp.Or(maxQueue, 64<<20)
	config.MaxDisconnection = cmp.Or(config.MaxDisconnection, 2*time.Minute)
	config.MaxPackets = min(cmp.Or(config.MaxPackets, 10_000), maxQueue/4/64)
	config.MaxBytes = min(cmp.Or(config.MaxBytes, 32<<20), maxQueue/2)
	config.MaxSessions = cmp.Or(config.MaxSessions, 100_000)
	return &history{config: config, epoch: rand.Text()[:8], kept: map[string]*keptSession{}, mu: mu,
		idle: idle}
}

// next returns the offset of the next packet, without store.
func (h *history) next() Offset { return Offset{Seq: h.last.Seq + 1} }

// text formats an offset for clients.
func (h *history) text(o Offset) string {
	if h.store != nil {
		return o.String()
	}
	return h.epoch + strconv.FormatUint(o.Seq-1, 36)
}

// parse parses the result of text.
func (h *history) parse(text string) (o Offset, ok bool) {
	if h.store != nil {
		return ParseOffset(text)
	}
	number, ours := strings.CutPrefix(text, h.epoch)
	n, err := strconv.ParseUint(number, 36, 63)
	return Offset{Seq: n + 1}, ours && err == nil
}

// withOffset appends a packet's offset to its arguments.
func withOffset(data []byte, offset string) []byte {
	return append(slices.Clone(data[:len(data)-1]), `,"`+offset+`"]`...)
}

// add stores a packet.
func (h *history) add(offset Offset, messages []*engineio.Message, to Selection, bytes int) {
	h.last = offset
	h.bytes += bytes
	h.packets = append(h.packets, pastPacket{offset, messages, to, bytes, time.Now()})
	h.prune()
}

// prune drops packets and sessions beyond the limits, and starts the timer for the rest.
func (h *history) prune() {
	limit := time.Now().Add(-h.config.MaxDisconnection)
	n := 0
	for n < len(h.packets) && (len(h.packets)-n > h.config.MaxPackets ||
		h.bytes > h.config.MaxBytes || !h.packets[n].at.After(limit)) {
		h.bytes -= h.packets[n].bytes
		h.forgotten = h.packets[n].offset
		h.packets[n] = pastPacket{}
		n++
	}
	h.packets = h.packets[n:]
	for len(h.oldest) > 0 && (len(h.kept) > h.config.MaxSessions || !h.oldest[0].at.After(limit)) {
		if k := h.oldest[0]; h.kept[k.pid] == k {
			delete(h.kept, k.pid)
		}
		h.oldest[0] = nil
		h.oldest = h.oldest[1:]
	}
	if h.timed || len(h.packets)+len(h.oldest) == 0 {
		return
	}
	h.timed = true
	if h.timer != nil {
		h.timer.Reset(h.config.MaxDisconnection)
		return
	}
	h.timer = time.AfterFunc(h.config.MaxDisconnection, func() {
		h.mu.Lock()
		h.timed = false
		h.prune()
		idle := len(h.kept) == 0
		h.mu.Unlock()
		if idle {
			h.idle()
		}
	})
}

// keep stores the state of a socket that has lost its connection.
func (h *history) keep(s *Socket) *keptSession {
	k := &keptSession{id: s.id, pid: s.recovery.pid, rooms: s.rooms.clone(), data: s.Data(),
		after: s.recovery.after, at: time.Now()}
	if h.store != nil {
		k.token = newID()
	}
	s.recovery.kept = k
	h.kept[k.pid] = k
	h.oldest = append(h.oldest, k)
	h.prune()
	return k
}

// remembers reports whether the socket's stored state can still be claimed, so that its client may
// receive a packet later.
func (h *history) remembers(s *Socket) bool {
	h.prune()
	k := s.recovery.kept
	return k != nil && h.kept[k.pid] == k
}

// claim claims the session of that pid, whose client has received all packets up to the offset. It
// returns nil if the session or a missed packet was dropped. A client can send any offset: one
// earlier than the start of its session is raised to that.
func (h *history) claim(pid, offset string) *recovery {
	h.prune()
	k := h.kept[pid]
	has, ours := h.parse(offset)
	if k == nil || k.taken || !ours || h.last.Before(has) {
		return nil
	}
	after := later(has, k.after)
	if after.Before(h.forgotten) {
		return nil
	}
	k.taken = true
	return &recovery{pid: pid, recovered: true, after: after, claimed: k}
}

// join returns the packets that a socket has missed, and drops the claimed state. ok is false if
// some of the packets were dropped meanwhile.
func (h *history) join(s *Socket) (missed []*engineio.Message, ok bool) {
	r := s.recovery
	k := r.claimed
	if k == nil {
		r.after = h.last
		return nil, true
	}
	has := later(r.after, r.reached)
	if has.Before(h.forgotten) {
		return nil, false
	}
	remembered := sort.Search(len(h.packets), func(i int) bool {
		return has.Before(h.packets[i].offset)
	})
	for _, past := range append(slices.Clip(r.fetched), h.packets[remembered:]...) {
		if k.rooms.had(past.to, k.id, past.offset) {
			missed = append(missed, past.messages...)
		}
	}
	if h.store != nil || h.kept[k.pid] == k {
		delete(h.kept, k.pid)
	}
	k.rooms, k.data, r.claimed, r.fetched = rooms{}, nil, nil, nil // oldest holds k for some time
	return missed, true
}

// claim gives a new socket the state that its CONNECT payload asks for, or a new pid if that state
// does not exist. The socket's data and rooms are copies, because it may be refused. With a store,
// which may block, reclaim does this later.
func (a *MemoryAdapter) claim(s *Socket) {
	if pid, offset := s.session(); pid != "" && a.history.store == nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		if r := a.history.claim(pid, offset); r != nil {
			s.restore(r)
			return
		}
	}
	s.recovery = &recovery{pid: newID()}
}

// session returns the pid and the offset in a client's CONNECT payload.
func (s *Socket) session() (pid, offset string) {
	var back struct {
		PID    string `json:"pid"`
		Offset string `json:"offset"`
	}
	if len(s.auth) == 0 || siopacket.Unmarshal(s.auth, nil, &back) != nil {
		return "", ""
	}
	return back.PID, back.Offset
}

// restore gives the socket the state that r has claimed.
func (s *Socket) restore(r *recovery) {
	k := r.claimed
	s.id, s.data, s.rooms, s.recovery = k.id, maps.Clone(k.data), k.rooms.clone(), r
}

// unclaim returns the claimed state of a socket that did not join. The state keeps its age.
func (a *MemoryAdapter) unclaim(s *Socket) {
	a.mu.Lock()
	var k *keptSession
	if s.recovery != nil && s.recovery.claimed != nil {
		k = s.recovery.claimed
		k.taken, s.recovery.claimed = false, nil
	}
	a.mu.Unlock()
	a.share(k)
}
