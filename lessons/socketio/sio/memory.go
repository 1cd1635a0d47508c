package sio

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/siopacket"
)

// MemoryAdapter knows which socket of this server is in which room of one namespace, and sends to
// them. It is the default Adapter, and the local half of any other. Its methods may be called from
// any goroutine; none waits for a client except BroadcastWithAck.
type MemoryAdapter struct {
	namespace *Namespace
	history   *history // nil without connection state recovery

	mu      sync.Mutex // held over a broadcast, so that all see the same order; not over the program's code
	sockets map[string]*Socket
	rooms   map[string]map[string]*Socket // without the sockets' ids, each of which is a room too
	onRoom  []func(RoomEvent)
	events  []RoomEvent // not yet told; only kept while someone listens
	telling bool        // a goroutine tells them, in order
}

// selected lists the sockets of the selection, in no order.
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
		return slices.ContainsFunc(to.Except, func(room string) bool { return room == s.id || a.rooms[room][s.id] == s })
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

// add enters the socket, and queues the answer to its CONNECT: after what a recovered client has
// missed, and before any broadcast to come. It reports false if the socket has ended, or if what was
// missed is no longer known. Socket.Emit goes through the adapter from the same moment.
func (a *MemoryAdapter) add(s *Socket, answer []*engineio.Message) bool {
	defer s.client.session.Send() // what is queued
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
	for room, was := range before.joined { // a recovered socket joined it in an earlier session
		now := s.rooms.joined[room]
		now.from = min(now.from, was.from)
		s.rooms.joined[room] = now
	}
	s.client.session.Queue(answer...)
	return true
}

// remove takes the socket out of the namespace and of every room. A session to keep is kept in the
// same moment, so that no broadcast falls between.
func (a *MemoryAdapter) remove(s *Socket, keep bool) {
	defer a.tell()
	a.mu.Lock()
	defer a.mu.Unlock()
	present := a.sockets[s.id] == s           // else it has not joined, or has a successor of the same id
	if present && keep && s.recovery != nil { // clients of Socket.IO 2 have none
		a.history.keep(s)
	}
	a.leave(s, slices.Collect(maps.Keys(s.rooms.joined)))
	if present {
		delete(a.sockets, s.id)
		a.note(RoomLeft, s.id, s.id)
		a.note(RoomDeleted, s.id, "")
	}
}

// enter puts the socket into the rooms. The caller holds mu.
func (a *MemoryAdapter) enter(s *Socket, rooms []string) {
	var next uint64
	if a.history != nil {
		next = a.history.count
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
		s.rooms.add(room, next)
		a.note(RoomJoined, room, s.id)
	}
}

// leave takes the socket out of the rooms, and deletes the rooms that are empty then. The caller
// holds mu.
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

// note keeps an event for tell. The caller holds mu.
func (a *MemoryAdapter) note(kind RoomEventKind, room, socket string) {
	if len(a.onRoom) > 0 {
		a.events = append(a.events, RoomEvent{kind, room, socket})
	}
}

