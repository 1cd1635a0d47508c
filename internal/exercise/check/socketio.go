package check

import (
	"bytes"
	"fmt"
)

const (
	eioSpec = "Engine.IO v4, Packet encoding"
	sioSpec = "Socket.IO v5, Packet encoding"
)

var (
	eioTypes = map[byte]string{'0': "open", '1': "close", '2': "ping", '3': "pong", '4': "message",
		'5': "upgrade", '6': "noop", 'b': "binary message, base64"}
	sioTypes = map[byte]string{'0': "CONNECT", '1': "DISCONNECT", '2': "EVENT", '3': "ACK",
		'4': "CONNECT_ERROR", '5': "BINARY_EVENT", '6': "BINARY_ACK"}
)

// Payload takes a body of Engine.IO polling apart: packets with 0x1e between them.
func Payload(wire []byte) []Part {
	var parts []Part
	for i, packet := range bytes.Split(wire, []byte{0x1e}) {
		if i > 0 {
			parts = append(parts, Part{fmt.Sprintf("separator %d", i), `\x1e`, eioSpec})
		}
		for _, p := range EnginePacket(packet) {
			parts = append(parts, Part{fmt.Sprintf("packet %d %s", i+1, p.Name), p.Value, p.Spec})
		}
	}
	return parts
}

// EnginePacket takes one Engine.IO packet apart: a digit and the data.
func EnginePacket(wire []byte) []Part {
	parts, rest := typed(wire, eioTypes, eioSpec)
	if len(rest) > 0 {
		parts = append(parts, Part{"data", quote(rest), eioSpec})
	}
	return parts
}

// typed reads the first character as one of the types.
func typed(wire []byte, types map[byte]string, spec string) ([]Part, []byte) {
	if len(wire) == 0 {
		return []Part{{"type", "missing", spec}}, nil
	}
	name := types[wire[0]]
	if name == "" {
		name = "no such type"
	}
	return []Part{{"type", fmt.Sprintf("%s %s", quote(wire[:1]), name), spec}}, wire[1:]
}

// Packet takes the text of one Socket.IO packet apart: type, attachments, namespace, ack id, data.
func Packet(wire []byte) []Part {
	parts, rest := typed(wire, sioTypes, sioSpec)
	number, after := digits(rest)
	if len(number) > 0 && len(after) > 0 && after[0] == '-' {
		parts = append(parts, Part{"attachments", string(number) + "-", sioSpec})
		rest = after[1:]
	}
	if len(rest) > 0 && rest[0] == '/' {
		namespace, tail, comma := bytes.Cut(rest, []byte(","))
		text := quote(namespace) + ","
		if !comma {
			text = quote(namespace) + " without a comma"
		}
		parts = append(parts, Part{"namespace", text, sioSpec})
		rest = tail
	}
	if number, after = digits(rest); len(number) > 0 {
		parts = append(parts, Part{"ack id", string(number), sioSpec})
		rest = after
	}
	if len(rest) > 0 {
		parts = append(parts, Part{"data", quote(rest), sioSpec})
	}
	return parts
}

func digits(b []byte) (number, rest []byte) {
	n := 0
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	return b[:n], b[n:]
}

// Messages takes an Engine.IO message with a Socket.IO packet in it apart.
func Messages(wire []byte) []Part {
	if len(wire) < 2 || wire[0] != '4' {
		return EnginePacket(wire)
	}
	parts := []Part{{"Engine.IO type", "4 message", eioSpec}}
	return append(parts, Packet(wire[1:])...)
}
