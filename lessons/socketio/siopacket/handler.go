package siopacket

import (
	"fmt"
	"reflect"
)

// AnswerFunc answers an event. Only the first call counts; if no answer was asked for,
// none does.
type AnswerFunc = func(args ...any)

// Args are an event's or an answer's arguments, as they came.
type Args struct {
	values      []Value
	attachments [][]byte
}

// NewArgs is for adapters, which bring answers from elsewhere.
func NewArgs(values []Value, attachments [][]byte) Args { return Args{values, attachments} }

// Values are the arguments as JSON, with placeholders for the attachments.
func (a Args) Values() []Value { return a.values }

// Attachments are the bytes that the placeholders number.
func (a Args) Attachments() [][]byte { return a.attachments }

// Len is the number of arguments.
func (a Args) Len() int { return len(a.values) }

// Decode reads argument i into v, a pointer, as a handler's parameter is read.
func (a Args) Decode(i int, v any) error {
	if i < 0 || i >= len(a.values) {
		return fmt.Errorf("siopacket: argument %d of %d", i+1, len(a.values))
	}
	return Unmarshal(a.values[i], a.attachments, v)
}

// Any returns argument i as Go's any, nil if there is none.
func (a Args) Any(i int) (v any) {
	if a.Decode(i, &v) != nil {
		return nil
	}
	return v
}

// Handler is a func that takes an event: its parameters are the arguments,
// decoded from JSON, the last perhaps variadic, or an AnswerFunc that answers. A func
// with Args as its only parameter takes them as they came.
type Handler struct {
	fn       reflect.Value
	params   []reflect.Type // without the ack and the variadic one
	variadic reflect.Type   // of its elements; nil if there is none
	ack      bool
}

var (
	ackType  = reflect.TypeFor[AnswerFunc]()
	argsType = reflect.TypeFor[Args]()
)

// NewHandler panics if f is not a func.
func NewHandler(f any) *Handler {
	h := &Handler{fn: reflect.ValueOf(f)}
	if h.fn.Kind() != reflect.Func {
		panic(fmt.Sprintf("siopacket: handler is a %T, not a func", f))
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

// Takes reports whether the func can be called with so many arguments.
func (h *Handler) Takes(n int) bool {
	return n == len(h.params) || (n > len(h.params) && h.variadic != nil) || (len(h.params) == 1 && h.params[0] == argsType)
}

// Call decodes the arguments and runs the func. The error says which argument
// did not fit; the func has then not been called.
func (h *Handler) Call(args Args, ack AnswerFunc) error {
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

func (h *Handler) run(in []reflect.Value, ack AnswerFunc) error {
	if h.ack {
		in = append(in, reflect.ValueOf(ack).Convert(h.fn.Type().In(h.fn.Type().NumIn()-1)))
	}
	h.fn.Call(in)
	return nil
}
