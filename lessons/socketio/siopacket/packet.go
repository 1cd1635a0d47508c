// Package siopacket reads and writes Socket.IO v5 packets, binary included.
//
// It follows the section "Packet encoding" of the Socket.IO protocol document,
// revision 5. It is pure: no network, no goroutines.
//
// A packet is text, and the attachments that follow it as binary messages:
//
//	0{"token":"123"}                            CONNECT to "/", with the auth payload
//	40/admin,                                   (inside an Engine.IO message: CONNECT to "/admin")
//	1/admin,                                    DISCONNECT from "/admin"
//	2["hello",1]                                EVENT
//	2/admin,456["project:delete",123]           EVENT that wants the ack 456
//	3/admin,456[]                               ACK 456
//	4/admin,{"message":"Not authorized"}        CONNECT_ERROR
//	51-["hello",{"_placeholder":true,"num":0}]  BINARY_EVENT, then one attachment
//	61-/admin,456[{"_placeholder":true,"num":0}] BINARY_ACK, then one attachment
package siopacket

import (
	"fmt"
	"strconv"
)

// Type is a packet's type, with the number that it has in the protocol and in the official parsers.
// The text of a packet begins with it as a digit.
type Type byte

// The packet types.
const (
	Connect      Type = 0
	Disconnect   Type = 1
	Event        Type = 2
	Ack          Type = 3
	ConnectError Type = 4
	BinaryEvent  Type = 5
	BinaryAck    Type = 6
)

var typeNames = [...]string{"CONNECT", "DISCONNECT", "EVENT", "ACK", "CONNECT_ERROR",
	"BINARY_EVENT", "BINARY_ACK"}

// String returns the name that the protocol document uses for the type.
func (t Type) String() string {
	if !t.valid() {
		return fmt.Sprintf("unknown(%d)", byte(t))
	}
	return typeNames[t]
}

func (t Type) valid() bool { return t <= BinaryAck }

func (t Type) binary() bool { return t == BinaryEvent || t == BinaryAck }

// MainNamespace is the namespace that every client may join without naming it.
const MainNamespace = "/"

// Packet is one Socket.IO packet.
type Packet struct {
	// Type is never BinaryEvent or BinaryAck after decoding: those are an
	// Event or Ack whose Attachments are not empty.
	Type Type

	// Namespace starts with a slash; empty means MainNamespace.
	Namespace string

	// ID joins an Event to its Ack. HasID tells 0 from none.
	ID    uint64
	HasID bool

	// Data is JSON text: an array for Event and Ack, an object for Connect, an
	// object or string for ConnectError, empty for Disconnect. A placeholder
	// object stands where attachment "num" belongs.
	Data []byte

	// Attachments are the binary data, by the number in their placeholders.
	Attachments [][]byte
}

// AppendText appends the packet's text. The attachments follow it as binary
// messages of their own, in order.
func (p Packet) AppendText(dst []byte) []byte {
	t := p.Type
	if n := len(p.Attachments); n > 0 {
		switch t {
		case Event:
			t = BinaryEvent
		case Ack:
			t = BinaryAck
		}
		dst = append(dst, '0'+byte(t))
		dst = strconv.AppendInt(dst, int64(n), 10)
		dst = append(dst, '-')
	} else {
		dst = append(dst, '0'+byte(t))
	}
	if p.Namespace != "" && p.Namespace != MainNamespace {
		dst = append(dst, p.Namespace...)
		dst = append(dst, ',')
	}
	if p.HasID {
		dst = strconv.AppendUint(dst, p.ID, 10)
	}
	return append(dst, p.Data...)
}

// Args splits the data of an Event or Ack into its JSON values, which share
// memory with Data. The packet must be one that was decoded without error.
func (p Packet) Args() []Value { return splitArray(p.Data) }

// Size returns the number of bytes of the packet's data and attachments.
func (p Packet) Size() int {
	size := len(p.Data)
	for _, attachment := range p.Attachments {
		size += len(attachment)
	}
	return size
}
