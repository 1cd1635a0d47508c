package sio

import (
	"fmt"
	"reflect"

	"realtimelab/lessons/socketio/siopacket"
)

// Args are an event's or an answer's arguments, as they came.
type Args struct {
	values      []siopacket.Value
	attachments [][]byte
}

// NewArgs is for adapters, which bring answers from elsewhere.
func NewArgs(values []siopacket.Value, attachments [][]byte) Args { return Args{values, attachments} }

// Values are the arguments as JSON, with placeholders for the attachments.
func (a Args) Values() []siopacket.Value { return a.values }

// Attachments are the bytes that the placeholders number.
func (a Args) Attachments() [][]byte { return a.attachments }

// Len is the number of arguments.
func (a Args) Len() int { return len(a.values) }

// Decode reads argument i into v, a pointer, as a handler's parameter is read.
func (a Args) Decode(i int, v any) error {
	if i < 0 || i >= len(a.values) {
		return fmt.Errorf("sio: argument %d of %d", i+1, len(a.values))
	}
	return siopacket.Unmarshal(a.values[i], a.attachments, v)
}

// Any returns argument i as Go's any, nil if there is none.
func (a Args) Any(i int) (v any) {
	if a.Decode(i, &v) != nil {
		return nil
	}
	return v
}

// handler is a func that takes an event.
type handler struct {
	fn       reflect.Value
	params   []reflect.Type // without the ack and the variadic one
	variadic reflect.Type   // of its elements; nil if there is none
	ack      bool
}

var (
	ackType  = reflect.TypeFor[Ack]()
	argsType = reflect.TypeFor[Args]()
)

func newHandler(f any) *handler {
	h := &handler{fn: reflect.ValueOf(f)}
	if h.fn.Kind() != reflect.Func {
		panic(fmt.Sprintf("sio: handler is a %T, not a func", f))
	}
	t := h.fn.Type()
	for i := range t.NumIn() {
		h.params = append(h.params, t.In(i))
	}
	last := len(h.params) - 1
	switch {
	case t.IsVariadic():
		h.variadic, h.params = t.In(last).Elem(), h.params[:last]
	case last >= 0 && t.In(last).Kind() == reflect.Func && ackType.ConvertibleTo(t.In(last)):
		h.ack, h.params = true, h.params[:last]
	}
	return h
}

// call decodes the arguments and runs the func. The error says which argument
// did not fit; the func has then not been called.
func (h *handler) call(args Args, ack Ack) error {
	if len(h.params) == 1 && h.params[0] == argsType {
		return h.run([]reflect.Value{reflect.ValueOf(args)}, ack)
	}
	if n := args.Len(); n < len(h.params) || (n > len(h.params) && h.variadic == nil) {
		return fmt.Errorf("%d arguments, the handler takes %d", n, len(h.params))
	}
	in := make([]reflect.Value, 0, args.Len()+1)
	for i := range args.Len() {
		t := h.variadic
		if i < len(h.params) {
			t = h.params[i]
		}
		v := reflect.New(t)
		if err := args.Decode(i, v.Interface()); err != nil {
			return fmt.Errorf("argument %d: %w", i+1, err)
		}
		in = append(in, v.Elem())
	}
	return h.run(in, ack)
}

func (h *handler) run(in []reflect.Value, ack Ack) error {
	if h.ack {
		in = append(in, reflect.ValueOf(ack).Convert(h.fn.Type().In(h.fn.Type().NumIn()-1)))
	}
	h.fn.Call(in)
	return nil
}
