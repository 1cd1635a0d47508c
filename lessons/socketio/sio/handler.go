package sio

import "realtimelab/lessons/socketio/siopacket"

// Args are an event's or an answer's arguments, as they came.
type Args = siopacket.Args

// NewArgs is for adapters, which bring answers from elsewhere.
func NewArgs(values []siopacket.Value, attachments [][]byte) Args {
	return siopacket.NewArgs(values, attachments)
}
