package check

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

const (
	framing = "RFC 6455, 5.2"
	masking = "RFC 6455, 5.3"
	closing = "RFC 6455, 5.5.1"
)

var opcodes = map[byte]string{0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping",
	10: "pong"}

// Frames takes WebSocket frames apart, one after the other (RFC 6455, section 5.2).
func Frames(wire []byte) []Part {
	var parts []Part
	for n := 1; len(wire) > 0; n++ {
		prefix := ""
		if n > 1 {
			prefix = fmt.Sprintf("frame %d ", n)
		}
		frame, rest := oneFrame(wire)
		for _, p := range frame {
			p.Name = prefix + p.Name
			parts = append(parts, p)
		}
		wire = rest
	}
	return parts
}

func oneFrame(wire []byte) (parts []Part, rest []byte) {
	add := func(name, spec, format string, args ...any) {
		parts = append(parts, Part{name, fmt.Sprintf(format, args...), spec})
	}
	b := wire[0]
	add("FIN", framing, "%d", b>>7)
	if rsv := b >> 4 & 7; rsv != 0 {
		add("RSV", framing, "%03b", rsv)
	}
	name := opcodes[b&15]
	if name == "" {
		name = "reserved"
	}
	add("opcode", framing, "0x%X %s", b&15, name)
	if len(wire) < 2 {
		return parts, nil
	}
	masked := wire[1]>>7 == 1
	add("MASK", framing, "%d", wire[1]>>7)
	length, size := frameLength(wire[1:])
	add("length", framing, "%s", length)
	wire = wire[1+min(size, len(wire)-1):]
	var key []byte
	if masked {
		key, wire = wire[:min(4, len(wire))], wire[min(4, len(wire)):]
		add("masking key", masking, "%s", Hex(key))
	}
	n, err := strconv.ParseUint(firstWord(length), 10, 63)
	if err != nil || n > uint64(len(wire)) {
		n = uint64(len(wire))
	}
	return append(parts, payload(b&15, unmask(wire[:n], key))...), wire[n:]
}

// frameLength reads the length at the start of b: its value with the size it is written in, and how
// many bytes that took.
func frameLength(b []byte) (text string, size int) {
	switch l := b[0] & 0x7f; {
	case l < 126:
		return fmt.Sprintf("%d in 7 bits", l), 1
	case l == 126 && len(b) >= 3:
		return fmt.Sprintf("%d in 16 bits, %s", binary.BigEndian.Uint16(b[1:]), Hex(b[1:3])), 3
	case l == 127 && len(b) >= 9:
		return fmt.Sprintf("%d in 64 bits, %s", binary.BigEndian.Uint64(b[1:]), Hex(b[1:9])), 9
	}
	return fmt.Sprintf("cut off: %s", Hex(b)), len(b)
}

func firstWord(s string) string {
	for i := range len(s) {
		if s[i] == ' ' {
			return s[:i]
		}
	}
	return s
}

func unmask(b, key []byte) []byte {
	out := append([]byte(nil), b...)
	for i := range out {
		if len(key) == 4 {
			out[i] ^= key[i%4]
		}
	}
	return out
}

func payload(opcode byte, b []byte) []Part {
	if opcode == 8 && len(b) >= 2 {
		return []Part{
			{"close code", strconv.Itoa(int(binary.BigEndian.Uint16(b))), closing},
			{"reason", quote(b[2:]), closing},
		}
	}
	if len(b) == 0 {
		return nil
	}
	return []Part{{"payload", quote(b), framing}}
}
