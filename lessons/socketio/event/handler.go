package event

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// A Handler is a func of the program that takes an event. Its parameters are the arguments, decoded
// from JSON. Behind them it may take the arguments that are left, as Args or as a variadic
// parameter, and as the last one a func that answers, with the types of the answer:
//
//	func(room string, user User, ack event.Ack)
//	func(room string, reply func(ok bool))
//	func(room string, rest event.Args, ack event.Ack)
//	func(room string, rest ...any)
//
// It may return an error.
type Handler struct {
	fn       reflect.Value
	strict   bool
	params   []reflect.Type // without the ack, Args and the variadic one
	rest     bool           // takes the arguments that are left as Args
	variadic reflect.Type   // of its elements; nil without a variadic parameter
	ack      reflect.Type   // nil without an acknowledgement
	fails    bool           // returns an error
}

var (
	ackType   = reflect.TypeFor[Ack]()
	argsType  = reflect.TypeFor[Args]()
	errorType = reflect.TypeFor[error]()
)

// NewHandler checks a func and makes a Handler of it. It panics, and says what to write, if f is
// not a func, or if an event could never call it. A strict Handler refuses an event with more or
// fewer arguments than the func has parameters. Otherwise surplus arguments are dropped and missing
// ones are zero values, as in JavaScript.
func NewHandler(f any, strict bool) *Handler {
	h := &Handler{fn: reflect.ValueOf(f), strict: strict}
	if h.fn.Kind() != reflect.Func || h.fn.IsNil() {
		panic(fmt.Sprintf(
			"event: the handler is %T(%v): write a func, such as func(text string, ack sio.Ack)", f,
			f))
	}
	t := h.fn.Type()
	for i := range t.NumIn() {
		h.params = append(h.params, t.In(i))
	}
	last := len(h.params) - 1
	switch {
	case t.IsVariadic():
		h.variadic, h.params = t.In(last).Elem(), h.params[:last]
		if why := misfit(h.variadic, true, nil); why != "" {
			panic(fmt.Sprintf(
				"event: the variadic parameter of %s is or holds %s, which "+
					"JSON cannot fill: write ...any", t, why))
		}
	case last >= 0 && t.In(last).Kind() == reflect.Func:
		h.ack, h.params = t.In(last), h.params[:last]
		if h.ack.NumOut() > 0 {
			panic(fmt.Sprintf(
				"event: the acknowledgement %s has a result, which no client or "+
					"server sends: write a func without one", h.ack))
		}
		for i := range h.ack.NumIn() {
			if why := misfit(h.ack.In(i), false, nil); why != "" {
				panic(fmt.Sprintf("event: the acknowledgement %s takes %s, which cannot be sent",
					h.ack, why))
			}
		}
	}
	if last = len(h.params) - 1; last >= 0 && h.params[last] == argsType && h.variadic == nil {
		h.rest, h.params = true, h.params[:last]
	}
	for i, param := range h.params {
		switch why := misfit(param, true, nil); {
		case param == argsType:
			panic(fmt.Sprintf(
				"event: parameter %d of %s takes all arguments that are left: write it last, "+
					"before the acknowledgement only", i+1, t))
		case param.Kind() == reflect.Func:
			panic(fmt.Sprintf(
				"event: parameter %d of %s is a func: the acknowledgement must be the last "+
					"parameter, such as func(text string, ack sio.Ack); for any number of "+
					"arguments before it, func(args sio.Args, ack sio.Ack)", i+1, t))
		case isOpaque(param):
			panic(fmt.Sprintf(
				"event: parameter %d of %s is a %s, which has no exported field: the parameters "+
					"are the arguments of the event; reach a socket through the "+
					"func in which the handler is written", i+1, t, param))
		case why != "":
			panic(fmt.Sprintf(
				"event: parameter %d of %s is or holds %s, which JSON cannot fill: write a type "+
					"that it can, or Args for all arguments as they came", i+1, t, why))
		}
	}
	switch {
	case t.NumOut() == 1 && t.Out(0) == errorType:
		h.fails = true
	case t.NumOut() > 0:
		panic(fmt.Sprintf(
			"event: %s returns a result that is sent nowhere: return nothing or an error, and "+
				"answer through a parameter such as ack func(string)", t))
	}
	return h
}

