package engineio

import (
	"bytes"

	"github.com/gorilla/websocket"

	"realtimelab/lessons/socketio/eiopacket"
)

// A Message is an encoded packet, to be sent to any number of sessions. After Prepare, it does not
// change, and several goroutines may send it.
type Message struct {
	packet eiopacket.Packet
	text   []byte // the packet as text; nil if it is binary
	// the opcode of a WebSocket control frame, whose payload is packet.Data; 0 for a packet
	control int

	plain    bool                       // not to be compressed
	prepared *websocket.PreparedMessage // nil if it is framed for each session
}

// TextMessage returns a text message. text must be UTF-8: a client may close its connection
// otherwise. TextMessage copies text.
func TextMessage(text []byte) *Message {
	return AppendedText(len(text), func(dst []byte) []byte { return append(dst, text...) })
}

// AppendedText returns a text message with the text that appendTo appends to dst, without the copy
// of TextMessage. sizeHint is the expected length in bytes. The message owns the result of
// appendTo.
func AppendedText(sizeHint int, appendTo func(dst []byte) []byte) *Message {
	return newText(appendTo(append(make([]byte, 0, 1+sizeHint), byte(eiopacket.Message))))
}

// BinaryMessage returns a binary message. It copies data.
func BinaryMessage(data []byte) *Message {
	return &Message{packet: eiopacket.ParseBinary(bytes.Clone(data))}
}

// Uncompressed returns a message that shares the bytes of m, and that no transport compresses.
func (m *Message) Uncompressed() *Message {
	return &Message{packet: m.packet, text: m.text, plain: true, prepared: m.prepared}
}

// Prepare frames the message for WebSocket, once for all its sessions. It is useful for a
// broadcast, and must be called before the message is sent.
func (m *Message) Prepare() {
	kind, data := m.frame(eiopacket.Codec{})
	m.prepared, _ = websocket.NewPreparedMessage(kind, data) // fails for an invalid kind only
}

// frame returns the opcode and the payload of the message's WebSocket frame.
func (m *Message) frame(codec eiopacket.Codec) (opcode int, payload []byte) {
	if m.text != nil {
		return websocket.TextMessage, m.text
	}
	binary, payload := codec.Frame(m.packet)
	if binary {
		return websocket.BinaryMessage, payload
	}
	return websocket.TextMessage, payload
}

// cost returns the message's size for Config.MaxQueue, in bytes.
func (m *Message) cost() int { return messageCost + len(m.packet.Data) }

// newText returns a message with an encoded text packet.
func newText(text []byte) *Message {
	return &Message{packet: eiopacket.Packet{Type: eiopacket.Type(text[0]), Data: text[1:]},
		text: text}
}

// Packets without data.
var (
	closePacket = newText([]byte("1"))
	pingPacket  = newText([]byte("2"))
	pongPacket  = newText([]byte("3"))
	pongProbe   = newText([]byte("3probe"))
	noopPacket  = newText([]byte("6"))
)
