// Package siopacket writes and reads Socket.IO packets without attachments.
package siopacket

import (
	"errors"
	"fmt"
)

// The types that must carry JSON.
const (
	Event = 2
	Ack   = 3
)

// Packet is one packet.
type Packet struct {
	Type      int
	Namespace string  // "/" is the main one
	ID        *uint64 // nil if no answer is wanted
	Data      string  // JSON, may be empty
}

// Encode writes the packet.
func Encode(p Packet) string {
	// TODO: the namespace, but not the main one, and the ack id.
	return fmt.Sprint(p.Type) + p.Data
}

// Decode reads a packet; its namespace is never empty.
func Decode(text string) (Packet, error) {
	// TODO
	return Packet{}, errors.New("cannot read packets yet")
}
