package sioclient

import (
	"fmt"
	"log/slog"

	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/siopacket"
)

// On adds a handler for an event: a func whose parameters take the event's arguments, decoded from
// JSON ([]byte takes binary data). After them, a parameter of type Args or a variadic parameter
// takes the remaining arguments. The last parameter may be a func that acknowledges: an Ack, or a
// func with the types of the answer, such as func(string).
//
// The handler may return an error. OnError gets it, and a server that still waits for an
// acknowledgement gets an object with its text in the field "error".
//
// The handlers of a socket run one at a time, in the order of the events, and may block. When
// Config.MaxPending events wait for them, the client stops reading until a handler has returned. A
// handler's panic is logged, with its stack in one line, and does not end the process.
//
// Surplus arguments are dropped, and missing ones are the zero value, unless Config.Strict is set.
// An argument of the wrong type is an error: OnError gets it, and a server that waits for an answer
// gets an object with the field "error". The returned func removes the handler. On panics if
// handler is not a valid handler, or if no server can send the event.
func (s *Socket) On(name string, handler any) (off func()) { return s.listeners.On(name, handler) }

// Once is On with a handler that is removed before it is called.
func (s *Socket) Once(name string, handler any) (off func()) {
	return s.listeners.Once(name, handler)
}

// Prepend is On with a handler that runs before all earlier handlers.
func (s *Socket) Prepend(name string, handler any) (off func()) {
	return s.listeners.Prepend(name, handler)
}

// PrependOnce is Once with a handler that runs before all earlier handlers.
func (s *Socket) PrependOnce(name string, handler any) (off func()) {
	return s.listeners.PrependOnce(name, handler)
}

// Off removes every handler of the event. To remove only one, call the func that On returned.
func (s *Socket) Off(name string) { s.listeners.Off(name) }

// OnAny adds a function that is called with every event from the server, before the event's
// handlers, on their goroutine. The returned func removes it.
func (s *Socket) OnAny(f func(name string, args Args)) (off func()) { return s.listeners.OnAny(f) }

// PrependAny is OnAny with a function that runs before all earlier ones.
func (s *Socket) PrependAny(f func(name string, args Args)) (off func()) {
	return s.listeners.PrependAny(f)
}

// OnUnhandled adds a function that is called with every event from the server that has no handler,
// on the goroutine of the handlers. Without it, such events are not acknowledged. The returned func
// removes it.
func (s *Socket) OnUnhandled(f func(name string, args Args, ack Ack)) (off func()) {
	return s.listeners.OnUnhandled(f)
}

// OnAnyOutgoing adds a function that is called with every event to the server, on the goroutine
// that emits it. The returned func removes it.
func (s *Socket) OnAnyOutgoing(f func(name string, args Args)) (off func()) {
	return s.listeners.OnAnyOutgoing(f)
}

// PrependAnyOutgoing is OnAnyOutgoing with a function that runs before all earlier ones.
func (s *Socket) PrependAnyOutgoing(f func(name string, args Args)) (off func()) {
	return s.listeners.PrependAnyOutgoing(f)
}

// OnError adds a function that is called with an error in these cases: an argument does not fit a
// handler's parameter, a handler returns an error, or an acknowledgement cannot be encoded. An
// argument that does not fit is numbered from 1, as in
//
//	event "login": argument 2: .user.age: want int, got string
//
// and the error wraps a *siopacket.DecodeError. Without such a function, Config.Log receives the
// errors. The returned func removes it.
func (s *Socket) OnError(f func(error)) (off func()) { return s.listeners.OnError(f) }

// dispatch runs an event's handlers. The acknowledgement goes out over the connection that brought
// the event. If the connection was lost, or the socket has left the namespace, it is dropped,
// because the server no longer waits for it.
func (s *Socket) dispatch(e *engine, p siopacket.Packet) {
	ack := event.NewAck(p.HasID, func(data []byte, attachments [][]byte) {
		if e.full() { // with acknowledgements, if the server does not read
			s.report(fmt.Errorf("acknowledgement: %w", ErrQueueFull))
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.connected && s.engine == e {
			e.sendPacket(siopacket.Packet{
				Type: siopacket.Ack, Namespace: s.namespace, ID: p.ID, HasID: true, Data: data,
				Attachments: attachments,
			})
		}
	}, s.report)
	s.listeners.Dispatch(event.Of(p), nil, ack, s.report)
}

// report passes an event's error to OnError's functions, or to the log without such functions.
func (s *Socket) report(err error) {
	functions := s.listeners.Errors()
	if len(functions) == 0 {
		s.log.Log(s.manager.config.Log, slog.LevelWarn, "event refused", "namespace", s.namespace,
			"err", event.Printable(err))
	}
	for _, f := range functions {
		(*f)(err)
	}
}
