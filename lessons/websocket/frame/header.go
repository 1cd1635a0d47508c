// Package frame reads and writes WebSocket frames as RFC 6455 defines them.
//
// It is pure: bytes in, values out, no network and no goroutines. Use it in
// three sizes: Header for one header, Frame for one whole frame, Decoder for
// all that one side of a connection says, with the rules that reach from one
// frame to the next.
//
// The examples of section 5.7, byte for byte:
//
//	81 05 48 65 6c 6c 6f               "Hello", one text frame from a server
//	81 85 37 fa 21 3d 7f 9f 4d 51 58   the same from a client, masked with 37 fa 21 3d
//	01 03 48 65 6c   80 02 6c 6f       "Hel" and "lo", one message in two fragments
//	89 05 48 65 6c 6c 6f               ping with the body "Hello"
//	82 7e 01 00 …                      256 bytes of binary, length in 16 bits
//	82 7f 00 00 00 00 00 01 00 00 …    65536 bytes of binary, length in 64 bits
package frame

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Opcode says what a frame carries (section 5.2).
type Opcode byte

// The opcodes. 3 to 7 and 11 to 15 are reserved and refused.
const (
	Continuation Opcode = 0x0
	Text         Opcode = 0x1
	Binary       Opcode = 0x2
	Close        Opcode = 0x8
	Ping         Opcode = 0x9
	Pong         Opcode = 0xA
)

var opcodeNames = [16]string{Continuation: "continuation", Text: "text", Binary: "binary",
	Close: "close", Ping: "ping", Pong: "pong"}

// String is the RFC's word for the opcode.
func (o Opcode) String() string {
	if !o.Known() {
		return fmt.Sprintf("reserved(0x%X)", byte(o))
	}
	return opcodeNames[o]
}

// Known tells that RFC 6455 gives the opcode a meaning.
func (o Opcode) Known() bool { return o < 16 && opcodeNames[o] != "" }

// Control tells a control frame: close, ping and pong, and the reserved ones above 0x8.
func (o Opcode) Control() bool { return o&0x8 != 0 }

// MaxControl is the most bytes that a control frame may carry (section 5.5).
const MaxControl = 125

// MaxHeader is the size of the longest header: two bytes, a 64 bit length, a masking key.
const MaxHeader = 14

// Header is all of a frame before its payload (section 5.2):
//
//	 0               1               2               3
//	 0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7
//	+-+-+-+-+-------+-+-------------+-------------------------------+
//	|F|R|R|R|       |M|             |  extended length: 2 bytes if  |
//	|I|S|S|S|opcode |A|   length    |  length is 126, 8 bytes if it |
//	|N|V|V|V|       |S|             |  is 127                       |
//	| |1|2|3|       |K|             |                               |
//	+-+-+-+-+-------+-+-------------+-------------------------------+
//	| then the masking key, 4 bytes, if MASK is set; then the payload
type Header struct {
	Fin    bool    // the last frame of its message
	RSV    byte    // the three reserved bits: RSV1 is 4, RSV2 is 2, RSV3 is 1
	Opcode Opcode  // only its low four bits reach the wire
	Masked bool    // set on all that a client sends, on nothing that a server sends
	Mask   [4]byte // the masking key, if Masked
	Length int64   // of the payload, in bytes; never negative
}

// RSV1 is the reserved bit that permessage-deflate sets on a compressed message (RFC 7692, section
// 6).
const RSV1 = 4

// Len is the size of the header on the wire, 2 to MaxHeader bytes.
func (h Header) Len() int {
	n := 2
	switch {
	case h.Length > math.MaxUint16:
		n += 8
	case h.Length > 125:
		n += 2
	}
	if h.Masked {
		n += 4
	}
	return n
}

// Append appends the header in its shortest form, which is the only legal one.
func (h Header) Append(dst []byte) []byte {
	dst = append(dst, bit(h.Fin, 0x80)|h.RSV<<4|byte(h.Opcode&0xF))
	masked := bit(h.Masked, 0x80)
	switch {
	case h.Length <= 125:
		dst = append(dst, masked|byte(h.Length))
	case h.Length <= math.MaxUint16:
		dst = binary.BigEndian.AppendUint16(append(dst, masked|126), uint16(h.Length))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, masked|127), uint64(h.Length))
	}
	if h.Masked {
		dst = append(dst, h.Mask[:]...)
	}
	return dst
}

func bit(set bool, value byte) byte {
	if set {
		return value
	}
	return 0
}

// ParseHeader reads the header at the beginning of data. n is its length in bytes. The error is
// ErrIncomplete if data ends before the header does, or an *Error: a reserved opcode, a control
// frame that is fragmented or too long, a length not in its shortest form or above 2^63-1. The
// Decoder checks the rules that depend on the connection: masking, reserved bits and order.
func ParseHeader(data []byte) (h Header, n int, err error) {
	if len(data) < 1 {
		return Header{}, 0, ErrIncomplete
	}
	h = Header{Fin: data[0]&0x80 != 0, RSV: data[0] >> 4 & 7, Opcode: Opcode(data[0] & 0xF)}
	if err := checkFirst(h); err != nil {
		return Header{}, 0, err
	}
	if len(data) < 2 {
		return Header{}, 0, ErrIncomplete
	}
	h.Masked = data[1]&0x80 != 0
	if h.Length, n, err = parseLength(h.Opcode, data); err != nil {
		return Header{}, 0, err
	}
	if h.Masked {
		if len(data) < n+4 {
			return Header{}, 0, ErrIncomplete
		}
		n += copy(h.Mask[:], data[n:])
	}
	return h, n, nil
}

// checkFirst judges the header's first byte.
func checkFirst(h Header) error {
	if !h.Opcode.Known() {
		return violation(0, "reserved opcode 0x%X", byte(h.Opcode))
	}
	if h.Opcode.Control() && !h.Fin {
		return violation(0, "%s frame is fragmented", h.Opcode)
	}
	return nil
}

// parseLength reads the length that starts in data's second byte, and the offset after it.
func parseLength(op Opcode, data []byte) (length int64, n int, err error) {
	short := data[1] & 0x7F
	if op.Control() && short > MaxControl {
		return 0, 0, violation(1, "%s frame is longer than %d bytes", op, MaxControl)
	}
	switch short {
	case 126:
		return parseLength16(data)
	case 127:
		return parseLength64(data)
	}
	return int64(short), 2, nil
}

func parseLength16(data []byte) (int64, int, error) {
	if len(data) < 4 {
		return 0, 0, ErrIncomplete
	}
	length := binary.BigEndian.Uint16(data[2:])
	if length <= 125 {
		return 0, 0, violation(2, "length %d in 16 bits, not in 7", length)
	}
	return int64(length), 4, nil
}

func parseLength64(data []byte) (int64, int, error) {
	if len(data) < 10 {
		return 0, 0, ErrIncomplete
	}
	length := binary.BigEndian.Uint64(data[2:])
	if length > math.MaxInt64 {
		return 0, 0, violation(2, "length %d has its highest bit set", length)
	}
	if length <= math.MaxUint16 {
		return 0, 0, violation(2, "length %d in 64 bits, not in fewer", length)
	}
	return int64(length), 10, nil
}
