package event

import (
	"bytes"
	"context"

	"realtimelab/lessons/socketio/siopacket"
)

// An Asker sends an event and waits for its acknowledgement: a socket of the server or of the
// client, or an emission with a timeout.
type Asker interface {
	// EmitWithAck sends an event, and returns the arguments of its acknowledgement, or the error
	// that has ended the wait.
	EmitWithAck(ctx context.Context, event string, args ...any) (Args, error)
}

// A RemoteError says that the other side's handler has failed: the acknowledgement was an object
// whose only field is a string "error".
type RemoteError struct {
	Message string // the text of that field
}

// Error returns the message, marked as the other side's.
func (e *RemoteError) Error() string {
	return "the other side answered with an error: " + e.Message
}

// remoteError returns the error that an acknowledgement holds, or nil.
func remoteError(args Args) error {
	if args.Len() != 1 || args.values[0].Kind() != '{' {
		return nil
	}
	var fields map[string]siopacket.Value
	object := bytes.TrimLeft(args.values[0][1:], " \t\r\n")
	if !bytes.HasPrefix(object, []byte(`"error"`)) ||
		siopacket.Unmarshal(args.values[0], nil, &fields) != nil {
		return nil
	}
	var e RemoteError
	if len(fields) != 1 || fields["error"].Kind() != '"' ||
		siopacket.Unmarshal(fields["error"], nil, &e.Message) != nil {
		return nil
	}
	return &e
}

// Ask sends an event and decodes the first argument of its acknowledgement into a T, as a handler's
// parameter is decoded. An empty acknowledgement is the zero value. The error is that of target's
// EmitWithAck, or a *RemoteError if the acknowledgement is an object whose only field is a string
// "error", or names what does not fit into a T. Ask may be called from any goroutine from which
// target's EmitWithAck may be called.
func Ask[T any](ctx context.Context, target Asker, event string, args ...any) (T, error) {
	var answer T
	got, err := target.EmitWithAck(ctx, event, args...)
	if err == nil {
		err = remoteError(got)
	}
	if err != nil || got.Len() == 0 {
		return answer, err
	}
	err = got.Decode(0, &answer)
	return answer, err
}
