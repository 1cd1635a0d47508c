package sio

import (
	"log/slog"

	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/siopacket"
)

// Args are the arguments of an event or an acknowledgement as they came: not decoded yet, and
// immutable. Len counts them, Decode reads one into a Go value, Any returns one as Go's any, String
// prints them all. Emit and an Ack send Args again as they came. The methods are described at
// event.Args.
type Args = event.Args

// Event is an event that a client has sent, on its way to the handlers: its Name and its Args.
type Event = event.Event

// Ack is the func by which a handler acknowledges an event, with any number of values:
// ack("saved", 7). Only the first call sends; if the client has not asked for an acknowledgement,
// none does, and ack.Wanted reports false. It may be called from any goroutine, also after the
// handler has returned, and never waits for the client. Values that cannot be written are reported to
// OnError, and the client receives an object with the field "error".
type Ack = event.Ack

// On adds a handler for an event: a func whose parameters take the event's arguments, decoded from
// JSON ([]byte takes binary data). Behind them, a parameter Args or a variadic one takes the
// arguments that are left. The last parameter may be a func that acknowledges: an Ack, or one with
// the types of the answer, such as func(string).
//
// The handler may return an error. OnError receives it, and a client that still waits for an
// acknowledgement gets an object with its text in the field "error": return no secrets.
//
// The handlers of one socket run one at a time, in the order of the events, on the goroutine that
// reads from the client, as long as they are quick. EmitWithAck, Flush and Context let another
// goroutine read on, because their caller is about to wait. A handler that blocks on anything else
// delays the reading from this client until the next heartbeat is due; then another goroutine reads
// on, too.
//
// Events that come while a handler runs wait for it; when Config.MaxPending of them wait, the
// client is not read from until it has returned. Handlers of different sockets run at the same
// time: what they share needs a lock.
//
// Surplus arguments are dropped, and missing ones are the zero value, unless Config.Strict is set.
// An argument of the wrong type is an error: the handler is not called, OnError receives the error
// with the place of what does not fit, and a client that waits for an acknowledgement gets an
// object with the field "error".
//
// A panic in a handler is logged, with its stack in one line, and closes the client's connection:
// its sockets end with OnDisconnect. The server and the other clients go on.
//
// The func returned removes the handler. On panics if handler cannot be one, and says what to
// write; and for "connect", "connection", "disconnect" and the like, which have functions of their
// own.
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

// OnAny adds a function that is called with every event from the client, before the event's
// handlers and the middlewares of Use, on their goroutine. The func returned removes it.
func (s *Socket) OnAny(f func(name string, args Args)) (off func()) { return s.listeners.OnAny(f) }

// PrependAny is OnAny with a function that runs before all earlier ones.
func (s *Socket) PrependAny(f func(name string, args Args)) (off func()) {
	return s.listeners.PrependAny(f)
}

// OnAnyOutgoing adds a function that is called with every event to the client, broadcasts too, on the
// goroutine that emits it, which waits for it. The func returned removes it.
func (s *Socket) OnAnyOutgoing(f func(name string, args Args)) (off func()) {
	return s.listeners.OnAnyOutgoing(f)
}

// PrependAnyOutgoing is OnAnyOutgoing with a function that runs before all earlier ones.
func (s *Socket) PrependAnyOutgoing(f func(name string, args Args)) (off func()) {
	return s.listeners.PrependAnyOutgoing(f)
}

// OnError adds a function that is called with the error of each event that a handler could not
// take, that a middleware of Use refused, or for which a handler returned an error; of each
// acknowledgement that cannot be written; and of the message by which a client broke the protocol,
// after which it is closed. An argument that does not fit is named, counted from 1, such as
//
//	event "login": argument 2: .user.age: want int, got string
//
// and the error wraps a *siopacket.DecodeError. With no such function, Config.Log receives the
// errors. The func returned removes it.
func (s *Socket) OnError(f func(error)) (off func()) { return s.listeners.OnError(f) }

// Use adds a middleware that every later event passes, after OnAny and before its handlers, in the
// order of adding and on the handlers' goroutine. It may change the event's Name, and its Args by
// event.NewArgs. An error drops the event: OnError receives it, and the client does not.
func (s *Socket) Use(f func(*Event) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.middlewares = event.With(s.middlewares, f, false)
}

// OnDisconnecting adds a function that is called once at the end of a socket that has joined,
// before the socket leaves its rooms. It runs after the handler that runs at that moment. Added
// later, it is not called.
func (s *Socket) OnDisconnecting(f func(Reason)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onDisconnecting = event.With(s.onDisconnecting, f, false)
}

// OnDisconnect adds a function that is called once at the end of a socket that has joined, after
// the functions of OnDisconnecting, when the socket has left its rooms and its namespace. It is the
// last thing that runs for the socket. Added later, it is not called.
func (s *Socket) OnDisconnect(f func(Reason)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onDisconnect = event.With(s.onDisconnect, f, false)
}

// dispatch runs an event's handlers. It drops events from before the socket has joined and from
// after its end.
func (s *Socket) dispatch(p siopacket.Packet) {
	if !s.Connected() {
		return
	}
	if hook := s.client.server.config.Hooks.Received; hook != nil {
		s.client.server.guard(func() { hook(s, event.Of(p).Name, p.Size()) }, func() {})
	}
	s.mu.Lock()
	middlewares := s.middlewares
	s.mu.Unlock()
	ack := event.NewAck(p.HasID, func(data []byte, attachments [][]byte) {
		s.inbox.Guard(func() { // the goroutine may be the program's, and the parser too
			s.send(siopacket.Packet{
				Type: siopacket.Ack, Namespace: s.namespace.name, ID: p.ID, HasID: true,
				Data: data, Attachments: attachments,
			}, Flags{})
		})
	}, s.report)
	s.listeners.Dispatch(event.Of(p), middlewares, ack, s.report)
}

// report passes an error on to OnError's functions, or to the log if there are none.
func (s *Socket) report(err error) {
	functions := s.listeners.Errors()
	if len(functions) == 0 {
		s.client.log.Log(s.client.server.config.Log, slog.LevelWarn, "event refused", "socket", s.id, "err", event.Printable(err))
	}
	for _, f := range functions {
		s.inbox.Guard(func() { (*f)(err) }) // an Ack may report from a goroutine of the program
	}
}

// outgoing calls the functions for what goes out, on the sender's goroutine.
func (s *Socket) outgoing(p siopacket.Packet) {
	if s.listeners.HearOutgoing() {
		s.inbox.Guard(func() { s.listeners.Outgoing(p) })
	}
}
