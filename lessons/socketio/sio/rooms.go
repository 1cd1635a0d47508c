package sio

import (
	"maps"
	"math"
	"slices"
)

// rooms are the rooms of one socket, in the order of joining. Joining and leaving take the same
// time however many there are. The zero value is ready.
type rooms struct {
	joined map[string]joining // nil while empty
	next   uint64
}

// joining says when a socket entered a room.
type joining struct {
	place uint64 // a number that grows
	from  uint64 // the first packet that it received through the room; see history
}

func (r *rooms) add(room string, from uint64) {
	if _, in := r.joined[room]; in {
		return
	}
	if r.joined == nil {
		r.joined = map[string]joining{}
	}
	r.joined[room] = joining{r.next, from}
	r.next++
}

func (r *rooms) clone() rooms { return rooms{maps.Clone(r.joined), r.next} }

// list returns the rooms in order.
func (r *rooms) list() []string {
	return slices.SortedFunc(maps.Keys(r.joined), func(a, b string) int { return int(r.joined[a].place) - int(r.joined[b].place) })
}

// Join enters rooms, which are made when their first socket joins. In a middleware it takes effect
// when the socket is let in. A socket leaves all rooms at its end, after which Join has no effect.
// When Join returns, broadcasts to the rooms reach the socket.
func (s *Socket) Join(rooms ...string) {
	a := s.namespace.local
	defer a.tell()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sockets[s.id] == s {
		a.enter(s, rooms)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, room := range rooms {
		if !s.ended {
			s.rooms.add(room, math.MaxUint64) // until it joins
		}
	}
}

// Leave leaves rooms. A room disappears with its last socket. The socket's own id cannot be left.
func (s *Socket) Leave(rooms ...string) {
	a := s.namespace.local
	defer a.tell()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.leave(s, rooms)
}

// Rooms lists the rooms that the socket is in: its own id, then the others in the order of joining.
// It is empty once the handlers of OnDisconnecting have run.
func (s *Socket) Rooms() []string {
	a := s.namespace.local
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sockets[s.id] == s {
		return append([]string{s.id}, s.rooms.list()...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return nil
	}
	return s.rooms.list()
}
