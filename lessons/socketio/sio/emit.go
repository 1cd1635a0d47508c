package sio

import (
	"context"
	"errors"
	"time"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/siopacket"
)

// Emission is a way to send to one socket: the value that Socket.Volatile, Socket.Compress and
// Socket.Timeout return. Its methods leave their receiver as it was, so one may be kept and used
// again, from any goroutine.
type Emission struct{ emitter }

// An emitter has the methods of Emission and Socket that send to one socket.
type emitter struct {
	socket *Socket
	flags  Flags
}

// Volatile drops an event if the client cannot be sent to at once, because earlier messages wait
// for it or no poll does. Emit then returns nil.
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

// Emit sends an event to the socket's client. It never waits for the client: what the client does
// not take at once is queued, up to engineio.Config.MaxQueue; Queued returns how much waits, and
// Flush waits until the client has taken it. The events of one goroutine arrive in the order of
// their calls. The error is ErrReservedEvent, ErrDisconnected, engineio.ErrClosed or
// engineio.ErrSlowClient, or says which argument cannot be written. From a middleware, the event
// goes out before the answer to CONNECT; the official client keeps it until then. With connection
// state recovery, Emit also returns nil while the client is away: the client receives the event if
// it comes back in time. Once the state is forgotten, or belongs to a new socket, Emit returns
// ErrDisconnected. An event that fails with engineio.ErrSlowClient is replayed all the same to a
// client that comes back.
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
	if s.recovery != nil && joined { // a client that is away must find it in the history, like a broadcast
		err := s.namespace.local.broadcast(packet, Selection{Rooms: []string{s.id}}, e.flags, s)
		switch {
		case errors.Is(err, engineio.ErrClosed):
			return nil // the client has just gone, and may come back
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
// returns. It ends with ErrTimeout, with ctx's error, or with ErrDisconnected when the socket ends;
// otherwise it fails as Emit does. A handler may call it: the client is read meanwhile, see
// Socket.On. The event is not kept for a client that is away.
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
// acknowledgement into a T, as a handler's parameter is decoded; an empty acknowledgement is the
// zero value. target is a *Socket or an Emission. The error is EmitWithAck's; or a *RemoteError if
// the acknowledgement is an object whose only field is a string "error", as a Go client sends it
// when a handler fails; or it says what does not fit into a T.
func Ask[T any](ctx context.Context, target event.Asker, name string, args ...any) (T, error) {
	return event.Ask[T](ctx, target, name, args...)
}

// Flush waits until the client has taken all that was sent to it. Between the parts of a large
// burst it keeps the queue below engineio.Config.MaxQueue. The error is ctx's, or
// engineio.ErrClosed when the connection ends first. A handler may call it: the client is read
// meanwhile, see Socket.On.
func (s *Socket) Flush(ctx context.Context) error { return s.client.session.Flush(ctx) }

// Queued returns the number of bytes that wait for the client, plus 64 for each message. All
// sockets of one client share the queue.
func (s *Socket) Queued() int { return s.client.session.Queued() }

// send writes a packet to the client, or drops it if it is volatile and would have to wait.
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
