package sio

import (
	"context"
	"maps"
	"slices"
	"sync"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/siopacket"
)

// MemoryAdapter holds the rooms of one namespace on this server, and sends to their sockets. It is
// the default Adapter, and the local part of any other. Its methods may be called from any
// goroutine; only BroadcastWithAck waits for a client.
type MemoryAdapter struct {
	namespace *Namespace
	history   *history // nil without connection state recovery

	// held during a broadcast, for one order on all sockets; not during the program's code
	mu      sync.Mutex
	sockets map[string]*Socket
	rooms   map[string]map[string]*Socket // without the sockets' ids, each of which is a room too
	onRoom  []func(RoomEvent)
	held    []*Held            // not yet sent, in the order of Hold
	ahead   map[*Socket]Offset // see arrive
	events  []RoomEvent        // to be reported; only recorded while OnRoom has functions
	telling bool               // a goroutine reports them, in order
}

// selected returns the sockets of the selection, in no order.
func (a *MemoryAdapter) selected(to Selection) []*Socket {
	a.mu.Lock()
	defer a.mu.Unlock()
	var sockets []*Socket
	a.each(to, func(s *Socket) { sockets = append(sockets, s) })
	return sockets
}

// each calls f once for every socket of the selection. The caller holds mu.
func (a *MemoryAdapter) each(to Selection, f func(*Socket)) {
	excepted := func(s *Socket) bool {
		return slices.ContainsFunc(to.Except, func(room string) bool {
			return room == s.id || a.rooms[room][s.id] == s
		})
	}
	if len(to.Rooms) == 0 {
		for _, s := range a.sockets {
			if !excepted(s) {
				f(s)
			}
		}
		return
	}
	var seen map[*Socket]bool // nil for one room, which holds each socket once
	if len(to.Rooms) > 1 {
		seen = map[*Socket]bool{}
	}
	visit := func(s *Socket) {
		if seen[s] || excepted(s) {
			return
		}
		if seen != nil {
			seen[s] = true
		}
		f(s)
	}
	for _, room := range to.Rooms {
		for _, s := range a.rooms[room] {
			visit(s)
		}
		if s := a.sockets[room]; s != nil {
			visit(s)
		}
	}
}

// add adds the socket to the namespace, and queues the answer to its CONNECT: after the packets
// that a recovered client has missed, and before any later broadcast. It returns false if the
// socket has ended, or if missed packets were dropped from the history. From then on, Socket.Emit
// goes through the adapter.
func (a *MemoryAdapter) add(s *Socket, answer []*engineio.Message) bool {
	defer s.client.session.Send() // writes the queue
	defer a.tell()
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.recovery != nil {
		missed, ok := a.history.join(s)
		if !ok {
			return false
		}
		s.client.session.Queue(missed...)
	}
	s.mu.Lock()
	s.joined = !s.ended
	joined := s.joined
	s.mu.Unlock()
	if !joined {
		return false
	}
	a.sockets[s.id] = s
	a.note(RoomCreated, s.id, "")
	a.note(RoomJoined, s.id, s.id)
	before := s.rooms
	s.rooms = rooms{}
	a.enter(s, before.list())
	for room, was := range before.joined {
		if was.after != never { // a recovered socket joined it in an earlier session
			s.rooms.joined[room] = joining{s.rooms.joined[room].place, was.after}
		}
	}
	if s.Recovered() {
		a.arrive(s)
	}
	s.client.session.Queue(answer...)
	return true
}

// remove removes the socket from the namespace and from every room. If keep is true, it stores the
// session in the same step, so that no broadcast is missed in between.
func (a *MemoryAdapter) remove(s *Socket, keep bool) {
	var kept *keptSession
	defer func() {
		a.tell()
		a.share(kept)
	}()
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.ahead, s)
	// otherwise it has not joined, or a recovered socket has taken over its id
	present := a.sockets[s.id] == s
	if present && keep && s.recovery != nil { // clients of Socket.IO 2 have none
		kept = a.history.keep(s)
	}
	a.leave(s, slices.Collect(maps.Keys(s.rooms.joined)))
	if present {
		delete(a.sockets, s.id)
		a.note(RoomLeft, s.id, s.id)
		a.note(RoomDeleted, s.id, "")
	}
}

