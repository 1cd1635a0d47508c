package sioclient

import (
	"context"

	"realtimelab/lessons/socketio/siopacket"
)

// Emit sends an event. While the socket is not connected, events are kept, and
// sent in order when it is. The error is about the event or its arguments, or
// ErrDisconnected once the Manager is closed.
func (s *Socket) Emit(event string, args ...any) error {
	p, err := s.event(event, args)
	if err != nil {
		return err
	}
	if s.manager.config.Retries > 0 {
		return s.queue(retry{packet: p})
	}
	return s.sendOrKeep(p)
}

// Send is Emit of the event "message".
func (s *Socket) Send(args ...any) error { return s.Emit("message", args...) }

// EmitVolatile is Emit of an event that is dropped if it cannot go out at once.
func (s *Socket) EmitVolatile(event string, args ...any) error {
	p, err := s.event(event, args)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.connected && s.joinedOn != nil && s.joinedOn.writable() {
		s.joinedOn.sendPacket(p)
	}
	return nil
}

// EmitWithAck sends an event and waits for the server's answer, at most until
// ctx ends or Config.AckTimeout is over: then the error is ErrTimeout, or ctx's
// cause. It is ErrDisconnected if the connection is lost meanwhile. With
// Config.Retries the event waits for those before it and is tried as often as
// they are, also when nobody waits for its answer any more.
func (s *Socket) EmitWithAck(ctx context.Context, event string, args ...any) (siopacket.Args, error) {
	p, err := s.event(event, args)
	if err != nil {
		return siopacket.Args{}, err
	}
	if s.manager.config.Retries > 0 {
		return s.askInTurn(ctx, p)
	}
	ctx, cancel := s.withAckTimeout(ctx)
	defer cancel()
	return s.ask(ctx, p)
}

func (s *Socket) withAckTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if d := s.manager.config.AckTimeout; d > 0 {
		return context.WithTimeoutCause(ctx, d, ErrTimeout)
	}
	return ctx, func() {}
}

func (s *Socket) ask(ctx context.Context, p siopacket.Packet) (siopacket.Args, error) {
	answers := make(chan answer, 1)
	s.mu.Lock()
	p.ID, p.HasID = s.nextAck, true
	s.nextAck++
	s.acks[p.ID] = answers
	s.mu.Unlock()
	if err := s.sendOrKeep(p); err != nil {
		s.forget(p.ID)
		return siopacket.Args{}, err
	}
	select {
	case a := <-answers:
		return a.args, a.err
	case <-ctx.Done():
		s.forget(p.ID)
		return siopacket.Args{}, context.Cause(ctx)
	}
}

// forget drops a wanted answer, and its event if that still waits to be sent.
func (s *Socket) forget(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.acks, id)
	for i, p := range s.sendBuffer {
		if p.HasID && p.ID == id {
			s.sendBuffer = append(s.sendBuffer[:i:i], s.sendBuffer[i+1:]...)
			return
		}
	}
}

func (s *Socket) event(event string, args []any) (siopacket.Packet, error) {
	if siopacket.IsReserved(event) {
		return siopacket.Packet{}, ErrReservedEvent
	}
	values := make([]any, 0, 1+len(args))
	data, attachments, err := siopacket.MarshalArgs(append(append(values, event), args...)...)
	if err != nil {
		return siopacket.Packet{}, err
	}
	p := siopacket.Packet{Type: siopacket.Event, Namespace: s.namespace, Data: data, Attachments: attachments}
	s.tellOutgoing(p)
	return p, nil
}

func (s *Socket) sendOrKeep(p siopacket.Packet) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stopped:
		return ErrDisconnected
	case s.connected && s.joinedOn != nil:
		s.joinedOn.sendPacket(p)
	default:
		s.sendBuffer = append(s.sendBuffer, p)
	}
	return nil
}
