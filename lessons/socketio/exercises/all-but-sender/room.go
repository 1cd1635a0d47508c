// Package allbutsender sends to everyone, to everyone but one, and to one.
package allbutsender

// Room holds the sockets that receive a broadcast.
type Room struct{ sockets []*Socket }

// Socket is one connection.
type Socket struct {
	ID   string // unique
	Name string // chosen by the user; others may choose the same
	Got  []string

	room *Room
}

// Join adds a connection.
func (r *Room) Join(id, name string) *Socket {
	s := &Socket{ID: id, Name: name, room: r}
	r.sockets = append(r.sockets, s)
	return s
}

func (s *Socket) deliver(m string) { s.Got = append(s.Got, m) }

// Emit sends to everyone (io.emit).
func (r *Room) Emit(m string) {
	// TODO
	r.sockets[0].deliver(m)
}

// Broadcast sends to everyone but s itself (socket.broadcast.emit).
func (s *Socket) Broadcast(m string) {
	// TODO
	s.room.Emit(m)
}

// Emit sends to s alone (socket.emit).
func (s *Socket) Emit(m string) {
	// TODO
	s.room.Emit(m)
}