// enter adds the socket to the rooms. The caller holds mu.
func (a *MemoryAdapter) enter(s *Socket, rooms []string) {
	var last Offset
	if a.history != nil {
		last = a.history.last
	}
	for _, room := range rooms {
		members := a.rooms[room]
		if members[s.id] == s || room == s.id {
			continue
		}
		if members == nil {
			members = map[string]*Socket{}
			a.rooms[room] = members
			a.note(RoomCreated, room, "")
		}
		members[s.id] = s
		s.rooms.add(room, last)
		a.note(RoomJoined, room, s.id)
	}
}

// leave removes the socket from the rooms, and deletes empty rooms. The caller holds mu.
func (a *MemoryAdapter) leave(s *Socket, rooms []string) {
	for _, room := range rooms {
		delete(s.rooms.joined, room)
		members := a.rooms[room]
		if members[s.id] != s {
			continue // it is not in this room, or has not joined yet, or its successor is
		}
		delete(members, s.id)
		a.note(RoomLeft, room, s.id)
		if len(members) == 0 {
			delete(a.rooms, room)
			a.note(RoomDeleted, room, "")
		}
	}
}

// note records an event for tell. The caller holds mu.
func (a *MemoryAdapter) note(kind RoomEventKind, room, socket string) {
	if len(a.onRoom) > 0 {
		a.events = append(a.events, RoomEvent{kind, room, socket})
	}
}

// tell reports the recorded events, unless another goroutine is doing so. It is called without mu.
// A new goroutine reports events that are recorded meanwhile, so that one caller does not report
// the changes of all others.
func (a *MemoryAdapter) tell() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.telling || len(a.events) == 0 {
		return
	}
	events, listeners := a.events, a.onRoom
	a.events, a.telling = nil, true
	a.mu.Unlock()
	defer func() { // even if a function calls runtime.Goexit, as a test's FailNow does
		a.mu.Lock()
		a.telling = false
		if len(a.events) > 0 {
			a.namespace.server.engine.Go(a.tell)
		}
	}()
	for _, event := range events {
		for _, f := range listeners {
			a.namespace.server.guard(func() { f(event) }, func() {
				if s := a.namespace.Socket(event.Socket); s != nil {
					s.client.session.Close()
				}
			})
		}
	}
}

// Knows reports whether a broadcast to the room would reach a socket of this server, or a
// disconnected client that may recover.
func (a *MemoryAdapter) Knows(room string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.history != nil || a.rooms[room] != nil || a.sockets[room] != nil
}

// Broadcast implements Adapter. It encodes and frames the packet once, without holding the lock,
// because the parser may be the program's. With connection state recovery, the encoded packet
// contains its offset: if another broadcast takes that offset first, Broadcast encodes again with
// the next.
func (a *MemoryAdapter) Broadcast(p siopacket.Packet, to Selection, flags Flags) {
	a.broadcast(p, to, flags, nil)
}

// broadcast is Broadcast. If only is not nil, the error is that of only's queue, or ErrDisconnected
// if only is not in the namespace and has no stored state. In the last case nothing is sent or
// stored.
func (a *MemoryAdapter) broadcast(p siopacket.Packet, to Selection, flags Flags,
	only *Socket) error {
	var failed error
	var out outgoing
	remember := a.history != nil && a.history.store == nil && !flags.Volatile
	plain := p.Data
	for sent := false; !sent; {
		var offset Offset
		if remember {
			a.mu.Lock()
			offset = a.history.next()
			a.mu.Unlock()
			p.Data = withOffset(plain, a.history.text(offset))
		}
		messages := a.prepare(p, flags)
		a.mu.Lock()
		if only != nil && a.sockets[only.id] != only && !a.history.remembers(only) {
			a.mu.Unlock()
			return ErrDisconnected
		}
		if sent = !remember || a.history.next() == offset; sent {
			if remember {
				a.history.add(offset, messages, to, p.Size())
			}
			a.each(to, func(s *Socket) {
				if err := out.enqueue(s, messages, flags); s == only {
					failed = err
				}
			})
		}
		a.mu.Unlock()
	}
	out.tell(a.namespace, p)
	return failed
}

// prepare encodes and frames a packet, for any number of sockets.
func (a *MemoryAdapter) prepare(p siopacket.Packet, flags Flags) []*engineio.Message {
	messages := a.namespace.server.frames(p, flags)
	for _, m := range messages {
		m.Prepare()
	}
	return messages
}

// outgoing counts the sockets for which a packet is queued.
type outgoing struct {
	receivers int
	hearing   []*Socket // sockets with functions of OnAnyOutgoing
}

