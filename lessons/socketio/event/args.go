package event

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"realtimelab/lessons/socketio/siopacket"
)

// Args are the arguments of an event or an acknowledgement as they came: not decoded yet, and
// immutable. The zero value has none. Emit and an Ack send Args again as they came, binary data
// included: each of them becomes an argument of its own.
type Args struct {
	values      []siopacket.Value
	attachments [][]byte
}

// NewArgs makes Args of JSON values, with placeholders for the attachments. It is for adapters,
// which bring acknowledgements from other servers. The Args share memory with both.
func NewArgs(values []siopacket.Value, attachments [][]byte) Args {
	return Args{values, attachments}
}

// Values returns the arguments as JSON, with placeholders for the attachments. They must not be
// changed.
func (a Args) Values() []siopacket.Value { return a.values }

// Attachments returns the bytes that the placeholders number. They must not be changed.
func (a Args) Attachments() [][]byte { return a.attachments }

// Len returns the number of arguments.
func (a Args) Len() int { return len(a.values) }

// Decode reads argument i, which counts from 0, into v, a pointer, as a handler's parameter is
// read. The error is a *siopacket.DecodeError, or says that there are fewer arguments.
func (a Args) Decode(i int, v any) error {
	if i < 0 || i >= len(a.values) {
		return fmt.Errorf("event: argument %d of %d", i+1, len(a.values))
	}
	return siopacket.Unmarshal(a.values[i], a.attachments, v)
}

// Any returns argument i, which counts from 0, as Go's any: nil, bool, float64, string, []byte for
// binary data, []any or map[string]any. It is nil if i is out of range.
func (a Args) Any(i int) (v any) {
	if a.Decode(i, &v) != nil {
		return nil
	}
	return v
}

// from returns the arguments from number i on.
func (a Args) from(i int) Args { return Args{a.values[min(i, len(a.values)):], a.attachments} }

// maxArgsText bounds what String returns, in bytes.
const maxArgsText = 500

// String returns the arguments for a log or a terminal: as JSON, with the size in the place of
// binary data, such as ["photo",<3 bytes>]. Control characters are escaped, and no more than 500
// bytes are kept.
func (a Args) String() string {
	text := []byte{'['}
	for i, value := range a.values {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, siopacket.Raw{Text: value, Attachments: a.attachments}.String()...)
	}
	text = append(text, ']')
	more := len(text) - maxArgsText
	if more > 0 {
		text = text[:maxArgsText]
	}
	var out strings.Builder
	for _, r := range strings.ToValidUTF8(string(text), "") {
		if strconv.IsPrint(r) {
			out.WriteRune(r)
		} else {
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	if more > 0 {
		fmt.Fprintf(&out, "… (bytes left out: %d)", more)
	}
	return out.String()
}

// MarshalJSON writes the arguments as an array. It fails where there is binary data, which only
// arguments of their own can carry.
func (a Args) MarshalJSON() ([]byte, error) {
	if len(a.attachments) > 0 {
		return nil, errors.New(
			"event: Args with binary data inside another value; emit " +
				"them as arguments of their own")
	}
	data, _, err := siopacket.MarshalArgs(spread([]any{a})...)
	return data, err
}

// spread puts the values of Args in their place among the arguments.
func spread(args []any) []any {
	if !slices.ContainsFunc(args, func(arg any) bool { _, ok := arg.(Args); return ok }) {
		return args
	}
	var all []any
	for _, arg := range args {
		relayed, ok := arg.(Args)
		if !ok {
			all = append(all, arg)
			continue
		}
		for _, value := range relayed.values {
			all = append(all, siopacket.Raw{Text: value, Attachments: relayed.attachments})
		}
	}
	return all
}

// An Event is an event of the other side, on its way to the handlers. A middleware may change it.
type Event struct {
	Name string // any string: the other side chooses it
	Args Args   // the arguments, without the acknowledgement
}

// Of reads an EVENT, which must have been decoded without error. A number as name becomes its text.
func Of(p siopacket.Packet) Event {
	values := p.Args()
	var name string
	if siopacket.Unmarshal(values[0], nil, &name) != nil {
		name = string(values[0])
	}
	return Event{name, NewArgs(values[1:], p.Attachments)}
}

// Packet makes an EVENT. The error names the argument that cannot be written, counted from 1.
func Packet(namespace, name string, args []any) (siopacket.Packet, error) {
	data, attachments, err := siopacket.MarshalEvent(name, spread(args)...)
	if err != nil {
		return siopacket.Packet{}, fmt.Errorf("event %q: %w", Printable(name), err)
	}
	return siopacket.Packet{Type: siopacket.Event, Namespace: namespace, Data: data,
		Attachments: attachments}, nil
}
