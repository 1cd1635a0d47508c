package sio

import (
	"errors"
	"log/slog"
	"slices"
	"time"

	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/siopacket"
)

// SessionStore is the part of an Adapter that shares connection state recovery between the servers
// of a cluster, so that a client may recover on any of them. The cluster gives an Offset to every
// packet that clients can miss, in one order for all servers. It stores the newest packets and the
// sessions of disconnected clients. An Adapter passes its store to MemoryAdapter.ShareRecovery, and
// packets with their offsets to MemoryAdapter.Deliver.
//
// The methods may be called from any goroutine. This package holds no lock when it calls them.
type SessionStore interface {
	// Keep stores a session for the duration d. It does not wait for other servers. It may call
	// methods of the values in Data, but must not change them.
	Keep(s Session, d time.Duration)

	// Take returns and removes the session of that pid, so that only one server gets it. The error
	// is ErrNoSession, or says why the store cannot answer. Take must return in bounded time,
	// because a client waits for the answer to its CONNECT.
	Take(pid string) (Session, error)

	// Since returns the packets of the namespace after one offset and up to another, in order,
	// except volatile ones. It fails if one of them may have been dropped, or if they have more
	// bytes than the last argument.
	Since(after, until Offset, bytes int) ([]PastPacket, error)
}

// Session is the state of a disconnected client.
type Session struct {
	ID        string         // the socket's id
	PID       string         // the secret with which the client asks for the state
	Namespace string         // empty if the server that stored the session does not say
	Token     string         // new each time that a session of this pid is stored
	Rooms     []SessionRoom  // without the socket's id, in the order of joining
	Data      map[string]any // the values of Set
	After     Offset         // the client may have missed packets after this one
}

// SessionRoom is a room of a Session.
type SessionRoom struct {
	Name  string // the argument of Socket.Join
	After Offset // the last packet before the socket joined
}

// PastPacket is a broadcast that a client may have missed.
type PastPacket struct {
	Offset Offset           // its position in the namespace's order
	Packet siopacket.Packet // an Event, without its offset among the arguments
	To     Selection        // the recipients
	Flags  Flags            // how it was sent
}

// ErrNoSession says that a SessionStore has no session for a pid.
var ErrNoSession = errors.New("sio: no such session")

// ShareRecovery makes clients recover their sessions from store. It does nothing and returns false
// if Config.Recovery is nil. Only Config.Adapter's function may call it. From then on, Deliver
// stores packets for recovery instead of Broadcast.
func (a *MemoryAdapter) ShareRecovery(store SessionStore) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.history == nil {
		return false
	}
	a.history.store = store
	return true
}

// Skip sets the offset after which Deliver will receive the packets.
func (a *MemoryAdapter) Skip(to Offset) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.history.last, a.history.forgotten = to, to
}

// Deliver sends a packet at its offset in the shared history, and stores it for recovery. Offsets
// must increase from call to call; a packet whose offset does not is sent without one. Deliver
// skips sockets that received the packet on another server. held is the result of Hold for a packet
// of this server, otherwise nil.
func (a *MemoryAdapter) Deliver(p siopacket.Packet, to Selection, flags Flags, at Offset,
	held *Held) {
	a.mu.Lock()
	inOrder := a.history.last.Before(at)
	a.mu.Unlock()
	if inOrder {
		p.Data = withOffset(p.Data, at.String())
	}
	messages := a.prepare(p, flags)
	var out outgoing
	send := func(s *Socket) {
		if !inOrder || s.recovery == nil || s.recovery.after.Before(at) {
			_ = out.enqueue(s, messages, flags)
		}
	}
	a.mu.Lock()
	sendNow := send
	if inOrder {
		a.history.add(at, messages, to, p.Size())
		sendNow = a.sendPast(to, at, send)
	}
	if held == nil {
		a.each(to, sendNow)
	} else {
		for _, s := range a.unhold(held) {
			if a.sockets[s.id] == s {
				sendNow(s)
			}
		}
	}
	a.mu.Unlock()
	out.tell(a.namespace, p)
}

// Held is a broadcast that waits for its offset. It goes to the sockets that were selected at the
// time of Hold, even if they join or leave rooms meanwhile, and to matching sockets that recover
// meanwhile. A socket that the server disconnects receives it first.
type Held struct {
	adapter *MemoryAdapter
	packet  siopacket.Packet
	to      Selection
	flags   Flags
	sockets []*Socket // guarded by the adapter's mu
}

// Hold selects the sockets of a broadcast, to be sent by Deliver or Release.
func (a *MemoryAdapter) Hold(p siopacket.Packet, to Selection, flags Flags) *Held {
	h := &Held{adapter: a, packet: p, to: to, flags: flags}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.each(to, func(s *Socket) { h.sockets = append(h.sockets, s) })
	a.held = append(a.held, h)
	return h
}

// Release sends the broadcast now, without an offset, so it is never replayed. After Deliver, it
// does nothing.
func (h *Held) Release() {
	a := h.adapter
	messages := a.prepare(h.packet, h.flags)
	var out outgoing
	a.mu.Lock()
	for _, s := range a.unhold(h) {
		if a.sockets[s.id] == s {
			_ = out.enqueue(s, messages, h.flags)
		}
	}
	a.mu.Unlock()
	out.tell(a.namespace, h.packet)
}

