// Package roomauth decides who may join a room, who may speak in it, and who may listen.
package roomauth

import (
	"regexp"
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
	ack.answer(r.join(c, canonical(room)))
}

// Emit sends a text to all other sockets in a room.
func (r *Rooms) Emit(c *Socket, room, text string, ack Ack) {
	ack.answer(r.emit(c, canonical(room), text))
}

// answer acknowledges, if the client asked for it.
func (a Ack) answer(problem string) {
	if a != nil {
		a(Answer{OK: problem == "", Error: problem})
	}
}

var valid = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

// canonical returns the one spelling of a room's name, or "" for a name that no room can have.
func canonical(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if !valid.MatchString(name) {
		return ""
	}
	return name
}

func (r *Rooms) join(c *Socket, room string) (problem string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if problem := r.check(c, room); problem != "" {
		return problem
	}
	if r.members[room] == nil {
		r.members[room] = map[*Socket]bool{}
	}
	r.members[room][c] = true
	return ""
}

func (r *Rooms) emit(c *Socket, room, text string) (problem string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if problem := r.check(c, room); problem != "" {
		return problem
	}
	if !r.members[room][c] {
		return NotInRoom
	}
	for other := range r.members[room] {
		if other != c && r.check(other, room) == "" {
			other.Send(room, text)
		}
	}
	return ""
}

// check asks for the rights as they are now, and takes a socket without them out of the room.
func (r *Rooms) check(c *Socket, room string) (problem string) {
	switch {
	case room == "":
		return BadName
	case !r.rights.May(c.User, room):
		delete(r.members[room], c)
		return Forbidden
	}
	return ""
}
