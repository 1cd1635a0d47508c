package sio

import (
	"context"
	"encoding/json"
	"time"

	"realtimelab/lessons/socketio/siopacket"
)

// Selection is a choice of sockets of a namespace: the members of any of Rooms, or all sockets if
// Rooms is empty, without the members of any of Except. Each socket's id is a room that contains
// only that socket.
type Selection struct {
	Rooms  []string
	Except []string
}

// Flags say how a packet is sent.
type Flags struct {
	// Volatile skips clients that cannot be sent to at once.
	Volatile bool

	// Uncompressed sends the packet uncompressed over transports that compress.
	Uncompressed bool

	// Local limits the selection to the sockets of this server. The Adapter does that.
	Local bool

	// Timeout bounds the wait for acknowledgements. With 0, only the context bounds it.
	Timeout time.Duration
}

// Adapter reaches the sockets of one namespace, wherever they are connected: on this server alone
// (MemoryAdapter, the default), or on all servers of a cluster. Config.Adapter makes it. Its
// methods may be called from any goroutine, and only those with a context wait for a client or for
// another server. They are not called with a lock of this package held.
type Adapter interface {
	// Broadcast queues an Event for each socket of the selection, once.
	Broadcast(p siopacket.Packet, to Selection, flags Flags)

	// BroadcastWithAck is Broadcast of an Event that each client is to acknowledge. It collects
	// until all have, or ctx ends. The answers are in the order of their arrival. The error is nil
	// or *MissingAnswersError.
	BroadcastWithAck(ctx context.Context, p siopacket.Packet, to Selection, flags Flags) ([]Answer, error)

	// FetchSockets describes the sockets of the selection. When ctx ends before every server has
	// answered, it returns the known ones and an error.
	FetchSockets(ctx context.Context, to Selection, flags Flags) ([]SocketInfo, error)

	// Join, Leave and Disconnect do with each socket of the selection what its own methods do.
	Join(to Selection, flags Flags, rooms []string)
	Leave(to Selection, flags Flags, rooms []string)
	Disconnect(to Selection, flags Flags, all bool)

	// ServerSideEmit sends an Event to the namespace on the other servers, where
	// MemoryAdapter.HandleServerSide takes it.
	ServerSideEmit(p siopacket.Packet)

	// ServerSideEmitWithAck collects their answers, one each. When ctx ends before all have
	// answered, it returns the answers that came and an error.
	ServerSideEmitWithAck(ctx context.Context, p siopacket.Packet) ([]Args, error)

	// Close leaves the cluster, and ends the waits for other servers. It is called once, at the end
	// of the namespace or of the server.
	Close()
}

// SocketInfo describes a socket, perhaps one of another server, at one moment.
type SocketInfo struct {
	ID        string         `json:"id"`        // the socket's id
	Rooms     []string       `json:"rooms"`     // its own id first
	Data      map[string]any `json:"data"`      // what Set has kept; from another server: as JSON is read into any
	Handshake Handshake      `json:"handshake"` // the request with which its client connected

	// RawData is Data as another server has written it, which Decode reads; nil for a socket of this
	// server. An Adapter sets it.
	RawData json.RawMessage `json:"-"`
}

// RoomEvent is a change in a namespace's rooms on this server. Each socket's id counts as a room.
type RoomEvent struct {
	Kind   RoomEventKind // what has happened
	Room   string        // the room's name
	Socket string        // the id; empty for RoomCreated and RoomDeleted
}

// RoomEventKind is the official name of an adapter's event.
type RoomEventKind string

// All kinds of RoomEvent. A room is created before its first socket joins, and deleted after its
// last has left.
const (
	RoomCreated RoomEventKind = "create-room"
	RoomJoined  RoomEventKind = "join-room"
	RoomLeft    RoomEventKind = "leave-room"
	RoomDeleted RoomEventKind = "delete-room"
)
