package sio

import (
	"context"
	"time"

	"realtimelab/lessons/socketio/siopacket"
)

// Emission is a way to send to one socket. Each method that returns an
// Emission leaves its receiver as it was.
type Emission struct {
	socket *Socket
	flags  Flags
}

// Volatile drops the event if the client cannot be sent to at once.
func (e Emission) Volatile() Emission {
	e.flags.Volatile = true
	return e
}

// Compress(false) sends the event as it is where the transport compresses.
func (e Emission) Compress(compress bool) Emission {
	e.flags.Uncompressed = !compress
	return e
}

// Timeout bounds EmitWithAck's wait.
func (e Emission) Timeout(d time.Duration) Emission {
	e.flags.Timeout = d
	return e
}

// Emit sends an event to the socket's client. From a middleware, it goes out
// before the answer to CONNECT; the official client keeps it until then. With
// connection state recovery, a client that is away receives it when it is back.
func (e Emission) Emit(event string, args ...any) error {
	s := e.socket
	packet, err := eventPacket(s.namespace.name, event, args)
	switch {
	case err != nil:
		return err
	case s.isRemembered(): // and so must be what it misses, like a broadcast
		s.namespace.local.Broadcast(packet, Selection{Rooms: []string{s.id}}, e.flags)
		return nil
	case s.hasEnded():
		return ErrDisconnected
	}
	s.outgoing(packet)
	return s.send(packet, e.flags)
}

// Send is Emit of the event "message".
func (e Emission) Send(args ...any) error { return e.Emit("message", args...) }

// EmitWithAck sends an event and waits for the client's answer. The error is
// ErrTimeout, ErrDisconnected, or ctx's.
func (e Emission) EmitWithAck(ctx context.Context, event string, args ...any) (Args, error) {
	s := e.socket
	packet, err := eventPacket(s.namespace.name, event, args)
	if err != nil {
		return Args{}, err
	}
	type result struct {
		args Args
		err  error
	}
	answer := make(chan result, 1)
	packet.ID, packet.HasID = s.namespace.lastAck.Add(1)-1, true
	s.acks.expect(packet.ID, func(args Args, err error) { answer <- result{args, err} })
	s.outgoing(packet)
	if err := s.send(packet, e.flags); err != nil {
		s.acks.forget(packet.ID)
		return Args{}, err
	}
	ctx, cancel := e.flags.within(ctx)
	defer cancel()
	s.client.session.Reclaim() // a handler that asks its own client runs on the goroutine that reads the answer
	select {
	case got := <-answer:
		return got.args, got.err
	case <-ctx.Done():
		s.acks.forget(packet.ID)
		return Args{}, context.Cause(ctx)
	}
}

// Emit sends an event to this socket's client.
func (s *Socket) Emit(event string, args ...any) error {
	return Emission{socket: s}.Emit(event, args...)
}

// Send is Emit of the event "message".
func (s *Socket) Send(args ...any) error { return s.Emit("message", args...) }

// EmitWithAck is Emission.EmitWithAck without a timeout of its own.
func (s *Socket) EmitWithAck(ctx context.Context, event string, args ...any) (Args, error) {
	return Emission{socket: s}.EmitWithAck(ctx, event, args...)
}

// Volatile is Emission.Volatile.
func (s *Socket) Volatile() Emission { return Emission{socket: s}.Volatile() }

// Compress is Emission.Compress.
func (s *Socket) Compress(compress bool) Emission { return Emission{socket: s}.Compress(compress) }

// Timeout is Emission.Timeout.
func (s *Socket) Timeout(d time.Duration) Emission { return Emission{socket: s}.Timeout(d) }

// send gives a packet to the client. A volatile one may be dropped.
func (s *Socket) send(p siopacket.Packet, flags Flags) error {
	if s.hasEnded() {
		return ErrDisconnected
	}
	if flags.Volatile && !s.client.session.Writable() {
		return nil
	}
	return s.client.send(p, flags)
}
