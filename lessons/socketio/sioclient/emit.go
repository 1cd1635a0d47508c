package sioclient

import (
	"context"
	"errors"
	"slices"

	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/siopacket"
)

// Errors of Emit and EmitWithAck, besides those for an argument that cannot be encoded.
var (
	// ErrTimeout says that an acknowledgement did not arrive within Config.AckTimeout.
	ErrTimeout = errors.New("operation has timed out")

	// ErrDisconnected says that an acknowledgement can no longer arrive, or that the socket is
	// closed.
	ErrDisconnected = errors.New("socket has been disconnected")

	// ErrQueueFull says that Config.MaxQueue bytes are queued. The event is not sent.
	ErrQueueFull = errors.New("sioclient: the queue is full: see Config.MaxQueue")

	// ErrReservedEvent says that the protocol reserves the event name, such as "connect".
	ErrReservedEvent = errors.New("sioclient: the event name is reserved")
)

// outgoing is an event to send. answer is called once with its acknowledgement, and must not block;
// it is nil if the event wants none.
type outgoing struct {
	packet siopacket.Packet
	answer func(Args, error)
}

// Emit sends an event, and does not wait for the server. While the socket is not connected, events
// are queued in memory, to be sent in order when it connects. Queued returns the size of the queue,
// and Flush waits until it is sent. The error is ErrReservedEvent, ErrQueueFull, ErrDisconnected if
// the Manager is closed, or names the argument that cannot be encoded.
func (s *Socket) Emit(name string, args ...any) error {
	p, err := s.event(name, args)
	if err != nil {
		return err
	}
	if s.manager.config.Retries > 0 {
		return s.enqueueRetry(&retry{packet: p})
	}
	return s.send(outgoing{packet: p})
}

// Send is Emit of the event "message".
func (s *Socket) Send(args ...any) error { return s.Emit("message", args...) }

// EmitVolatile is Emit, but drops the event if it cannot be sent at once: while the socket is not
// connected, or earlier packets are still being written.
func (s *Socket) EmitVolatile(name string, args ...any) error {
	p, err := s.event(name, args)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.connected && s.engine != nil && s.engine.writable() {
		s.write(outgoing{packet: p})
	}
	return nil
}

// EmitWithAck sends an event and waits for the server's acknowledgement, at most until ctx ends or
// Config.AckTimeout has passed. A handler may call it: the client keeps reading, unless
// Config.MaxPending events wait. The error is one of Emit's, ErrTimeout, the cause of ctx, or
// ErrDisconnected if Disconnect is called or the connection is lost after the event was sent. After
// ErrTimeout or the end of ctx, an event that still waits for a connection is not sent.
//
// With Config.Retries, the event waits until earlier events are acknowledged, and the client tries
// to deliver it even after ctx has ended, until Disconnect.
func (s *Socket) EmitWithAck(ctx context.Context, name string, args ...any) (Args, error) {
	p, err := s.event(name, args)
	if err != nil {
		return Args{}, err
	}
	if s.manager.config.Retries == 0 {
		return s.ask(ctx, p)
	}
	outcome := make(chan answer, 1)
	if err := s.enqueueRetry(&retry{packet: p, outcome: outcome}); err != nil {
		return Args{}, err
	}
	select {
	case a := <-outcome:
		return a.args, a.err
	case <-ctx.Done():
		return Args{}, context.Cause(ctx)
	}
}

// A RemoteError says that the server's handler has failed: see Ask.
type RemoteError = event.RemoteError

// Ask sends an event with target's EmitWithAck, and decodes the first argument of the
// acknowledgement into a T, like a handler's parameter. An empty acknowledgement is the zero value.
// target is a *Socket, or any value with its EmitWithAck. The error is EmitWithAck's, or a
// *RemoteError if the acknowledgement is an object whose only field is a string "error", which a
// server of package sio sends when a handler fails. If the argument does not fit into a T, the
// error says where.
func Ask[T any](ctx context.Context, target event.Asker, name string, args ...any) (T, error) {
	return event.Ask[T](ctx, target, name, args...)
}

