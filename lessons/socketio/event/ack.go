package event

import (
	"fmt"
	"sync/atomic"

	"realtimelab/lessons/socketio/siopacket"
)

// An Ack acknowledges an event with any number of values. Only the first call sends; if the other
// side asked for no acknowledgement, none does. It may be called from any goroutine, also after the
// handler has returned. Values that cannot be written are reported to OnError, and the other side
// receives an object with the field "error".
type Ack func(args ...any)

// Wanted reports whether the other side asked for an acknowledgement. It stays true after the Ack
// was called.
func (a Ack) Wanted() bool {
	var q wantedQuestion
	a(&q)
	return q.wanted
}

// wantedQuestion is the only argument of a call by which Wanted asks the Ack of NewAck.
type wantedQuestion struct{ wanted bool }

// NewAck makes the Ack of an event. wanted says whether the other side asked for one: then the
// first call of the Ack calls send, once. report receives the error of values that cannot be
// written. Both are called on the goroutine that calls the Ack.
func NewAck(wanted bool, send func(data []byte, attachments [][]byte), report func(error)) Ack {
	var called atomic.Bool
	return func(args ...any) {
		if len(args) == 1 {
			if q, ok := args[0].(*wantedQuestion); ok {
				q.wanted = wanted
				return
			}
		}
		if !wanted || called.Swap(true) {
			return
		}
		data, attachments, err := siopacket.MarshalArgs(spread(args)...)
		if err != nil {
			report(fmt.Errorf("acknowledgement: %w", err))
			data, attachments, _ = siopacket.MarshalArgs(refusal(err)) // text only: it cannot fail
		}
		send(data, attachments)
	}
}

// refusal is the acknowledgement of an event whose handlers have failed.
func refusal(err error) map[string]string { return map[string]string{"error": Printable(err)} }
