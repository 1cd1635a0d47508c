package sio

import (
	"cmp"
	"crypto/rand"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/siopacket"
)

// Recovery configures connection state recovery: a client that comes back after a short absence
// keeps its id, rooms and data, and receives what it missed, once and in order. The zero value is
// the official defaults. Recovery is of one server: a client that comes back to another one starts
// again, and so does one that has received no event in its namespace.
//
// The replay begins behind the last event that the client says it has received, and never before
// the client joined. An event to a room is replayed only if the socket was in the room when the
// event was sent, and still is when the connection ends.
//
// As with the official server, an event that asks for no acknowledgement carries a string behind its
// arguments, the offset. A handler with variadic parameters or Args in the client receives it, too.
type Recovery struct {
	// MaxDisconnection is how long a client may be away. Default 2 min.
	MaxDisconnection time.Duration

	// MaxPackets bounds the packets that each namespace remembers. A client that missed more is not
	// recovered. Default 10,000.
	MaxPackets int

	// MaxBytes bounds the arguments of the packets that each namespace remembers, in bytes: JSON and
	// attachments. The oldest packets are forgotten first. Default 32 MiB. It is at most half of
	// engineio.Config.MaxQueue, through which they are replayed.
	MaxBytes int

	// MaxSessions bounds the clients that are away and whose ids, rooms and data each namespace
	// keeps. The one that left first is forgotten first. Default 100,000.
	MaxSessions int

	// RunMiddlewares runs the middlewares for a recovered client too.
	RunMiddlewares bool
}

// recoverable are the reasons after which a client may come back for its state: all except those by
// which either side has left on purpose.
var recoverable = []Reason{TransportError, TransportClose, ForcedClose, PingTimeout, ServerShuttingDown, ForcedServerClose}

// recovery is a socket's part in connection state recovery. pid and recovered never change; the
// adapter's mu guards the rest.
type recovery struct {
	pid       string // names the state to the client
	recovered bool
	from      uint64       // the number of the first packet that the client may miss
	claimed   *keptSession // the state that the socket came back for, until it joins or is refused
	kept      *keptSession // the state that was kept at the socket's end
}

// history remembers packets and sessions for clients that are away. Its methods are called with the
// adapter's mu held.
type history struct {
	config  Recovery
	epoch   string // starts each offset, so that no client's text is taken for one
	count   uint64 // of all packets ever added
	bytes   int    // of the packets remembered
	packets []pastPacket
	kept    map[string]*keptSession // by pid
	oldest  []*keptSession          // in the order in which they were kept

	mu    *sync.Mutex // the adapter's, for the timer
	timer *time.Timer // forgets what is too old
	timed bool        // the timer runs, which it does while anything is remembered
	idle  func()      // called without mu when the timer finds that no session is kept
}

// pastPacket is number count-len(packets)+i. Its offset is on the wire.
type pastPacket struct {
	messages []*engineio.Message
	to       Selection
	bytes    int
	at       time.Time
}

// keptSession is the state of a client that is away.
type keptSession struct {
	id, pid string
	taken   bool  // by a client that has come back, and may still be refused
	rooms   rooms // without the id
	data    map[string]any
	from    uint64
	at      time.Time
}

// newHistory makes a history. What is replayed goes through a session's queue, of which maxQueue is the
// bound: see engineio.Config.MaxQueue.
func newHistory(config Recovery, maxQueue int, mu *sync.Mutex, idle func()) *history {
	maxQueue = cmp.Or(maxQueue, 64<<20)
	config.MaxDisconnection = cmp.Or(config.MaxDisconnection, 2*time.Minute)
	config.MaxPackets = min(cmp.Or(config.MaxPackets, 10_000), maxQueue/4/64)
	config.MaxBytes = min(cmp.Or(config.MaxBytes, 32<<20), maxQueue/2)
	config.MaxSessions = cmp.Or(config.MaxSessions, 100_000)
	return &history{config: config, epoch: rand.Text()[:8], kept: map[string]*keptSession{}, mu: mu, idle: idle}
}

