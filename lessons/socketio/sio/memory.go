package sio

import (
	"context"
	"slices"
	"sync"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/siopacket"
)

// MemoryAdapter knows which socket of this server is in which room of one
// namespace, and sends to them. It is the default Adapter, and the local half
// of any other. A socket's id is a room without being written down as one.
type MemoryAdapter struct {
	namespace *Namespace
	history   *history // nil without connection state recovery

	mu      sync.Mutex // held over a broadcast, so that all see the same order
	sockets map[string]*Socket
	rooms   map[string]map[string]*Socket
	events  []RoomEvent // not yet told; only kept while someone listens

	telling sync.Mutex // held while events are told, so that they stay in order
}

func newMemoryAdapter(n *Namespace) *MemoryAdapter {
	a := &MemoryAdapter{namespace: n, sockets: map[string]*Socket{}, rooms: map[string]map[string]*Socket{}}
	if r := n.server.config.Recovery; r != nil {
		a.history = newHistory(*r)
	}
	return a
}

func (a *MemoryAdapter) len() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.sockets)
}

func (a *MemoryAdapter) socket(id string) *Socket {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sockets[id]
}

// selected lists the sockets of the selection, in no order.
func (a *MemoryAdapter) selected(to Selection) []*Socket {
	a.mu.Lock()
	defer a.mu.Unlock()
	var sockets []*Socket
	a.each(to, func(s *Socket) { sockets = append(sockets, s) })
	return sockets
}

// add enters the socket, and queues the packet that tells its client so: after
// what a recovered client has missed, and before any broadcast to come. It
// reports false if what was missed is no longer known.
func (a *MemoryAdapter) add(s *Socket, answer siopacket.Packet) bool {
	defer s.client.session.Flush()
	defer a.tell()
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.recovery != nil && s.recovery.rooms != nil {
		missed, ok := a.history.since(s.recovery)
		if !ok {
			return false
		}
		for _, p := range missed {
			s.client.session.Queue(a.namespace.server.frames(p, Flags{})...)
		}
	}
	a.sockets[s.id] = s
	a.note(RoomCreated, s.id, nil)
	a.note(RoomJoined, s.id, s)
	rooms := s.rooms
	s.rooms = nil
	a.enter(s, rooms)
	s.client.session.Queue(a.namespace.server.frames(answer, Flags{})...)
	return true
}

