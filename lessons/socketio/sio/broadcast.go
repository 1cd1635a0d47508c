package sio

import (
	"context"
	"slices"
	"time"

	"realtimelab/lessons/socketio/siopacket"
)

// Broadcast is a choice of sockets of one namespace, and how to send to them.
// Each method that returns a Broadcast leaves its receiver as it was.
type Broadcast struct {
	namespace *Namespace
	to        Selection
	flags     Flags
}

// To adds rooms; a socket in several of them receives once. A socket's id is a
// room that it alone is in.
func (b Broadcast) To(rooms ...string) Broadcast {
	b.to.Rooms = append(slices.Clip(b.to.Rooms), rooms...)
	return b
}

// In is another name for To.
func (b Broadcast) In(rooms ...string) Broadcast { return b.To(rooms...) }

// Except leaves out the sockets in any of the rooms.
func (b Broadcast) Except(rooms ...string) Broadcast {
	b.to.Except = append(slices.Clip(b.to.Except), rooms...)
	return b
}

// Volatile leaves out the clients that could not be sent to at once. They may
// miss the event for ever.
func (b Broadcast) Volatile() Broadcast {
	b.flags.Volatile = true
	return b
}

// Compress(false) sends the event as it is where the transport compresses.
func (b Broadcast) Compress(compress bool) Broadcast {
	b.flags.Uncompressed = !compress
	return b
}

// Local keeps to the sockets of this server, of all in the cluster.
func (b Broadcast) Local() Broadcast {
	b.flags.Local = true
	return b
}

// Timeout bounds EmitWithAck's wait.
func (b Broadcast) Timeout(d time.Duration) Broadcast {
	b.flags.Timeout = d
	return b
}

// Emit encodes the event once and sends it to every socket of the choice. All
// sockets see the broadcasts of a namespace in the same order. It waits for no
// client. The error is about the event or its arguments; a client that cannot
// be reached is none.
func (b Broadcast) Emit(event string, args ...any) error {
	packet, err := eventPacket(b.namespace.name, event, args)
	if err != nil {
		return err
	}
	b.namespace.adapter.Broadcast(packet, b.to, b.flags)
	return nil
}

// Send is Emit of the event "message".
func (b Broadcast) Send(args ...any) error { return b.Emit("message", args...) }

// EmitWithAck sends an event that each client is to answer, and collects the
// answers in the order in which they come, until all have answered, or until
// ctx ends or Timeout is over. If some have not, the error is a
// *MissingAnswers that names them, and the answers that came are returned too.
func (b Broadcast) EmitWithAck(ctx context.Context, event string, args ...any) ([]Answer, error) {
	packet, err := eventPacket(b.namespace.name, event, args)
	if err != nil {
		return nil, err
	}
	ctx, cancel := b.flags.within(ctx)
	defer cancel()
	return b.namespace.adapter.BroadcastWithAck(ctx, packet, b.to, b.flags)
}

// FetchSockets describes the sockets of the choice on every server, in no
// order. When ctx ends before all servers have answered, it returns those it
// knows, and the error.
func (b Broadcast) FetchSockets(ctx context.Context) ([]RemoteSocket, error) {
	infos, err := b.namespace.adapter.FetchSockets(ctx, b.to, b.flags)
	sockets := make([]RemoteSocket, 0, len(infos))
	for _, info := range infos {
		sockets = append(sockets, RemoteSocket{SocketInfo: info, Broadcast: Broadcast{namespace: b.namespace}.To(info.ID)})
	}
	return sockets, err
}

// SocketsJoin makes the sockets of the choice join rooms.
func (b Broadcast) SocketsJoin(rooms ...string) {
	b.namespace.adapter.Join(b.to, b.flags, rooms)
}

// SocketsLeave makes the sockets of the choice leave rooms.
func (b Broadcast) SocketsLeave(rooms ...string) {
	b.namespace.adapter.Leave(b.to, b.flags, rooms)
}

// DisconnectSockets disconnects the sockets of the choice from the namespace;
// with all, it ends their clients' whole connections.
func (b Broadcast) DisconnectSockets(all bool) {
	b.namespace.adapter.Disconnect(b.to, b.flags, all)
}

// RemoteSocket is a socket as it was when it was fetched, perhaps one of
// another server. Its Broadcast is the choice of this socket alone.
type RemoteSocket struct {
	SocketInfo
	Broadcast
}

// Join makes the socket join rooms.
func (s RemoteSocket) Join(rooms ...string) { s.SocketsJoin(rooms...) }

// Leave makes the socket leave rooms.
func (s RemoteSocket) Leave(rooms ...string) { s.SocketsLeave(rooms...) }

// Disconnect is DisconnectSockets of this socket.
func (s RemoteSocket) Disconnect(all bool) { s.DisconnectSockets(all) }

func eventPacket(namespace, event string, args []any) (siopacket.Packet, error) {
	if siopacket.IsReserved(event) {
		return siopacket.Packet{}, ErrReservedEvent
	}
	return anyEventPacket(namespace, event, args)
}

func anyEventPacket(namespace, event string, args []any) (siopacket.Packet, error) {
	values := make([]any, 0, 1+len(args))
	values = append(append(values, event), args...)
	data, attachments, err := siopacket.MarshalArgs(values...)
	if err != nil {
		return siopacket.Packet{}, err
	}
	return siopacket.Packet{Type: siopacket.Event, Namespace: namespace, Data: data, Attachments: attachments}, nil
}