// unhold removes a broadcast from the held ones, and returns the sockets that have not received it.
// The caller holds mu.
func (a *MemoryAdapter) unhold(h *Held) []*Socket {
	if i := slices.Index(a.held, h); i >= 0 { // the first, mostly
		a.held = slices.Delete(a.held, i, i+1)
	}
	sockets := h.sockets
	h.sockets = nil
	return sockets
}

// release sends the held broadcasts to a socket before it is disconnected, because it cannot
// recover.
func (a *MemoryAdapter) release(s *Socket) {
	var waiting []*Held
	a.mu.Lock()
	for _, h := range a.held {
		if i := slices.Index(h.sockets, s); i >= 0 {
			h.sockets = slices.Delete(h.sockets, i, i+1)
			waiting = append(waiting, h)
		}
	}
	a.mu.Unlock()
	for _, h := range waiting {
		s.outgoing(h.packet)
		_ = s.send(h.packet, h.flags)
	}
}

// shares reports whether the cluster assigns the offsets.
func (a *MemoryAdapter) shares() bool { return a.history != nil && a.history.store != nil }

// reaches reports whether a packet to the socket reaches its client, now or after a recovery.
func (a *MemoryAdapter) reaches(s *Socket) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sockets[s.id] == s || a.history.remembers(s)
}

// share stores a session in the store, if there is one. k may be nil.
func (a *MemoryAdapter) share(k *keptSession) {
	if k == nil || !a.shares() {
		return
	}
	a.mu.Lock()
	s := Session{ID: k.id, PID: k.pid, Namespace: a.namespace.name, Token: k.token, Data: k.data,
		After: k.after}
	for _, room := range k.rooms.list() {
		s.Rooms = append(s.Rooms, SessionRoom{room, k.rooms.joined[room].after})
	}
	left := a.history.config.MaxDisconnection - time.Since(k.at)
	a.mu.Unlock()
	if left > 0 {
		a.namespace.server.guard(func() { a.history.store.Keep(s, left) }, func() {})
	}
}

// reclaim is claim for a history that the servers of a cluster share. It runs with the middlewares,
// because it waits for the store.
func (a *MemoryAdapter) reclaim(s *Socket) {
	pid, offset := s.session()
	has, ok := a.history.parse(offset)
	if pid == "" || !ok {
		return
	}
	session, err := a.history.store.Take(pid)
	if err == nil && session.Namespace != "" && session.Namespace != a.namespace.name {
		// the session belongs to another namespace
		a.history.store.Keep(session, a.history.config.MaxDisconnection)
		err = ErrNoSession
	}
	if err != nil {
		if !errors.Is(err, ErrNoSession) {
			a.warn("the session store failed", err)
		}
		return
	}
	k := &keptSession{id: session.ID, pid: pid, token: session.Token, data: session.Data,
		after: session.After, at: time.Now()}
	for _, room := range session.Rooms {
		k.rooms.add(room.Name, room.After)
	}
	a.mu.Lock()
	if mine := a.history.kept[pid]; mine != nil && mine.token == k.token {
		// with the program's own data values
		k = mine
	}
	a.mu.Unlock()
	r := &recovery{pid: pid, recovered: true, unchecked: session.Namespace == "",
		after: later(has, k.after), claimed: k}
	if err := a.catchUp(r); err != nil {
		a.warn("a client starts a new session", err)
		return
	}
	s.mu.Lock()
	ended := s.ended
	if !ended {
		s.restore(r)
	}
	s.mu.Unlock()
	if ended { // the client has disconnected meanwhile, and may recover once more
		a.share(k)
	}
}

func (a *MemoryAdapter) warn(what string, err error) {
	a.namespace.log.Log(a.namespace.server.config.Log, slog.LevelWarn, "recovery: "+what,
		"namespace", event.Printable(a.namespace.name), "err", event.Printable(err))
}

var errTooMuch = errors.New("sio: the client has missed too much")

// catchUp fetches the missed packets that this server no longer stores.
func (a *MemoryAdapter) catchUp(r *recovery) error {
	h := a.history
	for range 3 { // more may be dropped meanwhile
		a.mu.Lock()
		h.prune()
		has, until := later(r.after, r.reached), h.forgotten
		a.mu.Unlock()
		if !has.Before(until) {
			return nil
		}
		left := h.config.MaxBytes
		for _, past := range r.fetched {
			left -= past.bytes
		}
		past, err := h.store.Since(has, until, left)
		if err != nil {
			return err
		}
		for _, p := range past {
			p.Packet.Data = withOffset(p.Packet.Data, p.Offset.String())
			r.fetched = append(r.fetched, pastPacket{
				offset: p.Offset, messages: a.prepare(p.Packet, p.Flags), to: p.To,
				bytes: p.Packet.Size(),
			})
		}
		if len(r.fetched) > h.config.MaxPackets {
			return errTooMuch
		}
		r.reached = until
	}
	return errTooMuch
}
