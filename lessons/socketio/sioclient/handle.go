package sioclient

import (
	"fmt"
	"log/slog"

	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/siopacket"
)

// On adds a handler of an event: a func whose parameters take the event's arguments, decoded from
// JSON ([]byte takes binary data). Behind them, a parameter Args or a variadic one takes the
// arguments that are left. The last parameter may be a func that acknowledges: an Ack, or one with
// the types of the answer, such as func(string).
//
// The handler may return an error. OnError gets it, and a server that still waits for an
// acknowledgement gets an object with its text in the field "error".
//
// The handlers of a socket run one at a time, in the order of the events, and may block. When
// Config.MaxPending events wait for them, the server is not read from until one has run. A handler's
// panic is logged, with its stack in one line, and does not end the process.
//
// Surplus arguments are dropped, and missing ones are the zero value, unless Config.Strict is set.
// An argument of the wrong type is an error: OnError gets it, and a server that waits for an answer
// gets an object with the field "error". The func returned removes the handler. On panics if
// handler cannot be one, or if the event is one that no server can send.
func (s *Socket) On(name string, handler any) (off func()) { return s.listeners.On(name, handler) }

// Once is On with a handler that is removed before it is called.
func (s *Socket) Once(name string, handler any) (off func()) { return s.listeners.Once(name, handler) }

// Prepend is On with a handler that runs before all earlier handlers.
func (s *Socket) Prepend(name string, handler any) (off func()) {
	return s.listeners.Prepend(name, handler)
}

// PrependOnce is Once with a handler that runs before all earlier handlers.
func (s *Socket) PrependOnce(name string, handler any) (off func()) {
	return s.listeners.PrependOnce(name, handler)
}

// Off removes every handler of the event. To remove one, call the func that On has returned.
func (s *Socket) Off(name string) { s.listeners.Off(name) }

// OnAny adds a function that is called with every event from the server, before the event's handlers,
// on their goroutine. The func returned removes it.
func (s *Socket) OnAny(f func(name string, args Args)) (off func()) { return s.listeners.OnAny(f) }

// PrependAny is OnAny with a function that runs before all earlier ones.
func (s *Socket) PrependAny(f func(name string, args Args)) (off func()) {
	return s.listeners.PrependAny(f)
}

// OnAnyOutgoing adds a function that is called with every event to the server, on the goroutine that
// emits it, which waits for it. The func returned removes it.
func (s *Socket) OnAnyOutgoing(f func(name string, args Args)) (off func()) {
	return s.listeners.OnAnyOutgoing(f)
}

// PrependAnyOutgoing is OnAnyOutgoing with a function that runs before all earlier ones.
func (s *Socket) PrependAnyOutgoing(f func(name string, args Args)) (off func()) {
	return s.listeners.PrependAnyOutgoing(f)
}

// OnError adds a function that is called with the error of each event that a handler could not take
// or for which it returned an error, and of each acknowledgement that cannot be written. An argument
// that does not fit is named, counted from 1, such as
//
//	event "login": argument 2: .user.age: want int, got string
//
// and the error wraps a *siopacket.DecodeError. With no such function, Config.Log receives the
// errors. The func returned removes it.
func (s *Socket) OnError(f func(error)) (off func()) { return s.listeners.OnError(f) }

// dispatch runs an event's handlers. The acknowledgement goes out over the connection that brought the
// event. If that is lost, or the namespace left, it is dropped: the server has stopped waiting.
func (s *Socket) dispatch(e *engine, p siopacket.Packet) {
	ack := event.NewAck(p.HasID, func(data []byte, attachments [][]byte) {
		if e.full() { // of answers to a server that asks and does not read
			s.report(fmt.Errorf("acknowledgement: %w", ErrQueueFull))
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.connected && s.engine == e {
			e.sendPacket(siopacket.Packet{
				Type: siopacket.Ack, Namespace: s.namespace, ID: p.ID, HasID: true, Data: data, Attachments: attachments,
			})
		}
	}, s.report)
	s.listeners.Dispatch(event.Of(p), nil, ack, s.report)
}

// report passes an error of an event on to OnError's functions, or to the log if there are none.
func (s *Socket) report(err error) {
	functions := s.listeners.Errors()
	if len(functions) == 0 {
		s.log.Log(s.manager.config.Log, slog.LevelWarn, "event refused", "namespace", s.namespace, "err", event.Printable(err))
	}
	for _, f := range functions {
		(*f)(err)
	}
}
