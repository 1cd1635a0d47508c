// Package frameheader writes the frames of a WebSocket server.
package frameheader

import (
	"encoding/binary"
	"math"
)

// Append appends one frame: fin says that it is the last frame of its message.
func Append(dst []byte, fin bool, opcode byte, payload []byte) []byte {
	if fin {
		opcode |= 0x80
	}
	dst = append(dst, opcode)
	switch n := len(payload); {
	case n <= 125:
		dst = append(dst, byte(n))
	case n <= math.MaxUint16:
		dst = binary.BigEndian.AppendUint16(append(dst, 126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, 127), uint64(n))
	}
	return append(dst, payload...)
}
