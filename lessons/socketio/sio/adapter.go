package sio

import (
	"sync"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/siopacket"
)

// memoryAdapter knows which socket is in which room of one namespace, and
// sends to them. A socket's id is a room without being written down as one.
type memoryAdapter struct {
	mu      sync.Mutex // held over a broadcast, so that all see the same order
	sockets map[string]*Socket
	rooms   map[string]map[string]*Socket
}

func newMemoryAdapter() *memoryAdapter {
	return &memoryAdapter{sockets: map[string]*Socket{}, rooms: map[string]map[string]*Socket{}}
}

func (a *memoryAdapter) len() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.sockets)
}

// add enters the socket, and queues the packet that tells its client so before
// any broadcast.
func (a *memoryAdapter) add(s *Socket, answer siopacket.Packet) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sockets[s.id] = s
	s.client.session.Post(frames(answer)...)
}

// remove takes the socket out of the namespace and of every room.
func (a *memoryAdapter) remove(s *Socket) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, room := range s.rooms {
		a.drop(s, room)
	}
	s.rooms = nil
	delete(a.sockets, s.id)
}

func (a *memoryAdapter) join(s *Socket, rooms []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sockets[s.id] != s {
		return // it has disconnected
	}
	for _, room := range rooms {
		members := a.rooms[room]
		if members[s.id] == s || room == s.id {
			continue
		}
		if members == nil {
			members = map[string]*Socket{}
			a.rooms[room] = members
		}
		members[s.id] = s
		s.rooms = append(s.rooms, room)
	}
}

func (a *memoryAdapter) leave(s *Socket, room string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, name := range s.rooms {
		if name == room {
			s.rooms = append(s.rooms[:i], s.rooms[i+1:]...)
			a.drop(s, room)
			return
		}
	}
}

// drop empties a place in a room, and the room with its last member. The
// caller holds mu.
func (a *memoryAdapter) drop(s *Socket, room string) {
	delete(a.rooms[room], s.id)
	if len(a.rooms[room]) == 0 {
		delete(a.rooms, room)
	}
}

func (a *memoryAdapter) roomsOf(s *Socket) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sockets[s.id] != s {
		return nil
	}
	return append([]string{s.id}, s.rooms...)
}

// broadcast queues the messages for every socket of the choice, once each.
func (a *memoryAdapter) broadcast(messages []*engineio.Message, to Broadcast) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(to.rooms) == 0 {
		for _, s := range a.sockets {
			a.post(s, messages, to)
		}
		return
	}
	if len(to.rooms) == 1 {
		a.eachIn(to.rooms[0], func(s *Socket) { a.post(s, messages, to) })
		return
	}
	seen := map[*Socket]bool{}
	for _, room := range to.rooms {
		a.eachIn(room, func(s *Socket) {
			if !seen[s] {
				seen[s] = true
				a.post(s, messages, to)
			}
		})
	}
}

func (a *memoryAdapter) eachIn(room string, f func(*Socket)) {
	for _, s := range a.rooms[room] {
		f(s)
	}
	if s := a.sockets[room]; s != nil {
		f(s)
	}
}

func (a *memoryAdapter) post(s *Socket, messages []*engineio.Message, to Broadcast) {
	for _, room := range to.except {
		if room == s.id || a.rooms[room][s.id] == s {
			return
		}
	}
	if to.volatile && !s.client.session.Writable() {
		return
	}
	s.client.session.Post(messages...) // a session that has closed drops it
}
