package sio

import (
	"maps"
	"slices"
)

// rooms holds the rooms of one socket, in the order of joining. Joining and leaving take constant
// time. The zero value is ready to use.
type rooms struct {
	joined map[string]joining // nil while empty
	next   uint64
}

// joining says when a socket entered a room.
type joining struct {
	place uint64 // a number that grows
	after Offset // the last packet before; see history
}

func (r *rooms) add(room string, after Offset) {
	if _, in := r.joined[room]; in {
		return
	}
	if r.joined == nil {
		r.joined = map[string]joining{}
	}
	r.joined[room] = joining{r.next, after}
	r.next++
}

// had reports whether a packet with that offset was for the socket with these rooms and that id.
func (r *rooms) had(to Selection, id string, at Offset) bool {
	in := func(room string) bool {
		joined, in := r.joined[room]
		return room == id || in && joined.after.Before(at)
	}
	return (len(to.Rooms) == 0 || slices.ContainsFunc(to.Rooms, in)) &&
		!slices.ContainsFunc(to.Except, in)
}

// newest returns the last packet before the socket entered its newest room.
func (r *rooms) newest() (after Offset) {
	for _, joined := range r.joined {
		after = later(after, joined.after)
	}
	return after
}

func (r *rooms) clone() rooms { return rooms{maps.Clone(r.joined), r.next} }

// list returns the rooms in the order of joining.
func (r *rooms) list() []string {
	return slices.SortedFunc(maps.Keys(r.joined), func(a, b string) int {
		return int(r.joined[a].place) - int(r.joined[b].place)
	})
}

// Join adds the socket to rooms. The first Join creates a room. In a middleware, Join takes effect
// when the socket is admitted. A socket that ends leaves all rooms, and Join then has no effect.
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
			s.rooms.add(room, never) // until it joins
		}
	}
}

// Leave removes the socket from rooms. A room without sockets is deleted. A socket cannot leave the
// room of its own id.
func (s *Socket) Leave(rooms ...string) {
	a := s.namespace.local
	defer a.tell()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.leave(s, rooms)
}

// Rooms returns the socket's rooms: its own id, then the others in the order of joining. It is
// empty once the handlers of OnDisconnecting have run.
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
