package sio

import (
	"errors"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/siopacket"
)

// A Parser encodes packets as messages and decodes them. JSONParser implements the protocol
// document; MsgpackParser is compatible with the official parser for MessagePack. A program may
// have its own parser, which its clients must use too. This package holds no lock when it calls a
// Parser. A panic while decoding a client's message or encoding an answer closes that client; a
// panic of Encode in Emit goes to the caller.
type Parser interface {
	// Encode returns a packet as messages for any number of sessions: for JSONParser, its text,
	// then its attachments. It may be called from several goroutines at once.
	Encode(siopacket.Packet) []*engineio.Message

	// NewDecoder returns a decoder for one client's messages. maxAttachments is
	// Config.MaxAttachments.
	NewDecoder(maxAttachments int) Decoder
}

// Decoder reads the messages of one client. Only one goroutine calls it at a time.
type Decoder interface {
	// Add decodes the next message, which it may retain. The packet is valid if complete is true.
	// An error means that the client has violated the protocol: the server closes it, and OnError
	// receives the error.
	Add(data []byte, binary bool) (p siopacket.Packet, complete bool, err error)
}

// JSONParser encodes a packet as text, followed by its attachments as binary messages (Socket.IO
// protocol, "Packet encoding").
type JSONParser struct{}

// Encode implements Parser.
func (JSONParser) Encode(p siopacket.Packet) []*engineio.Message {
	messages := make([]*engineio.Message, 0, 1+len(p.Attachments))
	messages = append(messages, engineio.AppendedText(len(p.Data)+len(p.Namespace)+24,
		p.AppendText))
	for _, attachment := range p.Attachments {
		messages = append(messages, engineio.BinaryMessage(attachment))
	}
	return messages
}

// NewDecoder implements Parser.
func (JSONParser) NewDecoder(maxAttachments int) Decoder {
	return &jsonDecoder{siopacket.Decoder{MaxAttachments: maxAttachments}}
}

type jsonDecoder struct{ packets siopacket.Decoder }

func (d *jsonDecoder) Add(data []byte, binary bool) (siopacket.Packet, bool, error) {
	if binary {
		return d.packets.AddBinary(data)
	}
	return d.packets.AddText(data)
}

// MsgpackParser encodes a packet as one binary message, like the official socket.io-msgpack-parser.
type MsgpackParser struct{}

// Encode implements Parser.
func (MsgpackParser) Encode(p siopacket.Packet) []*engineio.Message {
	data, err := p.AppendMsgpack(nil)
	if err != nil {
		return nil // cannot happen for this package's packets, whose data is JSON
	}
	return []*engineio.Message{engineio.BinaryMessage(data)}
}

// NewDecoder implements Parser. Binary data is bounded only by the size of a message.
func (MsgpackParser) NewDecoder(int) Decoder { return msgpackDecoder{} }

type msgpackDecoder struct{}

var errNotMsgpack = errors.New("sio: text where MessagePack was due")

func (msgpackDecoder) Add(data []byte, binary bool) (siopacket.Packet, bool, error) {
	if !binary {
		return siopacket.Packet{}, false, errNotMsgpack
	}
	p, err := siopacket.ParseMsgpack(data)
	return p, true, err
}
