// Package eiopacket reads and writes Engine.IO v4 packets and polling payloads.
//
// It follows the sections "Protocol" and "Packet encoding" of the Engine.IO
// protocol document, revision 4. It is pure: no network, no goroutines, and no
// knowledge of what a message means to the layer above.
//
// A packet is one type digit and its data:
//
//	0{"sid":"…"}   open      server → client, the handshake
//	1              close     either side, over polling
//	2  2probe      ping      server → client; "2probe" client → server
//	3  3probe      pong      client → server; "3probe" server → client
//	4hello         message   either side
//	5              upgrade   client → server, ends the upgrade
//	6              noop      server → client, ends a waiting poll
package eiopacket

import (
	"encoding/base64"
	"fmt"
)

// Type is the first character of a text packet.
type Type byte

// The packet types, with the digit each has on the wire.
const (
	Open    Type = '0'
	Close   Type = '1'
	Ping    Type = '2'
	Pong    Type = '3'
	Message Type = '4'
	Upgrade Type = '5'
	Noop    Type = '6'
)

var typeNames = [...]string{"open", "close", "ping", "pong", "message", "upgrade", "noop"}

// String returns the word that the protocol document uses for the type.
func (t Type) String() string {
	if !t.valid() {
		return fmt.Sprintf("unknown(%q)", byte(t))
	}
	return typeNames[t-Open]
}

func (t Type) valid() bool { return t >= Open && t <= Noop }

// Packet is one Engine.IO packet.
type Packet struct {
	Type   Type
	Binary bool   // Data is binary; then Type is Message
	Data   []byte // of a binary packet the raw bytes, without the base64 of polling
}

// SyntaxError says where a packet or payload breaks the protocol.
type SyntaxError struct {
	Offset int    // of the first byte that is wrong, from the start of what the parser was given
	Reason string // what is wrong there, or what is missing
}

// Error gives the reason and the offset.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("eiopacket: %s at byte %d", e.Reason, e.Offset)
}

// AppendText appends the packet as text: what a WebSocket text frame holds, and
// what stands between two separators of a polling payload. Binary data becomes
// "b" and padded base64.
func (p Packet) AppendText(dst []byte) []byte {
	if p.Binary {
		dst = append(dst, 'b')
		return base64.StdEncoding.AppendEncode(dst, p.Data)
	}
	dst = append(dst, byte(p.Type))
	return append(dst, p.Data...)
}

// TextLen returns the number of bytes that AppendText appends.
func (p Packet) TextLen() int {
	if p.Binary {
		return 1 + base64.StdEncoding.EncodedLen(len(p.Data))
	}
	return 1 + len(p.Data)
}

// ParseText reads one packet from its text form. Data shares memory with text
// unless the packet is binary. The error is a *SyntaxError.
func ParseText(text []byte) (Packet, error) {
	if len(text) == 0 {
		return Packet{}, &SyntaxError{0, "empty packet"}
	}
	if text[0] == 'b' {
		return parseBase64(text)
	}
	t := Type(text[0])
	if !t.valid() {
		return Packet{}, &SyntaxError{0, fmt.Sprintf("unknown packet type %q", text[0])}
	}
	return Packet{Type: t, Data: text[1:]}, nil
}

// ParseBinary reads the packet that a WebSocket binary frame holds: always a
// message, and all of the frame is its data. Data shares memory with frame.
func ParseBinary(frame []byte) Packet {
	return Packet{Type: Message, Binary: true, Data: frame}
}

// parseBase64 accepts base64 with and without padding, as Node's decoder does.
func parseBase64(text []byte) (Packet, error) {
	enc, body := base64.StdEncoding, text[1:]
	if len(body)%4 != 0 {
		enc = base64.RawStdEncoding
	}
	data, err := enc.AppendDecode(nil, body)
	if err != nil {
		offset := 1
		if at, ok := err.(base64.CorruptInputError); ok {
			offset += int(at)
		}
		return Packet{}, &SyntaxError{offset, "invalid base64"}
	}
	return Packet{Type: Message, Binary: true, Data: data}, nil
}
