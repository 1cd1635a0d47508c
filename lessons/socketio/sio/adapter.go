package sio

import (
	"context"
	"encoding/json"
	"time"

	"realtimelab/lessons/socketio/siopacket"
)

// Selection selects sockets of a namespace: the members of any of Rooms, or all sockets if Rooms is
// empty, except the members of any of Except. Each socket's id is a room that contains only that
// socket.
type Selection struct {
	Rooms  []string
	Except []string
}

// Flags say how a packet is sent.
type Flags struct {
	// Volatile skips clients that cannot receive the packet at once.
	Volatile bool

	// Uncompressed sends the packet uncompressed over transports that compress.
	Uncompressed bool

	// Local limits the selection to the sockets of this server. The Adapter applies it.
	Local bool

	// Timeout bounds the wait for acknowledgements. With 0, only the context bounds it.
	Timeout time.Duration
}

// Adapter sends to the sockets of one namespace: those on this server only (MemoryAdapter, the
// default), or those on all servers of a cluster. Config.Adapter returns it. Its methods may be
// called from any goroutine, and only methods with a context wait for a client or for another
// server. This package calls them without holding a lock.
type Adapter interface {
	// Broadcast queues an Event for each socket of the selection, once.
	Broadcast(p siopacket.Packet, to Selection, flags Flags)

	// BroadcastWithAck is Broadcast of an Event that asks each client for an acknowledgement. It
	// returns when all have arrived or ctx ends. The answers are in the order of their arrival. The
	// error is nil or *MissingAnswersError.
	BroadcastWithAck(ctx context.Context, p siopacket.Packet, to Selection,
		flags Flags) ([]Answer, error)

	// FetchSockets describes the sockets of the selection. If ctx ends before every server has
	// answered, it returns the sockets of the servers that have, and an error.
	FetchSockets(ctx context.Context, to Selection, flags Flags) ([]SocketInfo, error)

	// Join, Leave and Disconnect call the methods of the same name on each socket of the selection.
	Join(to Selection, flags Flags, rooms []string)
	Leave(to Selection, flags Flags, rooms []string)
	Disconnect(to Selection, flags Flags, all bool)

	// ServerSideEmit sends an Event to the namespace on the other servers, whose adapters pass it
	// to MemoryAdapter.HandleServerSide.
	ServerSideEmit(p siopacket.Packet)

	// ServerSideEmitWithAck is ServerSideEmit, and returns one answer from each server. If ctx ends
	// before all have answered, it returns the answers so far and an error.
	ServerSideEmitWithAck(ctx context.Context, p siopacket.Packet) ([]Args, error)

	// Close leaves the cluster, and ends calls that wait for other servers. It is called once, when
	// the namespace is removed or the server closes.
	Close()
}

// SocketInfo describes a socket, perhaps one of another server, at one moment.
type SocketInfo struct {
	ID    string   `json:"id"`    // the socket's id
	Rooms []string `json:"rooms"` // its own id first
	// the values of Set; from another server, decoded from JSON into any
	Data      map[string]any `json:"data"`
	Handshake Handshake      `json:"handshake"` // the request with which its client connected

	// RawData is Data as JSON from another server, for Decode; nil for a socket of this server. An
	// Adapter sets it.
	RawData json.RawMessage `json:"-"`
}

// RoomEvent is a change in a namespace's rooms on this server. Each socket's id counts as a room.
type RoomEvent struct {
	Kind   RoomEventKind // which change
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
