package xray

import (
	"bytes"
	"fmt"
	"strconv"

	"realtimelab/lessons/socketio/eiopacket"
)

const eio3Spec = "Engine.IO v3, Encoding"

// part is a packet of a polling body of revision 3, with what stands before it.
type part struct {
	size   int // bytes of the length and its end, and of the mark in a binary body
	packet []byte
	binary bool // in the encoding of a binary WebSocket message
}

// nextPart splits the first packet off a polling body, which is text (6:4hello) or binary
// (00 06 ff 4hello).
func nextPart(body []byte) (p part, ok bool) {
	size, n, err := 0, 0, error(nil)
	if len(body) > 0 && body[0] <= 1 {
		p.binary, size, n, err = eiopacket.SplitBinaryPayloadV3(body)
	} else {
		size, n, err = eiopacket.SplitPayloadV3(body)
	}
	if err != nil {
		return part{}, false
	}
	p.size, p.packet = size, body[size:size+n]
	return p, true
}

// readPayload3 reads the packets of a polling body of revision 3.
func readPayload3(s *stream, carrier *Row, body []byte, session *session) {
	for whole := len(body); len(body) > 0; {
		p, ok := nextPart(body)
		at := whole - len(body)
		if !ok {
			row := s.derive(EIO, within(carrier, at, len(body), whole), bytes.Clone(body))
			s.emit(badPacket(row,
				&eiopacket.SyntaxError{Reason: "the packet is not as long as it says"}))
			return
		}
		if len(p.packet) > 0 {
			readPacket(s, within(carrier, at+p.size, len(p.packet), whole), bytes.Clone(p.packet),
				p.binary, session)
		}
		body = body[p.size+len(p.packet):]
	}
}

// payload3Fields returns the fields of a polling body of revision 3: each packet and its length.
func payload3Fields(r *Row) []Field {
	var l fieldList
	body := r.Data
	for n := 1; len(body) > 0; n++ {
		p, ok := nextPart(body)
		if !ok {
			l.add(len(body), "not read", printable(body, shown),
				say("this could not be read", "从这里开始无法解读"), "")
			break
		}
		length, meaning := strconv.Itoa(len(p.packet)),
			say("the packet's length in bytes: one digit a byte, then ff",
				"数据包的字节数：每个数字占一个字节，以 ff 结束")
		if body[0] <= 1 {
			kind := "text"
			if p.binary {
				kind = "binary"
			}
			l.add(1, "kind", kind, say("0 for text, 1 for binary", "0 表示文本，1 表示二进制"),
				eio3Spec)
			l.add(p.size-1, "length", length, meaning, eio3Spec)
		} else {
			length = string(body[:p.size-1])
			l.add(p.size-1, "length", length,
				say("the packet's length in UTF-16 code units, as JavaScript counts them",
					"数据包的长度，以 UTF-16 码元计，也就是 JavaScript 的字符串长度"), eio3Spec)
			l.add(1, "separator", ":", say("ends the length", "长度到此结束"), eio3Spec)
		}
		if len(p.packet) > 0 {
			l.add(len(p.packet), fmt.Sprintf("packet %d", n), printable(p.packet, 4*shown),
				say("one Engine.IO packet", "一个 Engine.IO 数据包"), eio3Spec)
		}
		body = body[p.size+len(p.packet):]
	}
	return l.all
}

// binary3Fields returns the fields of a binary packet: a type byte and the data.
func binary3Fields(r *Row) []Field {
	var l fieldList
	l.add(1, "type", "message", say("the type as a byte: 4 is a message",
		"类型占一个字节：4 表示 message"), eio3Spec)
	if len(r.Data) > 1 {
		l.add(len(r.Data)-1, "data", "",
			say("the bytes that the packet carries", "数据包携带的字节"), eio3Spec)
	}
	return l.all
}

// base643Fields returns the fields of a binary packet in text, such as b4AQID.
func base643Fields(r *Row) []Field {
	var l fieldList
	l.add(1, "b", "binary", say("binary data, which text carries as base64",
		"二进制数据，在文本里用 base64 传送"), eio3Spec)
	l.add(1, "type", "message", say("the type digit: 4 is a message", "类型数字：4 表示 message"),
		eio3Spec)
	if len(r.Data) > 2 {
		l.add(len(r.Data)-2, "base64", printable(r.Data[2:], shown),
			say("the bytes in base64", "这些字节的 base64"), "RFC 4648 §4")
	}
	return l.all
}
