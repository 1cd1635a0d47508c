package event

import (
	"fmt"
	"slices"
	"sync"

	"realtimelab/lessons/socketio/siopacket"
)

// Listeners are the functions that a socket calls with its events. The lists are replaced, never
// changed in place, so that a dispatch under way goes on with the functions it has begun with. The
// methods may be called from any goroutine.
type Listeners struct {
	strict bool

	mu     sync.Mutex // guards what follows; not held while a function runs
	events []*listener
	rare   *rareListeners // nil until there is one
}

// rareListeners are the listeners that few sockets have.
type rareListeners struct {
	any, outgoing []*anyListener
	errors        []*func(error)
	unhandled     []*func(event string, args Args, ack Ack)
}

type listener struct {
	event   string
	handler *Handler
	once    bool
}

type anyListener struct {
	call func(event string, args Args)
}

// SetStrict says whether handlers refuse events with more or fewer arguments than they have
// parameters: see NewHandler. It must be called before any other method.
func (l *Listeners) SetStrict(strict bool) { l.strict = strict }

// On adds a handler: see Handler. The func returned removes it. On panics if handler cannot be one,
// or if the event has a function of its own, such as OnDisconnect.
func (l *Listeners) On(event string, handler any) (off func()) {
	return l.listen(event, handler, false, false)
}

// Once is On with a handler that is removed before it is called.
func (l *Listeners) Once(event string, handler any) (off func()) {
	return l.listen(event, handler, true, false)
}

// Prepend is On with a handler that runs before the others.
func (l *Listeners) Prepend(event string, handler any) (off func()) {
	return l.listen(event, handler, false, true)
}

// PrependOnce is Once with a handler that runs before the others.
func (l *Listeners) PrependOnce(event string, handler any) (off func()) {
	return l.listen(event, handler, true, true)
}

func (l *Listeners) listen(event string, handler any, once, first bool) (off func()) {
	if instead, ok := insteadOf[event]; ok {
		panic(fmt.Sprintf("event: On(%q) would never be called: %s", event, instead))
	}
	added := &listener{event, NewHandler(handler, l.strict), once}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = With(l.events, added, first)
	return func() { l.remove(added) }
}

// insteadOf says what to write in place of a handler for an event that the official server or
// client makes up itself. "connection" is the only one that a peer can send; OnAny receives it.
var insteadOf = map[string]string{
	"connect": "use OnConnection of the server or namespace, or " +
		"OnConnect of a client's socket",
	"connection": "use OnConnection of the server or namespace, or " +
		"OnConnect of a client's socket",
	"connect_error":  "use OnConnectError of a client's socket",
	"disconnect":     "use OnDisconnect",
	"disconnecting":  "use OnDisconnecting",
	"newListener":    "listeners have no events of their own",
	"removeListener": "listeners have no events of their own",
}

// remove reports whether the listener was still there.
func (l *Listeners) remove(gone *listener) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.events)
	l.events = Without(l.events, gone)
	return len(l.events) < n
}

// Off removes every handler of the event.
func (l *Listeners) Off(event string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = slices.DeleteFunc(slices.Clone(l.events), func(other *listener) bool {
		return other.event == event
	})
}

// OnAny adds a function that is called with every event that comes in, before the event's handlers
// and the middlewares. The func returned removes it.
func (l *Listeners) OnAny(f func(event string, args Args)) (off func()) {
	return addRare(l, func(r *rareListeners) *[]*anyListener {
		return &r.any
	}, &anyListener{f}, false)
}

// PrependAny is OnAny before the others.
func (l *Listeners) PrependAny(f func(event string, args Args)) (off func()) {
	return addRare(l, func(r *rareListeners) *[]*anyListener {
		return &r.any
	}, &anyListener{f}, true)
}

// OnAnyOutgoing adds a function that is called with every event that goes out, broadcasts too, on
// the sender's goroutine. The func returned removes it.
func (l *Listeners) OnAnyOutgoing(f func(event string, args Args)) (off func()) {
	return addRare(l, func(r *rareListeners) *[]*anyListener {
		return &r.outgoing
	}, &anyListener{f}, false)
}

