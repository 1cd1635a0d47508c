package sio

import (
	"context"
	"errors"
	"time"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/siopacket"
)

// Emission holds options for sending to one socket: the result of Socket.Volatile, Socket.Compress
// and Socket.Timeout. Its methods do not change their receiver, so an Emission may be stored and
// reused, from any goroutine.
type Emission struct{ emitter }

// An emitter has the methods of Emission and Socket that send to one socket.
type emitter struct {
	socket *Socket
	flags  Flags
}

// Volatile drops an event if the client cannot receive it at once, because earlier messages are
// queued or no poll is waiting. Emit then returns nil.
func (e emitter) Volatile() Emission {
	e.flags.Volatile = true
	return Emission{e}
}

// Compress says whether a transport that compresses messages compresses this one. By default it
// does.
func (e emitter) Compress(compress bool) Emission {
	e.flags.Uncompressed = !compress
	return Emission{e}
}

// Timeout bounds the wait of EmitWithAck, which then fails with ErrTimeout. Zero or less ends the
// wait at once, as in the official server. Without Timeout, only the context bounds it.
func (e emitter) Timeout(d time.Duration) Emission {
	e.flags.Timeout = max(d, 1)
	return Emission{e}
}

// Emit sends an event to the socket's client. It never waits for the client: events that the client
// does not take at once are queued, up to engineio.Config.MaxQueue. Queued returns the size of the
// queue, and Flush waits until it is empty. The events of one goroutine arrive in the order of the
// calls. The error is ErrReservedEvent, ErrDisconnected, engineio.ErrClosed or
// engineio.ErrSlowClient, or names the argument that cannot be encoded. In a middleware, the event
// goes out before the answer to CONNECT; the official client holds it back until then. With
// connection state recovery, Emit also returns nil while the client is disconnected: the client
// receives the event if it reconnects in time. Once the state is forgotten, or belongs to a new
// socket, Emit returns ErrDisconnected. An event that fails with engineio.ErrSlowClient is still
// replayed if the client recovers. If the servers of a cluster share the recovery (see
// SessionStore), Emit returns before the event has its place in their order: an acknowledgement may
// overtake it, and Emit does not report a slow client.
func (e emitter) Emit(name string, args ...any) error {
	s := e.socket
	packet, err := eventPacket(s.namespace.name, name, args)
	if err != nil {
		return err
	}
	s.mu.Lock()
	joined, ended, lost := s.joined, s.ended, s.ended && !s.mayReturn
	s.mu.Unlock()
	if lost {
		return ErrDisconnected
	}
	local := s.namespace.local
	if s.recovery != nil && joined && local.shares() && !e.flags.Volatile && local.reaches(s) {
		s.namespace.adapter.Broadcast(packet, Selection{Rooms: []string{s.id}}, e.flags)
		return nil
	}
	if s.recovery != nil && joined && !local.shares() {
		// a disconnected client must find it in the history, like a broadcast
		err := local.broadcast(packet, Selection{Rooms: []string{s.id}}, e.flags, s)
		switch {
		case errors.Is(err, engineio.ErrClosed):
			return nil // the client has just disconnected, and may recover
		case err != ErrDisconnected || ended:
			return err
		}
		// The socket is just entering the namespace, or has just ended: send tells them apart.
	}
	s.outgoing(packet)
	return s.send(packet, e.flags)
}

// Send is Emit of the event "message".
func (e emitter) Send(args ...any) error { return e.Emit("message", args...) }

// EmitWithAck sends an event and waits for the client's acknowledgement, whose arguments it
// returns. The error is ErrTimeout, ctx's error, ErrDisconnected when the socket ends, or one of
// Emit's. A handler may call it: the server keeps reading from the client, see Socket.On. The event
// is not stored for a disconnected client.
func (e emitter) EmitWithAck(ctx context.Context, name string, args ...any) (Args, error) {
	s := e.socket
	packet, err := eventPacket(s.namespace.name, name, args)
	if err != nil {
		return Args{}, err
	}
	type result struct {
		args Args
		err  error
	}
	answer := make(chan result, 1)
	packet.ID, packet.HasID = s.namespace.lastAck.Add(1)-1, true
	s.acks.Expect(packet.ID, func(args Args, err error) { answer <- result{args, err} })
	defer s.acks.Forget(packet.ID)
	s.outgoing(packet)
	if err := s.send(packet, e.flags); err != nil {
		return Args{}, err
	}
	ctx, cancel := e.flags.within(ctx)
	defer cancel()
	s.client.session.ReadOn() // the caller may be a handler, on the goroutine that reads the answer
	select {
	case got := <-answer:
		return got.args, got.err
	case <-ctx.Done():
		return Args{}, context.Cause(ctx)
	}
}

// A RemoteError says that the client's handler has failed: see Ask.
type RemoteError = event.RemoteError

// Ask sends an event with target's EmitWithAck, and decodes the first argument of the
// acknowledgement into a T, like a handler's parameter; an empty acknowledgement is the zero value.
// target is a *Socket or an Emission. The error is EmitWithAck's, or a *RemoteError if the
// acknowledgement is an object whose only field is a string "error", which a Go client sends when a
// handler fails. If the argument does not fit into a T, the error says where.
func Ask[T any](ctx context.Context, target event.Asker, name string, args ...any) (T, error) {
	return event.Ask[T](ctx, target, name, args...)
}

// Flush waits until the client's queue is empty. Call it between the parts of a large burst to keep
// the queue below engineio.Config.MaxQueue. The error is ctx's, or engineio.ErrClosed if the
// connection closes first. A handler may call it: the server keeps reading from the client, see
// Socket.On.
func (s *Socket) Flush(ctx context.Context) error { return s.client.session.Flush(ctx) }

// Queued returns the size of the client's queue in bytes, with 64 added for each message. All
// sockets of one client share the queue.
func (s *Socket) Queued() int { return s.client.session.Queued() }

// send writes a packet to the client, or drops it if it is volatile and would be queued.
func (s *Socket) send(p siopacket.Packet, flags Flags) error {
	s.mu.Lock()
	ended := s.ended
	s.mu.Unlock()
	if ended {
		return ErrDisconnected
	}
	if flags.Volatile && !s.client.session.Writable() {
		return nil
	}
	err := s.client.session.Send(s.client.server.frames(p, flags)...)
	if err == nil && p.Type == siopacket.Event {
		s.namespace.sent(p, 1)
	}
	return err
}

func eventPacket(namespace, name string, args []any) (siopacket.Packet, error) {
	if siopacket.IsReserved(name) {
		return siopacket.Packet{}, ErrReservedEvent
	}
	return event.Packet(namespace, name, args)
}
