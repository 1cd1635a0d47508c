package sio

import (
	"context"
	"time"

	"realtimelab/lessons/socketio/siopacket"
)

// Selection says which sockets of a namespace are meant: those in any of
// Rooms, or all if there are none, less those in any of Except. A socket's id
// is a room that it alone is in.
type Selection struct {
	Rooms  []string `json:"rooms,omitempty"`
	Except []string `json:"except,omitempty"`
}

// Flags say how a packet is sent.
type Flags struct {
	// Volatile leaves out the clients that could not be sent to at once.
	Volatile bool `json:"volatile,omitempty"`

	// Uncompressed sends the packet as it is where the transport compresses.
	Uncompressed bool `json:"uncompressed,omitempty"`

	// Local keeps to the sockets of this server. The adapter sees to it.
	Local bool `json:"local,omitempty"`

	// Timeout bounds the wait for answers. 0 is no bound but the context's.
	Timeout time.Duration `json:"-"`
}

// Adapter reaches the sockets of one namespace, wherever they are connected:
// on this server alone (the memory adapter, which is the default), or on all
// servers of a cluster. Its methods may be called from any goroutine, and
// none but those with a context waits for a client or for another server.
type Adapter interface {
	// Broadcast queues an Event for each socket of the selection, once.
	Broadcast(p siopacket.Packet, to Selection, flags Flags)

	// BroadcastWithAck is Broadcast of an Event that each client is to answer.
	// It collects until all have, or ctx ends. The answers are in the order
	// of their arrival. The error is nil or *MissingAnswers.
	BroadcastWithAck(ctx context.Context, p siopacket.Packet, to Selection, flags Flags) ([]Answer, error)

	// FetchSockets describes the sockets of the selection. When ctx ends
	// before every server has answered, it returns what it has, and an error.
	FetchSockets(ctx context.Context, to Selection, flags Flags) ([]SocketInfo, error)

	// Join, Leave and Disconnect do with each socket of the selection what
	// its own methods do.
	Join(to Selection, flags Flags, rooms []string)
	Leave(to Selection, flags Flags, rooms []string)
	Disconnect(to Selection, flags Flags, all bool)

	// ServerSideEmit sends an Event to the namespace on the other servers,
	// where Namespace.HandleServerSide takes it.
	ServerSideEmit(p siopacket.Packet)

	// ServerSideEmitWithAck collects what they answer, one each. When ctx ends
	// before all have, it returns what it has, and an error.
	ServerSideEmitWithAck(ctx context.Context, p siopacket.Packet) ([]Args, error)

	// Close leaves the cluster.
	Close()
}

// SocketInfo describes a socket, perhaps one of another server.
type SocketInfo struct {
	ID        string         `json:"id"`
	Rooms     []string       `json:"rooms"` // its own id first
	Data      map[string]any `json:"data"`
	Handshake Handshake      `json:"handshake"`
}

// RoomEvent tells of a change in a namespace's rooms on this server. A
// socket's id counts as a room.
type RoomEvent struct {
	Kind   RoomEventKind
	Room   string
	Socket string // the id; empty for RoomCreated and RoomDeleted
}

// RoomEventKind is the official name of an adapter's event.
type RoomEventKind string

// All kinds of RoomEvent. A room is created before its first socket joins, and
// deleted after its last has left.
const (
	RoomCreated RoomEventKind = "create-room"
	RoomJoined  RoomEventKind = "join-room"
	RoomLeft    RoomEventKind = "leave-room"
	RoomDeleted RoomEventKind = "delete-room"
)