// The interfaces by which a type reads or writes itself.
var (
	readers = []reflect.Type{
		reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[json.UnmarshalerFrom](),
		reflect.TypeFor[encoding.TextUnmarshaler](),
	}
	writers = []reflect.Type{
		reflect.TypeFor[json.Marshaler](), reflect.TypeFor[json.MarshalerTo](),
		reflect.TypeFor[encoding.TextMarshaler](),
	}
)

func implements(t reflect.Type, read bool) bool {
	of := writers
	if read {
		of = readers
	}
	return slices.ContainsFunc(of, reflect.PointerTo(t).Implements)
}

// misfit names a type in t that cannot be read from JSON, or written as JSON. It returns "" if all
// of t can.
func misfit(t reflect.Type, read bool, seen map[reflect.Type]bool) string {
	if seen[t] || implements(t, read) {
		return ""
	}
	if seen == nil {
		seen = map[reflect.Type]bool{}
	}
	seen[t] = true
	if read && t == argsType {
		return "Args, which stand alone"
	}
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return "a " + t.String()
	case reflect.Interface:
		if read && t.NumMethod() > 0 {
			return "the interface " + t.String()
		}
	case reflect.Map:
		if kind := t.Key().Kind(); kind != reflect.String &&
			(kind < reflect.Int || kind > reflect.Uintptr) && !implements(t.Key(), read) {
			return "a " + t.String()
		}
		return misfit(t.Elem(), read, seen)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return misfit(t.Elem(), read, seen)
	case reflect.Struct:
		for i := range t.NumField() {
			field := t.Field(i)
			if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); !field.IsExported() &&
				!field.Anonymous || name == "-" {
				continue
			}
			if why := misfit(field.Type, read, seen); why != "" {
				return why + " in the field " + field.Name
			}
		}
	}
	return ""
}

// isOpaque reports whether t is a struct, or a pointer to one, that has fields and none that JSON
// can fill.
func isOpaque(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct && t.NumField() > 0 && !implements(t, true) &&
		!slices.ContainsFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool {
			return f.IsExported() && !f.Anonymous
		})
}

// Call decodes the arguments and runs the func on the caller's goroutine. The error is the func's
// own, or names the argument that does not fit; then the func was not called.
func (h *Handler) Call(args Args, ack Ack) error {
	n := args.Len()
	if h.strict && (n < len(h.params) || n > len(h.params) && h.variadic == nil && !h.rest) {
		return fmt.Errorf("number of arguments: %d, the handler takes %d", n, len(h.params))
	}
	in := make([]reflect.Value, 0, max(n, len(h.params))+2)
	for i := 0; i < len(h.params) || i < n && h.variadic != nil; i++ {
		t := h.variadic
		if i < len(h.params) {
			t = h.params[i]
		}
		v := reflect.New(t)
		if i < n {
			if err := args.Decode(i, v.Interface()); err != nil {
				return fmt.Errorf("argument %d: %w", i+1, err)
			}
		}
		in = append(in, v.Elem())
	}
	if h.rest {
		in = append(in, reflect.ValueOf(args.from(len(h.params))))
	}
	if h.ack != nil {
		in = append(in, typedAck(h.ack, ack))
	}
	out := h.fn.Call(in)
	if h.fails && !out[0].IsNil() {
		return out[0].Interface().(error)
	}
	return nil
}

// typedAck is the ack as a func of type t.
func typedAck(t reflect.Type, ack Ack) reflect.Value {
	if ackType.ConvertibleTo(t) {
		return reflect.ValueOf(ack).Convert(t)
	}
	return reflect.MakeFunc(t, func(in []reflect.Value) []reflect.Value {
		args := make([]any, 0, len(in))
		for i, v := range in {
			if t.IsVariadic() && i == len(in)-1 {
				for j := range v.Len() {
					args = append(args, v.Index(j).Interface())
				}
				continue
			}
			args = append(args, v.Interface())
		}
		ack(args...)
		return nil
	})
}