// claim takes out the state that a CONNECT payload asks for; nil if there is
// none, or what was missed is forgotten.
func (a *MemoryAdapter) claim(auth siopacket.Value) *keptSession {
	if a.history == nil || len(auth) == 0 {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.history.claim(auth)
}

// unclaim puts back what was claimed for a socket that then did not join.
func (a *MemoryAdapter) unclaim(k *keptSession) {
	if k == nil || k.rooms == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.history.putBack(k)
}

// remove takes the socket out of the namespace and of every room. A session to
// keep is kept in the same moment, so that no broadcast falls between.
func (a *MemoryAdapter) remove(s *Socket, keep bool) {
	defer a.tell()
	a.mu.Lock()
	defer a.mu.Unlock()
	present := a.sockets[s.id] == s // else it has not joined, or has a successor of the same id
	if present && keep && a.history != nil {
		a.history.keep(s)
	}
	for _, room := range s.rooms {
		a.drop(s, room)
	}
	s.rooms = nil
	if !present {
		return
	}
	delete(a.sockets, s.id)
	a.note(RoomLeft, s.id, s)
	a.note(RoomDeleted, s.id, nil)
}

// Knows reports whether a broadcast to the room would reach anyone on this
// server, now or when a client that is away comes back.
func (a *MemoryAdapter) Knows(room string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.history != nil || a.rooms[room] != nil || a.sockets[room] != nil
}

func (a *MemoryAdapter) join(s *Socket, rooms []string) {
	defer a.tell()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sockets[s.id] == s {
		a.enter(s, rooms)
	} else if !s.hasEnded() {
		s.rooms = append(s.rooms, rooms...)
	}
}

// enter puts the socket into the rooms. The caller holds mu.
func (a *MemoryAdapter) enter(s *Socket, rooms []string) {
	for _, room := range rooms {
		members := a.rooms[room]
		if members[s.id] == s || room == s.id {
			continue
		}
		if members == nil {
			members = map[string]*Socket{}
			a.rooms[room] = members
			a.note(RoomCreated, room, nil)
		}
		members[s.id] = s
		s.rooms = append(s.rooms, room)
		a.note(RoomJoined, room, s)
	}
}

func (a *MemoryAdapter) leave(s *Socket, rooms []string) {
	defer a.tell()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sockets[s.id] != s { // it has not joined yet
		s.rooms = slices.DeleteFunc(s.rooms, func(room string) bool { return slices.Contains(rooms, room) })
		return
	}
	for _, room := range rooms {
		if i := slices.Index(s.rooms, room); i >= 0 {
			s.rooms = slices.Delete(s.rooms, i, i+1)
			a.drop(s, room)
		}
	}
}

// drop empties a place in a room, and the room with its last member. The
// caller holds mu.
func (a *MemoryAdapter) drop(s *Socket, room string) {
	if a.rooms[room][s.id] != s {
		return // the place is its successor's
	}
	delete(a.rooms[room], s.id)
	a.note(RoomLeft, room, s)
	if len(a.rooms[room]) == 0 {
		delete(a.rooms, room)
		a.note(RoomDeleted, room, nil)
	}
}

func (a *MemoryAdapter) roomsOf(s *Socket) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.sockets[s.id] == s:
		return append([]string{s.id}, s.rooms...)
	case s.hasEnded():
		return nil
	}
	return slices.Compact(slices.Sorted(slices.Values(s.rooms)))
}

// note keeps an event for tell. The caller holds mu.
func (a *MemoryAdapter) note(kind RoomEventKind, room string, s *Socket) {
	if !a.namespace.roomsWatched.Load() {
		return
	}
	event := RoomEvent{Kind: kind, Room: room}
	if s != nil {
		event.Socket = s.id
	}
	a.events = append(a.events, event)
}

// tell passes on the events that were noted. It is called without mu.
func (a *MemoryAdapter) tell() {
	if !a.namespace.roomsWatched.Load() || !a.telling.TryLock() {
		return // whoever tells now goes on until nothing is left
	}
	defer a.telling.Unlock()
	for {
		a.mu.Lock()
		events := a.events
		a.events = nil
		a.mu.Unlock()
		if len(events) == 0 {
			return
		}
		for _, event := range events {
			a.namespace.roomChanged(event)
		}
	}
}

// each calls f once for every socket of the selection. The caller holds mu.
func (a *MemoryAdapter) each(to Selection, f func(*Socket)) {
	switch len(to.Rooms) {
	case 0:
		for _, s := range a.sockets {
			a.unless(to.Except, s, f)
		}
	case 1:
		a.eachIn(to.Rooms[0], func(s *Socket) { a.unless(to.Except, s, f) })
	default:
		seen := map[*Socket]bool{}
		for _, room := range to.Rooms {
			a.eachIn(room, func(s *Socket) {
				if !seen[s] {
					seen[s] = true
					a.unless(to.Except, s, f)
				}
			})
		}
	}
}

func (a *MemoryAdapter) eachIn(room string, f func(*Socket)) {
	for _, s := range a.rooms[room] {
		f(s)
	}
	if s := a.sockets[room]; s != nil {
		f(s)
	}
}

func (a *MemoryAdapter) unless(except []string, s *Socket, f func(*Socket)) {
	for _, room := range except {
		if room == s.id || a.rooms[room][s.id] == s {
			return
		}
	}
	f(s)
}

// Broadcast encodes and frames the packet once.
func (a *MemoryAdapter) Broadcast(p siopacket.Packet, to Selection, flags Flags) {
	for _, s := range a.broadcast(&p, to, flags) {
		s.outgoing(p)
	}
}