// PrependAnyOutgoing is OnAnyOutgoing before the others.
func (l *Listeners) PrependAnyOutgoing(f func(event string, args Args)) (off func()) {
	return addRare(l, func(r *rareListeners) *[]*anyListener {
		return &r.outgoing
	}, &anyListener{f}, true)
}

// OnError adds a function that is called with the error of each event that a handler could not
// take, that a middleware refused, or that a handler returned, and of each acknowledgement that
// cannot be written. An argument that does not fit is named, counted from 1, such as
//
//	event "login": argument 2: .user.age: want int, got string
//
// and the error wraps a siopacket.DecodeError. The func returned removes it.
func (l *Listeners) OnError(f func(error)) (off func()) {
	return addRare(l, func(r *rareListeners) *[]*func(error) { return &r.errors }, &f, false)
}

// OnUnhandled adds a function that is called with every event that has no handler, and with its
// Ack. The func returned removes it.
func (l *Listeners) OnUnhandled(f func(event string, args Args, ack Ack)) (off func()) {
	return addRare(l, func(r *rareListeners) *[]*func(string, Args, Ack) {
		return &r.unhandled
	}, &f, false)
}

// addRare adds to one of the lists that most sockets do not have.
func addRare[T comparable](l *Listeners, list func(*rareListeners) *[]T, item T,
	first bool) (off func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rare == nil {
		l.rare = &rareListeners{}
	}
	at := list(l.rare)
	*at = With(*at, item, first)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		*at = Without(*at, item)
	}
}

// With returns a copy of a list with one more item, the first or the last.
func With[T any](list []T, item T, first bool) []T {
	if first {
		return append([]T{item}, list...)
	}
	return append(slices.Clip(list), item)
}

// Without returns a copy of a list without an item.
func Without[T comparable](list []T, item T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(other T) bool { return other == item })
}

// Errors are the functions that OnError has added.
func (l *Listeners) Errors() []*func(error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rare == nil {
		return nil
	}
	return l.rare.errors
}

// HearOutgoing reports whether there is a function for what goes out.
func (l *Listeners) HearOutgoing() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rare != nil && len(l.rare.outgoing) > 0
}

// Outgoing calls the functions for what goes out.
func (l *Listeners) Outgoing(p siopacket.Packet) {
	l.mu.Lock()
	var outgoing []*anyListener
	if l.rare != nil {
		outgoing = l.rare.outgoing
	}
	l.mu.Unlock()
	if len(outgoing) == 0 {
		return
	}
	e := Of(p)
	for _, f := range outgoing {
		f.call(e.Name, e.Args)
	}
}

// Dispatch calls the functions of OnAny, the middlewares and the event's handlers, in order. An
// event without a handler goes to the functions of OnUnhandled. A middleware may change the event;
// its error ends the event. report is called with each error. If every handler has failed, the
// acknowledgement is an object with the error in the field "error": without it, the other side
// would wait forever.
func (l *Listeners) Dispatch(e Event, middlewares []func(*Event) error, ack Ack,
	report func(error)) {
	l.mu.Lock()
	events := l.events
	var any []*anyListener
	var unhandled []*func(string, Args, Ack)
	if l.rare != nil {
		any, unhandled = l.rare.any, l.rare.unhandled
	}
	l.mu.Unlock()
	for _, f := range any {
		f.call(e.Name, e.Args)
	}
	for _, f := range middlewares {
		if err := f(&e); err != nil {
			report(err)
			return
		}
	}
	called, refused := false, error(nil)
	for _, each := range events {
		if each.event != e.Name || each.once && !l.remove(each) {
			continue
		}
		switch err := each.handler.Call(e.Args, ack); {
		case err == nil:
			called = true
		default:
			err = fmt.Errorf("event %q: %w", Printable(e.Name), err)
			report(err)
			refused = err
		}
	}
	switch {
	case called:
	case refused != nil:
		ack(refusal(refused))
	default:
		for _, f := range unhandled {
			(*f)(e.Name, e.Args, ack)
		}
	}
}
