package sio

import (
	"crypto/rand"
	"slices"
	"strconv"
	"strings"
	"time"

	"realtimelab/lessons/socketio/siopacket"
)

// Recovery configures connection state recovery: a client that comes back
// after a short absence keeps its id, rooms and data, and receives what it
// missed, once and in order. The zero value is the official defaults.
type Recovery struct {
	// MaxDisconnection is how long a client may be away. Default 2 min.
	MaxDisconnection time.Duration

	// MaxPackets bounds what each namespace remembers. A client that missed
	// more is not recovered. Default 10,000.
	MaxPackets int

	// RunMiddlewares runs the middlewares for a recovered client too.
	RunMiddlewares bool
}

func (r Recovery) withDefaults() Recovery {
	if r.MaxDisconnection == 0 {
		r.MaxDisconnection = 2 * time.Minute
	}
	if r.MaxPackets == 0 {
		r.MaxPackets = 10_000
	}
	return r
}

// recoverable are the reasons after which a client may come back for its
// state: all but those by which either side has said goodbye.
var recoverable = []Reason{TransportError, TransportClose, ForcedClose, PingTimeout, ServerShuttingDown, ForcedServerClose}

// history is what a namespace remembers for clients that are away. Its methods
// are called with the adapter's mu held.
type history struct {
	config  Recovery
	epoch   string // starts each offset, so that no client's text is taken for one
	count   uint64 // of all packets ever added
	packets []pastPacket
	kept    map[string]*keptSession // by pid
	oldest  []*keptSession          // in the order they were kept
}

// pastPacket is number count-len(packets)+i. Its offset is on the wire.
type pastPacket struct {
	packet siopacket.Packet
	to     Selection
	at     time.Time
}

// keptSession is a socket's state. Of a new socket, only pid is set.
type keptSession struct {
	id, pid string
	rooms   []string // without the id; not nil if recovered
	data    map[string]any
	offset  uint64 // the next packet to be replayed
	at      time.Time
}

func newHistory(config Recovery) *history {
	return &history{config: config.withDefaults(), epoch: rand.Text()[:8], kept: map[string]*keptSession{}}
}

// add remembers a packet, and returns its data with the offset as one more
// argument at the end.
func (h *history) add(p siopacket.Packet, to Selection) []byte {
	h.prune(1)
	p.Data = append(slices.Clone(p.Data[:len(p.Data)-1]), `,"`+h.epoch+strconv.FormatUint(h.count, 36)+`"]`...)
	h.count++
	h.packets = append(h.packets, pastPacket{p, to, time.Now()})
	return p.Data
}

// prune forgets what is too old, or too much with so many more.
func (h *history) prune(more int) {
	limit := time.Now().Add(-h.config.MaxDisconnection)
	n := max(0, len(h.packets)+more-h.config.MaxPackets)
	for n < len(h.packets) && h.packets[n].at.Before(limit) {
		n++
	}
	clear(h.packets[:n])
	h.packets = h.packets[n:]
	for len(h.oldest) > 0 && h.oldest[0].at.Before(limit) {
		h.forget(h.oldest[0])
		h.oldest = h.oldest[1:]
	}
}

func (h *history) forget(k *keptSession) {
	if h.kept[k.pid] == k {
		delete(h.kept, k.pid)
	}
}

// keep remembers a socket that has lost its connection.
func (h *history) keep(s *Socket) {
	h.prune(0)
	k := &keptSession{id: s.id, pid: s.recovery.pid, rooms: append([]string{}, s.rooms...), data: s.Data(), at: time.Now()}
	h.kept[k.pid] = k
	h.oldest = append(h.oldest, k)
}

// putBack undoes a claim. The session is as old as it was, and has kept its place in
// oldest, unless it is too old by now.
func (h *history) putBack(k *keptSession) {
	if !k.at.Before(time.Now().Add(-h.config.MaxDisconnection)) {
		h.kept[k.pid] = k
	}
}

// claim takes out the session that a CONNECT payload names, if what it has
// missed is still known; nil if not.
func (h *history) claim(auth siopacket.Value) *keptSession {
	var back struct {
		PID    string `json:"pid"`
		Offset string `json:"offset"`
	}
	if siopacket.Unmarshal(auth, nil, &back) != nil {
		return nil
	}
	h.prune(0)
	k := h.kept[back.PID]
	number, ours := strings.CutPrefix(back.Offset, h.epoch)
	offset, err := strconv.ParseUint(number, 36, 64)
	if k == nil || !ours || err != nil || !h.knows(offset) {
		return nil
	}
	h.forget(k)
	k.offset = offset + 1
	return k
}

// knows reports whether the packet with that offset is remembered.
func (h *history) knows(offset uint64) bool {
	return offset < h.count && h.count-offset <= uint64(len(h.packets))
}

// since lists what the session has missed; ok is false if some of it is
// forgotten by now.
func (h *history) since(k *keptSession) (missed []siopacket.Packet, ok bool) {
	if !h.knows(k.offset - 1) {
		return nil, false
	}
	first := h.count - uint64(len(h.packets))
	for _, past := range h.packets[k.offset-first:] {
		if k.in(past.to) {
			missed = append(missed, past.packet)
		}
	}
	return missed, true
}

// in reports whether the session was in the selection.
func (k *keptSession) in(to Selection) bool {
	in := func(room string) bool { return room == k.id || slices.Contains(k.rooms, room) }
	return (len(to.Rooms) == 0 || slices.ContainsFunc(to.Rooms, in)) && !slices.ContainsFunc(to.Except, in)
}