// broadcast returns the sockets where someone is to be told of what goes out. The
// packet's data may change.
func (a *MemoryAdapter) broadcast(p *siopacket.Packet, to Selection, flags Flags) (listening []*Socket) {
	a.mu.Lock()
	defer a.mu.Unlock() // the parser, which may be the user's, may panic
	if a.history != nil && !flags.Volatile {
		p.Data = a.history.add(*p, to)
	}
	messages := a.namespace.server.frames(*p, flags)
	a.each(to, func(s *Socket) {
		s.post(messages, flags)
		if s.listensToOutgoing() {
			listening = append(listening, s)
		}
	})
	return listening
}

func (s *Socket) post(messages []*engineio.Message, flags Flags) {
	if flags.Volatile && !s.client.session.Writable() {
		return
	}
	s.client.session.Post(messages...) // a session that has closed drops it
}

// BroadcastWithAck implements Adapter.
func (a *MemoryAdapter) BroadcastWithAck(ctx context.Context, p siopacket.Packet, to Selection, flags Flags) ([]Answer, error) {
	answers := newCollector()
	asked, forget := a.Ask(p, to, flags, answers.take)
	defer forget()
	answers.expect(asked...)
	return answers.wait(ctx)
}

// Ask is Broadcast of an Event that each client is to answer. It returns the
// ids of the sockets, for each of which answered is called once, from any
// goroutine and perhaps before Ask returns: with the answer, or with
// ErrDisconnected. After forget it is not called any more.
func (a *MemoryAdapter) Ask(p siopacket.Packet, to Selection, flags Flags, answered func(Answer, error)) (ids []string, forget func()) {
	p.ID, p.HasID = a.namespace.lastAck.Add(1)-1, true // one for all
	messages := a.namespace.server.frames(p, flags)
	a.mu.Lock()
	var asked []*Socket
	a.each(to, func(s *Socket) {
		asked, ids = append(asked, s), append(ids, s.id)
		s.acks.expect(p.ID, func(args Args, err error) { answered(Answer{s.id, args}, err) })
		s.post(messages, flags)
	})
	a.mu.Unlock()
	for _, s := range asked {
		s.outgoing(p)
	}
	return ids, func() {
		for _, s := range asked {
			s.acks.forget(p.ID)
		}
	}
}

// FetchSockets never fails.
func (a *MemoryAdapter) FetchSockets(_ context.Context, to Selection, _ Flags) ([]SocketInfo, error) {
	var infos []SocketInfo
	for _, s := range a.selected(to) {
		infos = append(infos, SocketInfo{ID: s.id, Rooms: s.Rooms(), Data: s.Data(), Handshake: s.Handshake()})
	}
	return infos, nil
}

func (a *MemoryAdapter) Join(to Selection, _ Flags, rooms []string) {
	defer a.tell()
	a.mu.Lock()
	defer a.mu.Unlock()
	var sockets []*Socket
	a.each(to, func(s *Socket) { sockets = append(sockets, s) })
	for _, s := range sockets {
		a.enter(s, rooms)
	}
}

func (a *MemoryAdapter) Leave(to Selection, _ Flags, rooms []string) {
	for _, s := range a.selected(to) {
		a.leave(s, rooms)
	}
}

func (a *MemoryAdapter) Disconnect(to Selection, _ Flags, all bool) {
	for _, s := range a.selected(to) {
		s.Disconnect(all)
	}
}

// ServerSideEmit has no other server to reach.
func (a *MemoryAdapter) ServerSideEmit(siopacket.Packet) {}

// ServerSideEmitWithAck has no other server to ask.
func (a *MemoryAdapter) ServerSideEmitWithAck(context.Context, siopacket.Packet) ([]Args, error) {
	return nil, nil
}

// Close has nothing to leave.
func (a *MemoryAdapter) Close() {}
