package sio

import (
	"log/slog"

	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/siopacket"
)

// Args are the arguments of an event or an acknowledgement as received: not decoded yet, and
// immutable. Len counts them, Decode decodes one into a Go value, Any returns one as a Go any, and
// String formats them all. Emit and an Ack send Args on unchanged. See event.Args for the methods.
type Args = event.Args

// Event is an event from a client, with its Name and its Args, before its handlers run.
type Event = event.Event

// Ack is the func by which a handler acknowledges an event, with any number of values: ack("saved",
// 7). Only the first call sends; if the client has not asked for an acknowledgement, no call sends,
// and ack.Wanted reports false. It may be called from any goroutine, even after the handler has
// returned, and never waits for the client. Values that cannot be encoded are reported to OnError,
// and the client receives an object with the field "error".
type Ack = event.Ack

// On adds a handler for an event: a func whose parameters take the event's arguments, decoded from
// JSON ([]byte takes binary data). After them, a parameter of type Args or a variadic parameter
// takes the remaining arguments. The last parameter may be a func that acknowledges: an Ack, or a
// func with the types of the answer, such as func(string).
//
// The handler may return an error. OnError receives it, and a client that still waits for an
// acknowledgement gets an object with its text in the field "error": return no secrets.
//
// The handlers of one socket run one at a time, in the order of the events, on the goroutine that
// reads from the client, as long as they are quick. EmitWithAck, Flush and Context let another
// goroutine continue reading, because their caller is about to block. A handler that blocks on
// anything else delays the reading from this client until the next heartbeat is due; then another
// goroutine continues, too.
//
// Events that arrive while a handler runs are queued; when Config.MaxPending are queued, the server
// stops reading from the client until the handler has returned. Handlers of different sockets run
// at the same time: shared data needs a lock.
//
// Surplus arguments are dropped, and missing ones are the zero value, unless Config.Strict is set.
// An argument of the wrong type is an error: the handler is not called, OnError receives an error
// that says where, and a client that waits for an acknowledgement gets an object with the field
// "error".
//
// A panic in a handler is logged, with its stack in one line, and closes the client's connection:
// its sockets end with OnDisconnect. The server and the other clients go on.
//
// The returned func removes the handler. On panics if handler is not a valid handler, with a
// message that says how to correct it. It also panics for "connect", "connection", "disconnect" and
// the like, which have their own functions.
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

// OnAny adds a function that is called with every event from the client, before the event's
// handlers and the middlewares of Use, on their goroutine. The returned func removes it.
func (s *Socket) OnAny(f func(name string, args Args)) (off func()) { return s.listeners.OnAny(f) }

// PrependAny is OnAny with a function that runs before all earlier ones.
func (s *Socket) PrependAny(f func(name string, args Args)) (off func()) {
	return s.listeners.PrependAny(f)
}

// OnAnyOutgoing adds a function that is called with every event to the client, including
// broadcasts. It runs on the goroutine that emits the event. The returned func removes it.
func (s *Socket) OnAnyOutgoing(f func(name string, args Args)) (off func()) {
	return s.listeners.OnAnyOutgoing(f)
}

// PrependAnyOutgoing is OnAnyOutgoing with a function that runs before all earlier ones.
func (s *Socket) PrependAnyOutgoing(f func(name string, args Args)) (off func()) {
	return s.listeners.PrependAnyOutgoing(f)
}

// OnError adds a function that is called with an error in these cases: an argument does not fit a
// handler's parameter, a middleware of Use refuses an event, a handler returns an error, an
// acknowledgement cannot be encoded, or the client violates the protocol, after which it is closed.
// An argument that does not fit is numbered from 1, as in
//
//	event "login": argument 2: .user.age: want int, got string
//
// and the error wraps a *siopacket.DecodeError. Without such a function, Config.Log receives the
// errors. The returned func removes it.
func (s *Socket) OnError(f func(error)) (off func()) { return s.listeners.OnError(f) }

// Use adds a middleware for every later event, after OnAny and before the event's handlers.
// Middlewares run in the order in which they were added, on the handlers' goroutine. A middleware
// may change the event's Name, and its Args with event.NewArgs. An error drops the event: OnError
// receives it, and the client does not.
func (s *Socket) Use(f func(*Event) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.middlewares = event.With(s.middlewares, f, false)
}

// OnDisconnecting adds a function that is called once when a joined socket ends, before it leaves
// its rooms. If a handler is running, the function runs after it. If the socket has already ended,
// the function is not called.
func (s *Socket) OnDisconnecting(f func(Reason)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onDisconnecting = event.With(s.onDisconnecting, f, false)
}

// OnDisconnect adds a function that is called once when a joined socket has ended, after the
// functions of OnDisconnecting, when the socket has left its rooms and its namespace. The functions
// of OnDisconnect are the last to run for a socket. If it has already ended, the function is not
// called.
func (s *Socket) OnDisconnect(f func(Reason)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onDisconnect = event.With(s.onDisconnect, f, false)
}

// dispatch runs an event's handlers. It drops events that arrive before the socket has joined or
// after it has ended.
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
		s.inbox.Guard(func() { // this may be the program's goroutine and the program's parser
			s.send(siopacket.Packet{
				Type: siopacket.Ack, Namespace: s.namespace.name, ID: p.ID, HasID: true,
				Data: data, Attachments: attachments,
			}, Flags{})
		})
	}, s.report)
	s.listeners.Dispatch(event.Of(p), middlewares, ack, s.report)
}

// report passes an error to OnError's functions, or to the log without such functions.
func (s *Socket) report(err error) {
	functions := s.listeners.Errors()
	if len(functions) == 0 {
		s.client.log.Log(s.client.server.config.Log, slog.LevelWarn, "event refused", "socket",
			s.id, "err", event.Printable(err))
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