// An answer is the acknowledgement of an event, or an error instead of it.
type answer struct {
	args Args
	err  error
}

// ask sends an event once and waits for its acknowledgement.
func (s *Socket) ask(ctx context.Context, p siopacket.Packet) (Args, error) {
	if d := s.manager.config.AckTimeout; d > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, d, ErrTimeout)
		defer cancel()
	}
	answers := make(chan answer, 1)
	s.mu.Lock()
	p.ID, p.HasID = s.nextAck, true
	s.nextAck++
	s.mu.Unlock()
	if err := s.send(outgoing{p, func(args Args, err error) {
		answers <- answer{args, err}
	}}); err != nil {
		return Args{}, err
	}
	select {
	case a := <-answers:
		return a.args, a.err
	case <-ctx.Done():
		s.mu.Lock()
		defer s.mu.Unlock()
		s.acks.Forget(p.ID)
		s.buffer = slices.DeleteFunc(s.buffer, func(o outgoing) bool {
			found := o.answer != nil && o.packet.ID == p.ID
			if found {
				s.waiting -= eventCost(o.packet)
			}
			return found
		})
		return Args{}, context.Cause(ctx)
	}
}

// event returns the packet of an event, after it has called the functions of OnAnyOutgoing.
func (s *Socket) event(name string, args []any) (siopacket.Packet, error) {
	if siopacket.IsReserved(name) {
		return siopacket.Packet{}, ErrReservedEvent
	}
	p, err := event.Packet(s.namespace, name, args)
	if err == nil && s.listeners.HearOutgoing() {
		s.listeners.Outgoing(p)
	}
	return p, err
}

// send writes an event, or buffers it until the socket is connected.
func (s *Socket) send(o outgoing) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrDisconnected
	case s.connected && s.engine != nil:
		if s.engine.full() && s.manager.config.Retries == 0 { // Retries count in enqueueRetry
			return ErrQueueFull
		}
		s.write(o)
	default:
		if s.waiting >= s.manager.config.MaxQueue && s.manager.config.Retries == 0 {
			return ErrQueueFull
		}
		s.buffer = append(s.buffer, o)
		s.waiting += eventCost(o.packet)
	}
	return nil
}

// eventCost returns the bytes for which an event counts in Config.MaxQueue.
func eventCost(p siopacket.Packet) int {
	bytes := len(p.Data) + packetCost
	for _, data := range p.Attachments {
		bytes += len(data) + packetCost
	}
	return bytes
}

// Flush waits until the connection's queue is empty: over WebSocket, until it is passed to the
// kernel; over polling, until the server has answered the POST. All sockets of a Manager share the
// connection. Flush does not wait for events that Retries holds back. The error is the cause of
// ctx, or ErrDisconnected if the socket is not connected or the connection ends first.
func (s *Socket) Flush(ctx context.Context) error {
	s.mu.Lock()
	connected, e := s.connected, s.engine
	s.mu.Unlock()
	if !connected || e == nil {
		return ErrDisconnected
	}
	select {
	case <-e.whenDrained():
		return nil
	case <-e.ctx.Done():
		return ErrDisconnected
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Queued returns the number of queued bytes, as Config.MaxQueue counts them: in the socket's queue,
// and in the connection's queue, which all sockets share.
func (s *Socket) Queued() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.engine == nil {
		return s.waiting
	}
	s.engine.mu.Lock()
	defer s.engine.mu.Unlock()
	return s.waiting + s.engine.queued
}

// write passes an event to the engine. The caller holds mu.
func (s *Socket) write(o outgoing) {
	if o.answer != nil && !s.acks.ExpectIfOpen(o.packet.ID, o.answer) {
		o.answer(Args{}, ErrDisconnected)
		return
	}
	s.engine.sendPacket(o.packet)
}