// add remembers a packet, whose offset is count.
func (h *history) add(messages []*engineio.Message, to Selection, bytes int) {
	h.count++
	h.bytes += bytes
	h.packets = append(h.packets, pastPacket{messages, to, bytes, time.Now()})
	h.prune()
}

// prune forgets what is too old or too much, and starts the timer for the rest.
func (h *history) prune() {
	limit := time.Now().Add(-h.config.MaxDisconnection)
	n := 0
	for n < len(h.packets) && (len(h.packets)-n > h.config.MaxPackets || h.bytes > h.config.MaxBytes || !h.packets[n].at.After(limit)) {
		h.bytes -= h.packets[n].bytes
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

// keep remembers a socket that has lost its connection.
func (h *history) keep(s *Socket) {
	k := &keptSession{id: s.id, pid: s.recovery.pid, rooms: s.rooms.clone(), data: s.Data(), from: s.recovery.from, at: time.Now()}
	s.recovery.kept = k
	h.kept[k.pid] = k
	h.oldest = append(h.oldest, k)
	h.prune()
}

// remembers reports whether the state that was kept for the socket can still be claimed, so that a
// packet to it may find its client.
func (h *history) remembers(s *Socket) bool {
	h.prune()
	k := s.recovery.kept
	return k != nil && h.kept[k.pid] == k
}

// claim takes the session of that pid, which has received all up to the offset. It returns nil if
// the session or a packet that it has missed is forgotten. A client can name any offset: an earlier
// one than its session's is raised to that.
func (h *history) claim(pid, offset string) *recovery {
	h.prune()
	k := h.kept[pid]
	number, ours := strings.CutPrefix(offset, h.epoch)
	last, err := strconv.ParseUint(number, 36, 64)
	if k == nil || k.taken || !ours || err != nil || last >= h.count {
		return nil
	}
	from := max(last+1, k.from)
	if h.count-from > uint64(len(h.packets)) {
		return nil
	}
	k.taken = true
	return &recovery{pid: pid, recovered: true, from: from, claimed: k}
}

// join gives a socket what it has missed, and forgets the state that it has claimed. ok is false if
// some of the packets are forgotten by now.
func (h *history) join(s *Socket) (missed []*engineio.Message, ok bool) {
	k, first := s.recovery.claimed, h.count-uint64(len(h.packets))
	if k == nil {
		s.recovery.from = h.count
		return nil, true
	}
	if s.recovery.from < first {
		return nil, false
	}
	for i, past := range h.packets[s.recovery.from-first:] {
		in := func(room string) bool {
			joined, in := k.rooms.joined[room]
			return room == k.id || in && joined.from <= s.recovery.from+uint64(i)
		}
		to := past.to
		if (len(to.Rooms) == 0 || slices.ContainsFunc(to.Rooms, in)) && !slices.ContainsFunc(to.Except, in) {
			missed = append(missed, past.messages...)
		}
	}
	if h.kept[k.pid] == k {
		delete(h.kept, k.pid)
	}
	k.rooms, k.data, s.recovery.claimed = rooms{}, nil, nil // oldest holds k for some time
	return missed, true
}

// claim gives a new socket the state that its CONNECT payload asks for, or a pid of its own if the
// state is forgotten. The socket's data and rooms are copies, because it may be refused.
func (a *MemoryAdapter) claim(s *Socket) {
	var back struct {
		PID    string `json:"pid"`
		Offset string `json:"offset"`
	}
	if len(s.auth) > 0 && siopacket.Unmarshal(s.auth, nil, &back) == nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		if s.recovery = a.history.claim(back.PID, back.Offset); s.recovery != nil {
			k := s.recovery.claimed
			s.id, s.data, s.rooms = k.id, maps.Clone(k.data), k.rooms.clone()
			return
		}
	}
	s.recovery = &recovery{pid: newID()}
}

// unclaim gives back what a socket has claimed that then did not join. The state is as old as it
// was.
func (a *MemoryAdapter) unclaim(s *Socket) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.recovery != nil && s.recovery.claimed != nil {
		s.recovery.claimed.taken, s.recovery.claimed = false, nil
	}
}