// tell passes on the events that were noted, unless another goroutine is at it. It is called
// without mu. Events that come meanwhile are left to another goroutine, so that no caller pays for
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
	defer func() { // even if a listener ends its goroutine, as a test's FailNow does
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

// Knows reports whether a broadcast to the room would reach anyone on this server, now or when a
// client that is away comes back.
func (a *MemoryAdapter) Knows(room string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.history != nil || a.rooms[room] != nil || a.sockets[room] != nil
}

// Broadcast implements Adapter. It encodes and frames the packet once, and without the lock,
// because the parser may be the program's. With connection state recovery, the packet's offset has
// to be in it: if another broadcast has taken that offset meanwhile, it encodes again with the
// next.
func (a *MemoryAdapter) Broadcast(p siopacket.Packet, to Selection, flags Flags) {
	a.broadcast(p, to, flags, nil)
}

// broadcast is Broadcast. Unless only is nil, the error is that of only's queue, or ErrDisconnected
// if only is neither in the namespace nor away with its state kept. Then nothing is sent or
// remembered.
func (a *MemoryAdapter) broadcast(p siopacket.Packet, to Selection, flags Flags, only *Socket) error {
	var failed error
	var hearing []*Socket // with functions for what goes out
	receivers := 0
	remember := a.history != nil && !flags.Volatile
	plain := p.Data
	for sent := false; !sent; {
		var offset uint64
		if remember {
			a.mu.Lock()
			offset = a.history.count
			a.mu.Unlock()
			last := `,"` + a.history.epoch + strconv.FormatUint(offset, 36) + `"]` // one more argument
			p.Data = append(slices.Clone(plain[:len(plain)-1]), last...)
		}
		messages := a.namespace.server.frames(p, flags)
		for _, m := range messages {
			m.Prepare()
		}
		a.mu.Lock()
		if only != nil && a.sockets[only.id] != only && !a.history.remembers(only) {
			a.mu.Unlock()
			return ErrDisconnected
		}
		if sent = !remember || a.history.count == offset; sent {
			if remember {
				a.history.add(messages, to, p.Size())
			}
			a.each(to, func(s *Socket) {
				queued, err := s.enqueue(messages, flags)
				if queued {
					receivers++
				}
				if s == only {
					failed = err
				}
				if s.listeners.HearOutgoing() {
					hearing = append(hearing, s)
				}
			})
		}
		a.mu.Unlock()
	}
	for _, s := range hearing {
		s.outgoing(p)
	}
	a.namespace.sent(p, receivers)
	return failed
}

// enqueue is send for a caller that holds a lock. It reports whether the messages are queued. If
// not, err says why, or is nil for a volatile event that would have to wait.
func (s *Socket) enqueue(messages []*engineio.Message, flags Flags) (queued bool, err error) {
	if flags.Volatile && !s.client.session.Writable() {
		return false, nil
	}
	err = s.client.session.Enqueue(messages...)
	return err == nil, err
}

// BroadcastWithAck implements Adapter.
func (a *MemoryAdapter) BroadcastWithAck(ctx context.Context, p siopacket.Packet, to Selection, flags Flags) ([]Answer, error) {
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

// Ask is Broadcast of an Event that each client is to answer, for adapters. It returns the ids of
// the sockets, for each of which answered is called once, from any goroutine and perhaps before Ask
// returns: with the answer, or with ErrDisconnected. After forget it is no longer called.
func (a *MemoryAdapter) Ask(p siopacket.Packet, to Selection, flags Flags, answered func(Answer, error)) (ids []string, forget func()) {
	p.ID, p.HasID = a.namespace.lastAck.Add(1)-1, true // one for all
	messages := a.namespace.server.frames(p, flags)
	a.mu.Lock()
	var asked, gone []*Socket
	receivers := 0
	a.each(to, func(s *Socket) {
		asked, ids = append(asked, s), append(ids, s.id)
		if !s.acks.ExpectIfOpen(p.ID, func(args Args, err error) { answered(Answer{s.id, args}, err) }) {
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
func (a *MemoryAdapter) FetchSockets(_ context.Context, to Selection, _ Flags) ([]SocketInfo, error) {
	var infos []SocketInfo
	for _, s := range a.selected(to) {
		infos = append(infos, SocketInfo{ID: s.id, Rooms: s.Rooms(), Data: s.Data(), Handshake: s.Handshake()})
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

// ServerSideEmit implements Adapter. It does nothing: this server is alone.
func (a *MemoryAdapter) ServerSideEmit(siopacket.Packet) {}

// ServerSideEmitWithAck implements Adapter. It returns at once: this server is alone.
func (a *MemoryAdapter) ServerSideEmitWithAck(context.Context, siopacket.Packet) ([]Args, error) {
	return nil, nil
}

// Close implements Adapter. It does nothing.
func (a *MemoryAdapter) Close() {}
