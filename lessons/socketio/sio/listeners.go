package sio

import (
	"fmt"
	"slices"

	"realtimelab/lessons/socketio/siopacket"
)

// Event is what a client has sent, on its way to the handlers.
type Event struct {
	Name string
	Args Args
}

// listeners are what a socket calls. The slices are replaced, never changed in
// place, so that a dispatch under way goes on with those it has begun with.
type listeners struct {
	events     []*listener
	disconnect []func(Reason)
	rareListeners
}

// rareListeners are those that most sockets have none of.
type rareListeners struct {
	any           []*anyListener
	outgoing      []*anyListener
	middlewares   []func(*Event) error
	errors        []func(error)
	disconnecting []func(Reason)
}

type listener struct {
	event   string
	handler *siopacket.Handler
	once    bool
}

type anyListener struct {
	call func(event string, args Args)
}

// On adds a handler for an event: a func whose parameters take the event's
// arguments, decoded from JSON ([]byte takes binary data), and whose last
// parameter may be an Ack. A variadic func takes what is left. If the client
// sends other arguments, OnError is told and the handler is not called. The
// func returned removes the handler. On panics if handler is not a func, or if
// the event is one that no client can send.
func (s *Socket) On(event string, handler any) (off func()) {
	return s.listen(event, handler, false, false)
}

// Once is On for the next event only.
func (s *Socket) Once(event string, handler any) (off func()) {
	return s.listen(event, handler, true, false)
}

// Prepend is On with a handler that runs before those there are.
func (s *Socket) Prepend(event string, handler any) (off func()) {
	return s.listen(event, handler, false, true)
}

// PrependOnce is Once with a handler that runs before those there are.
func (s *Socket) PrependOnce(event string, handler any) (off func()) {
	return s.listen(event, handler, true, true)
}

func (s *Socket) listen(event string, handler any, once, first bool) (off func()) {
	if siopacket.IsReserved(event) {
		panic(fmt.Sprintf("sio: no client can send %q: see OnDisconnect and OnDisconnecting", event))
	}
	l := &listener{event, siopacket.NewHandler(handler), once}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = with(s.events, l, first)
	return func() { s.removeListener(l) }
}

// removeListener reports whether the listener was still there.
func (s *Socket) removeListener(l *listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.events)
	s.events = without(s.events, l)
	return len(s.events) < n
}

// Off removes every handler of the event.
func (s *Socket) Off(event string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = slices.DeleteFunc(slices.Clone(s.events), func(l *listener) bool { return l.event == event })
}

// OnAny adds what is called with every event that comes in, before its
// handlers and before the middlewares. The func returned removes it.
func (s *Socket) OnAny(f func(event string, args Args)) (off func()) {
	return s.listenAny(incoming, f, false)
}

// PrependAny is OnAny before those there are.
func (s *Socket) PrependAny(f func(event string, args Args)) (off func()) {
	return s.listenAny(incoming, f, true)
}

// OnAnyOutgoing adds what is called with every event that goes out to this
// socket, broadcasts too. The func returned removes it.
func (s *Socket) OnAnyOutgoing(f func(event string, args Args)) (off func()) {
	s.hasOutgoing.Store(true)
	return s.listenAny(outgoing, f, false)
}

// PrependAnyOutgoing is OnAnyOutgoing before those there are.
func (s *Socket) PrependAnyOutgoing(f func(event string, args Args)) (off func()) {
	s.hasOutgoing.Store(true)
	return s.listenAny(outgoing, f, true)
}

// incoming and outgoing are the lists of catch-all listeners.
func incoming(l *rareListeners) *[]*anyListener { return &l.any }
func outgoing(l *rareListeners) *[]*anyListener { return &l.outgoing }

// listenAny adds to one of the lists.
func (s *Socket) listenAny(of func(*rareListeners) *[]*anyListener, f func(string, Args), first bool) (off func()) {
	l := &anyListener{f}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := of(s.seldom())
	*list = with(*list, l, first)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		*list = without(*list, l)
	}
}

// Use adds a middleware, which every event passes after OnAny and before its
// handlers, in order. It may change the event. An error ends the event: OnError
// is told, and the client is not.
func (s *Socket) Use(f func(*Event) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.seldom()
	l.middlewares = with(l.middlewares, f, false)
}

// OnDisconnecting adds what is called at the end, with the rooms still known.
func (s *Socket) OnDisconnecting(f func(Reason)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.seldom()
	l.disconnecting = with(l.disconnecting, f, false)
}

// OnDisconnect adds what is called once at the end.
func (s *Socket) OnDisconnect(f func(Reason)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onDisconnect = with(s.onDisconnect, f, false)
}

// OnError adds what is told of events that no handler could take, of those that
// a middleware refused, and, before the end, of a packet that cannot be decoded.
func (s *Socket) OnError(f func(error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.seldom()
	l.errors = with(l.errors, f, false)
}

func with[T any](list []T, item T, first bool) []T {
	if first {
		return append([]T{item}, list...)
	}
	return append(slices.Clip(list), item)
}

func without[T comparable](list []T, item T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(other T) bool { return other == item })
}

// heard is a snapshot of the listeners.
func (s *Socket) heard() listeners {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := listeners{events: s.events, disconnect: s.onDisconnect}
	if s.rare != nil {
		l.rareListeners = *s.rare
	}
	return l
}

// seldom is where the listeners are that most sockets have none of. The caller holds mu.
func (s *Socket) seldom() *rareListeners {
	if s.rare == nil {
		s.rare = &rareListeners{}
	}
	return s.rare
}

// dispatch runs an event's handlers. What came before the socket joined, or
// waits behind its end, is dropped.
func (s *Socket) dispatch(p siopacket.Packet) {
	if !s.Connected() {
		return
	}
	l := s.heard()
	event := eventOf(p)
	for _, any := range l.any {
		any.call(event.Name, event.Args)
	}
	for _, f := range l.middlewares {
		if err := f(&event); err != nil {
			s.report(err)
			return
		}
	}
	var ack Ack
	for _, l := range l.events {
		if l.event != event.Name || (l.once && !s.removeListener(l)) {
			continue
		}
		if ack == nil {
			ack = s.ackFor(p)
		}
		if err := l.handler.Call(event.Args, ack); err != nil {
			s.report(fmt.Errorf("sio: event %q: %w", event.Name, err))
		}
	}
}

func (s *Socket) report(err error) {
	s.client.server.config.Log.Warn("event refused", "socket", s.id, "err", err)
	for _, f := range s.heard().errors {
		f(err)
	}
}

func (s *Socket) listensToOutgoing() bool { return s.hasOutgoing.Load() }

// outgoing tells the catch-all listeners what is sent.
func (s *Socket) outgoing(p siopacket.Packet) {
	if !s.listensToOutgoing() {
		return
	}
	s.inbox.server.guard(func() { // on the sender's goroutine, who may be anyone
		event := eventOf(p)
		for _, any := range s.heard().outgoing {
			any.call(event.Name, event.Args)
		}
	}, s.inbox.panicd)
}

// eventOf splits off the name. A number as name is its text.
func eventOf(p siopacket.Packet) Event {
	values := p.Args()
	var name string
	if siopacket.Unmarshal(values[0], nil, &name) != nil {
		name = string(values[0])
	}
	return Event{name, NewArgs(values[1:], p.Attachments)}
}
