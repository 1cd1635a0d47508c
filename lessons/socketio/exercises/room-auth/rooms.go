// Package roomauth decides who may join a room, who may speak in it, and who may listen.
package roomauth

import (
	"strings"
	"sync"
)

// Answer is the content of an acknowledgement.
type Answer struct {
	OK    bool
	Error string // one of the texts below
}

// The errors of an Answer.
const (
	BadName   = "bad name"
	Forbidden = "forbidden"
	NotInRoom = "not in room"
)

// Ack sends the acknowledgement. It is nil if the client did not ask for one.
type Ack func(Answer)

// Socket is one client. Its user has logged in.
type Socket struct {
	User string
	Send func(room, text string)
}

// Rights says who may use which room, by its exact name. A room without an entry is open to all.
// An administrator may change the rights at any time. It is correct as it is.
type Rights interface {
	May(user, room string) bool
}

// Rooms are the rooms of a server. NewRooms makes them; they are safe for concurrent use.
type Rooms struct {
	rights  Rights
	mu      sync.Mutex
	members map[string]map[*Socket]bool
}

// NewRooms returns rooms without members.
func NewRooms(rights Rights) *Rooms {
	return &Rooms{rights: rights, members: map[string]map[*Socket]bool{}}
}

// Members returns the number of sockets in a room.
func (r *Rooms) Members(room string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.members[room])
}

// Join puts the socket into a room.
func (r *Rooms) Join(c *Socket, room string, ack Ack) {
	if !r.rights.May(c.User, room) {
		return
	}
	room = strings.ToLower(strings.TrimSpace(room))
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.members[room] == nil {
		r.members[room] = map[*Socket]bool{}
	}
	r.members[room][c] = true
	ack(Answer{OK: true})
}

// Emit sends a text to all other sockets in a room.
func (r *Rooms) Emit(c *Socket, room, text string, ack Ack) {
	room = strings.ToLower(strings.TrimSpace(room))
	r.mu.Lock()
	defer r.mu.Unlock()
	for other := range r.members[room] {
		if other != c {
			other.Send(room, text)
		}
	}
	ack(Answer{OK: true})
}
