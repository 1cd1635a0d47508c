package sioclient

import (
	"fmt"
	"slices"

	"realtimelab/lessons/socketio/siopacket"
)

// listeners are copied on write: a snapshot stays as it was.
type listeners struct {
	events       []*listener
	any          []*func(string, siopacket.Args)
	outgoing     []*func(string, siopacket.Args)
	connect      []*func()
	connectError []*func(error)
	disconnect   []*func(Reason, error)
	errors       []*func(error)
}

type listener struct {
	event   string
	handler *siopacket.Handler
	once    bool
}

// On adds a handler of an event: a func whose parameters take the event's
// arguments, decoded from JSON; the last may be a func(...any) that answers. If
// the server sends other arguments, OnError is told and the handler is not
// called. The func returned removes the handler. On panics if handler is not a
// func, or if the event's name is reserved.
func (s *Socket) On(event string, handler any) (off func()) { return s.listen(event, handler, false) }

// Once is On with a handler that is removed before it is called.
func (s *Socket) Once(event string, handler any) (off func()) { return s.listen(event, handler, true) }

func (s *Socket) listen(event string, handler any, once bool) (off func()) {
	if siopacket.IsReserved(event) {
		panic(fmt.Sprintf("sioclient: no server can send %q: see OnConnect, OnConnectError and OnDisconnect", event))
	}
	l := &listener{event, siopacket.NewHandler(handler), once}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners.events = append(slices.Clip(s.listeners.events), l)
	return func() { s.removeListener(l) }
}

// removeListener reports whether the listener was still there.
func (s *Socket) removeListener(l *listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.listeners.events)
	s.listeners.events = slices.DeleteFunc(slices.Clone(s.listeners.events), func(other *listener) bool { return other == l })
	return len(s.listeners.events) < n
}

// Off removes every handler of the event.
func (s *Socket) Off(event string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners.events = slices.DeleteFunc(slices.Clone(s.listeners.events), func(l *listener) bool { return l.event == event })
}

// add adds to one of the listeners' lists.
func add[F any](s *Socket, list *[]*F, f F) (off func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*list = append(slices.Clip(*list), &f)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		*list = slices.DeleteFunc(slices.Clone(*list), func(other *F) bool { return other == &f })
	}
}

// OnAny adds what is called with every event that comes in, before its handlers.
func (s *Socket) OnAny(f func(event string, args siopacket.Args)) (off func()) {
	return add(s, &s.listeners.any, f)
}

// OnAnyOutgoing adds what is called with every event that is emitted.
func (s *Socket) OnAnyOutgoing(f func(event string, args siopacket.Args)) (off func()) {
	return add(s, &s.listeners.outgoing, f)
}

// OnConnect adds what is called each time the server has let the socket in.
func (s *Socket) OnConnect(f func()) (off func()) { return add(s, &s.listeners.connect, f) }

// OnConnectError adds what is told why a socket could not connect: a *Refusal
// is the server's, after which there is no other attempt.
func (s *Socket) OnConnectError(f func(error)) (off func()) {
	return add(s, &s.listeners.connectError, f)
}

// OnDisconnect adds what is told that a connected socket is not any more, why,
// and what error was behind it, if any.
func (s *Socket) OnDisconnect(f func(Reason, error)) (off func()) {
	return add(s, &s.listeners.disconnect, f)
}

// OnError adds what is told of events that no handler could take.
func (s *Socket) OnError(f func(error)) (off func()) { return add(s, &s.listeners.errors, f) }

func (s *Socket) snapshot() listeners {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listeners
}

func (s *Socket) report(err error) {
	s.manager.config.Log.Warn("event refused", "namespace", s.namespace, "err", err)
	for _, f := range s.snapshot().errors {
		(*f)(err)
	}
}

// dispatch runs an event's handlers.
func (s *Socket) dispatch(e *engine, p siopacket.Packet) {
	l := s.snapshot()
	name, args := split(p)
	for _, f := range l.any {
		(*f)(name, args)
	}
	var ack siopacket.AnswerFunc
	for _, l := range l.events {
		if l.event != name || (l.once && !s.removeListener(l)) {
			continue
		}
		if ack == nil {
			ack = s.ackFor(e, p)
		}
		if err := l.handler.Call(s.fit(l.handler, p, args), ack); err != nil {
			s.report(fmt.Errorf("sioclient: event %q: %w", name, err))
		}
	}
}

// fit leaves out the offset that a server which recovers states has put behind
// the arguments, for a handler that does not take one more.
func (s *Socket) fit(h *siopacket.Handler, p siopacket.Packet, args siopacket.Args) siopacket.Args {
	if _, ok := offsetIn(p); !ok || h.Takes(args.Len()) || !h.Takes(args.Len()-1) {
		return args
	}
	s.mu.Lock()
	recovers := s.pid != ""
	s.mu.Unlock()
	if !recovers {
		return args
	}
	return siopacket.NewArgs(args.Values()[:args.Len()-1], args.Attachments())
}

func (s *Socket) tellOutgoing(p siopacket.Packet) {
	l := s.snapshot().outgoing
	if len(l) == 0 {
		return
	}
	name, args := split(p)
	for _, f := range l {
		(*f)(name, args)
	}
}

// split takes the name off an event. A number as name is its text.
func split(p siopacket.Packet) (string, siopacket.Args) {
	values := p.Args()
	var name string
	if siopacket.Unmarshal(values[0], nil, &name) != nil {
		name = string(values[0])
	}
	return name, siopacket.NewArgs(values[1:], p.Attachments)
}
