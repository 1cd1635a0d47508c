package engineio

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

	"realtimelab/lessons/socketio/eiopacket"
)

// Message is a packet made ready to be sent, once, to any number of sessions.
// It is immutable.
type Message struct {
	packet eiopacket.Packet
	frame  []byte // RFC 6455 section 5.2: header and payload, FIN set, unmasked

	plain    bool                     // not to be compressed
	variants atomic.Pointer[variants] // nil until one is asked for
}

// variants are the frames of a message for other connections than most, each
// made for the first that needs it.
type variants [variantCount]struct {
	once  sync.Once
	frame []byte
}

// The kinds of variants.
const (
	deflatedFrame = iota
	binaryV3      // a binary frame of revision 3
	base64V3      // the same in text
	streamFrame   // a packet of WebTransport
	base64V4      // a binary message of revision 4 in text
	variantCount
)

func (m *Message) variant(kind int, make func() []byte) []byte {
	all := m.variants.Load()
	if all == nil {
		m.variants.CompareAndSwap(nil, new(variants))
		all = m.variants.Load()
	}
	v := &all[kind]
	v.once.Do(func() { v.frame = make() })
	return v.frame
}

const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xa
	finBit         = 0x80
	rsv1Bit        = 0x40
)

// maxHeader is the longest header of an unmasked frame.
const maxHeader = 10

// TextMessage makes a message of text, which must be UTF-8.
func TextMessage(text []byte) *Message {
	return AppendedText(len(text), func(dst []byte) []byte { return append(dst, text...) })
}

// AppendedText makes a message of the text that appendTo appends. It saves the
// copy of TextMessage: the text is written where the frame needs it. sizeHint
// is a guess at its length.
func AppendedText(sizeHint int, appendTo func(dst []byte) []byte) *Message {
	return newText(eiopacket.Message, sizeHint, appendTo)
}

// BinaryMessage makes a message of bytes, which it keeps no reference to.
func BinaryMessage(data []byte) *Message {
	buf := make([]byte, maxHeader, maxHeader+len(data))
	buf = append(buf, data...)
	return &Message{
		packet: eiopacket.ParseBinary(buf[maxHeader:]),
		frame:  putHeader(buf, finBit|opBinary),
	}
}

// Uncompressed is the same message for those who ask that it not be compressed,
// whatever the server's configuration. It shares the bytes.
func (m *Message) Uncompressed() *Message {
	return &Message{packet: m.packet, frame: m.frame, plain: true}
}

// payload of the frame.
func (m *Message) payload() []byte {
	if m.packet.Binary {
		return m.packet.Data
	}
	return m.frame[len(m.frame)-m.packet.TextLen():]
}

func newText(t eiopacket.Type, sizeHint int, appendTo func(dst []byte) []byte) *Message {
	buf := make([]byte, maxHeader+1, maxHeader+1+sizeHint)
	buf[maxHeader] = byte(t)
	buf = appendTo(buf)
	return &Message{
		packet: eiopacket.Packet{Type: t, Data: buf[maxHeader+1:]},
		frame:  putHeader(buf, finBit|opText),
	}
}

func control(t eiopacket.Type, data string) *Message {
	return newText(t, len(data), func(dst []byte) []byte { return append(dst, data...) })
}

// controlFrame is a frame of the WebSocket's own, for a session that is on one.
// Its payload is at most 125 bytes.
func controlFrame(opcode byte, payload []byte) *Message {
	return &Message{frame: append([]byte{finBit | opcode, byte(len(payload))}, payload...)}
}

// The packets without an answer's worth of content.
var (
	closePacket = control(eiopacket.Close, "")
	pingPacket  = control(eiopacket.Ping, "")
	pongPacket  = control(eiopacket.Pong, "")
	noopPacket  = control(eiopacket.Noop, "")
	pongProbe   = control(eiopacket.Pong, "probe")
)

// putHeader writes the frame header right before the payload that starts at
// maxHeader, and returns the frame. The header starts with head.
func putHeader(buf []byte, head byte) []byte {
	n := len(buf) - maxHeader
	switch {
	case n <= 125:
		buf[8], buf[9] = head, byte(n)
		return buf[8:]
	case n <= 0xffff:
		buf[6], buf[7] = head, 126
		binary.BigEndian.PutUint16(buf[8:], uint16(n))
		return buf[6:]
	default:
		buf[0], buf[1] = head, 127
		binary.BigEndian.PutUint64(buf[2:], uint64(n))
		return buf
	}
}
