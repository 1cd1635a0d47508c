package sio

import (
	"errors"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/siopacket"
)

// A Parser writes packets into messages and reads them from messages. JSONParser is the protocol
// document's; MsgpackParser is the official one for MessagePack. A program may bring its own, which
// the clients must use too. It is called with no lock held. A panic while a client is read or
// answered closes that client; a panic of Encode in Emit is the caller's.
type Parser interface {
	// Encode makes a packet ready for any number of sessions: its text, then its attachments, or
	// what the parser has in their place. It may be called from several goroutines at once.
	Encode(siopacket.Packet) []*engineio.Message

	// NewDecoder starts to read one client's messages. maxAttachments is Config.MaxAttachments.
	NewDecoder(maxAttachments int) Decoder
}

// Decoder reads the messages of one client. Only one goroutine calls it at a time.
type Decoder interface {
	// Add takes the next message, which it may keep. The packet counts if complete is true. An
	// error means that the client has broken the protocol: it is closed, and OnError receives the
	// error.
	Add(data []byte, binary bool) (p siopacket.Packet, complete bool, err error)
}

// JSONParser writes a packet as text, and its attachments as binary messages after it (Socket.IO
// protocol, "Packet encoding").
type JSONParser struct{}

// Encode implements Parser.
func (JSONParser) Encode(p siopacket.Packet) []*engineio.Message {
	messages := make([]*engineio.Message, 0, 1+len(p.Attachments))
	messages = append(messages, engineio.AppendedText(len(p.Data)+len(p.Namespace)+24, p.AppendText))
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

// MsgpackParser writes a packet as one binary message, as the official socket.io-msgpack-parser
// does.
type MsgpackParser struct{}

// Encode implements Parser.
func (MsgpackParser) Encode(p siopacket.Packet) []*engineio.Message {
	data, err := p.AppendMsgpack(nil)
	if err != nil {
		return nil // no packet of this package: its data is JSON
	}
	return []*engineio.Message{engineio.BinaryMessage(data)}
}

// NewDecoder implements Parser. Binary data is bounded by the size of a message alone.
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