// enqueue queues the packet for one more socket. The caller holds the adapter's mu.
func (o *outgoing) enqueue(s *Socket, messages []*engineio.Message, flags Flags) error {
	queued, err := s.enqueue(messages, flags)
	if queued {
		o.receivers++
	}
	if s.listeners.HearOutgoing() {
		o.hearing = append(o.hearing, s)
	}
	return err
}

// tell calls the functions of OnAnyOutgoing. The caller holds no lock.
func (o *outgoing) tell(n *Namespace, p siopacket.Packet) {
	for _, s := range o.hearing {
		s.outgoing(p)
	}
	n.sent(p, o.receivers)
}

// enqueue is send for a caller that holds a lock. It reports whether the messages are queued. If
// not, err says why, or is nil for a volatile event that would be queued.
func (s *Socket) enqueue(messages []*engineio.Message, flags Flags) (queued bool, err error) {
	if flags.Volatile && !s.client.session.Writable() {
		return false, nil
	}
	err = s.client.session.Enqueue(messages...)
	return err == nil, err
}

// BroadcastWithAck implements Adapter.
func (a *MemoryAdapter) BroadcastWithAck(ctx context.Context, p siopacket.Packet, to Selection,
	flags Flags) ([]Answer, error) {
	collected := NewAnswers()
	asked, forget := a.Ask(p, to, flags, collected.Take)
	defer forget()
	collected.Expect(asked, 0)
	answers, missing, _ := collected.Wait(ctx)
	if missing != nil {
		return answers, missing
	}
	return answers, nil
}

// Ask is Broadcast of an Event that asks each client for an acknowledgement, for adapters. It
// returns the ids of the sockets. For each, it calls answered once, with the answer or
// ErrDisconnected, from any goroutine and perhaps before Ask returns. After forget, answered is no
// longer called.
func (a *MemoryAdapter) Ask(p siopacket.Packet, to Selection, flags Flags,
	answered func(Answer, error)) (ids []string, forget func()) {
	p.ID, p.HasID = a.namespace.lastAck.Add(1)-1, true // the same id for all sockets
	messages := a.namespace.server.frames(p, flags)
	a.mu.Lock()
	var asked, gone []*Socket
	receivers := 0
	a.each(to, func(s *Socket) {
		asked, ids = append(asked, s), append(ids, s.id)
		if !s.acks.ExpectIfOpen(p.ID, func(args Args, err error) {
			answered(Answer{s.id, args}, err)
		}) {
			gone = append(gone, s)
			return
		}
		if queued, _ := s.enqueue(messages, flags); queued {
			receivers++
		}
	})
	a.mu.Unlock()
	a.namespace.sent(p, receivers)
	for _, s := range gone {
		answered(Answer{Socket: s.id}, ErrDisconnected)
	}
	for _, s := range asked {
		s.client.session.ReadOn() // the caller may be a handler of one of them
		s.outgoing(p)
	}
	return ids, func() {
		for _, s := range asked {
			s.acks.Forget(p.ID)
		}
	}
}

// FetchSockets implements Adapter. It never fails.
func (a *MemoryAdapter) FetchSockets(_ context.Context, to Selection, _ Flags) ([]SocketInfo,
	error) {
	var infos []SocketInfo
	for _, s := range a.selected(to) {
		infos = append(infos, SocketInfo{ID: s.id, Rooms: s.Rooms(), Data: s.Data(),
			Handshake: s.Handshake()})
	}
	return infos, nil
}

// Join implements Adapter.
func (a *MemoryAdapter) Join(to Selection, _ Flags, rooms []string) {
	for _, s := range a.selected(to) {
		s.Join(rooms...)
	}
}

// Leave implements Adapter.
func (a *MemoryAdapter) Leave(to Selection, _ Flags, rooms []string) {
	for _, s := range a.selected(to) {
		s.Leave(rooms...)
	}
}

// Disconnect implements Adapter.
func (a *MemoryAdapter) Disconnect(to Selection, _ Flags, all bool) {
	for _, s := range a.selected(to) {
		s.Disconnect(all)
	}
}

// ServerSideEmit implements Adapter. Without a cluster, it does nothing.
func (a *MemoryAdapter) ServerSideEmit(siopacket.Packet) {}

// ServerSideEmitWithAck implements Adapter. Without a cluster, it returns at once.
func (a *MemoryAdapter) ServerSideEmitWithAck(context.Context, siopacket.Packet) ([]Args, error) {
	return nil, nil
}

// Close implements Adapter. It does nothing.
func (a *MemoryAdapter) Close() {}
