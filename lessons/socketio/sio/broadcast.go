package sio

import (
	"slices"

	"realtimelab/lessons/socketio/siopacket"
)

// Broadcast is a choice of sockets. Each method returns a narrower choice and
// leaves its receiver as it was.
type Broadcast struct {
	namespace *Namespace
	rooms     []string
	except    []string
	volatile  bool
}

// To adds rooms; a socket in several of them receives once.
func (b Broadcast) To(rooms ...string) Broadcast {
	b.rooms = append(slices.Clip(b.rooms), rooms...)
	return b
}

// In is another name for To.
func (b Broadcast) In(rooms ...string) Broadcast { return b.To(rooms...) }

// Except leaves out the sockets in any of the rooms.
func (b Broadcast) Except(rooms ...string) Broadcast {
	b.except = append(slices.Clip(b.except), rooms...)
	return b
}

// Volatile leaves out the sockets that could not be sent to at once.
func (b Broadcast) Volatile() Broadcast {
	b.volatile = true
	return b
}

// Emit encodes the event once and sends it to every socket of the choice. The
// error is about the event or its arguments; a client that cannot be reached
// is none.
func (b Broadcast) Emit(event string, args ...any) error {
	packet, err := eventPacket(b.namespace.name, event, args)
	if err != nil {
		return err
	}
	b.namespace.adapter.broadcast(frames(packet), b)
	return nil
}

// Send is Emit of the event "message".
func (b Broadcast) Send(args ...any) error { return b.Emit("message", args...) }

func eventPacket(namespace, event string, args []any) (siopacket.Packet, error) {
	if siopacket.IsReserved(event) {
		return siopacket.Packet{}, ErrReservedEvent
	}
	values := make([]any, 0, 1+len(args))
	values = append(append(values, event), args...)
	data, attachments, err := siopacket.MarshalArgs(values...)
	if err != nil {
		return siopacket.Packet{}, err
	}
	return siopacket.Packet{Type: siopacket.Event, Namespace: namespace, Data: data, Attachments: attachments}, nil
}
