// Package shardedroom is a room whose members are connected to several servers.
package shardedroom

import "sync"

// Member is one socket in the room.
type Member struct {
	ID string // no other socket has it, on any server

	// Deliver puts a message into the queue of the socket. If the queue is full, it takes the
	// socket out of the room with Leave.
	Deliver func(text string)
}

// Envelope is a message on its way to the other servers.
type Envelope struct {
	Shard  string // the name of the shard where it was published
	Sender string // the ID of the socket that sent it
	Text   string
}

// Bus connects the shards. Publish brings the envelope to Receive of every shard of the room, also
// to the shard that calls it, one envelope after another. It does so before or after it returns.
// While the bus is down, Publish returns an error.
type Bus interface {
	Publish(e Envelope) error
}

// Shard is the part of the room that is on one server. It is safe for use by many goroutines.
type Shard struct {
	name string // no other shard of the room has it
	bus  Bus

	mu      sync.Mutex
	members map[string]*Member
}

// NewShard returns a shard without members.
func NewShard(name string, bus Bus) *Shard {
	return &Shard{name: name, bus: bus, members: map[string]*Member{}}
}

// Join adds a member.
func (s *Shard) Join(m *Member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members[m.ID] = m
}

// Leave removes the member, if it is there.
func (s *Shard) Leave(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.members, id)
}

// Publish sends a member's message to all other members of the room.
func (s *Shard) Publish(sender, text string) error {
	// TODO
	return nil
}

// Receive takes an envelope from the bus.
func (s *Shard) Receive(e Envelope) {
	// TODO
}
