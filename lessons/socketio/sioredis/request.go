package sioredis

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/tinylib/msgp/msgp"

	"realtimelab/lessons/socketio/siopacket"
)

// kind is the official adapter's number for a request, or for a response to a broadcast that wants
// acknowledgements.
type kind int

const (
	listSockets    kind = iota // adapter 8.x does not send it
	listRooms                  // of all sockets
	remoteJoin                 // no response, unless one socket is named
	remoteLeave                // likewise
	remoteDisconn              // likewise
	fetchSockets               // each server describes its sockets
	serverSideEmit             // with a request id, each server answers
	askClients                 // a broadcast that wants acknowledgements
	clientCount                // response: how many clients were asked
	clientAnswer               // response: the acknowledgement of one of them

	unknown kind = -1
)

// request goes to all servers of a namespace, as JSON, or as MessagePack if it contains bytes.
//
//	{"uid":"u","type":2,"opts":{"rooms":["a"],"except":[]},"rooms":["b"]}
//	{"uid":"u","requestId":"r","type":5,"opts":{"rooms":[],"except":[]}}
//	{"uid":"u","requestId":"r","type":6,"data":["ping",1]}
type request struct {
	UID   string         `json:"uid,omitzero"`
	ID    string         `json:"requestId,omitzero"`
	Kind  kind           `json:"type"`
	Opts  *options       `json:"opts,omitzero"`
	Rooms names          `json:"rooms,omitzero"` // to join or leave, or listSockets' choice
	Close bool           `json:"close,omitzero"` // remoteDisconn: the whole connection
	Data  jsontext.Value `json:"data,omitzero"`  // serverSideEmit: the event

	// The older form of remoteJoin and the two after it, for one socket.
	SID  string         `json:"sid,omitzero"`
	Room jsontext.Value `json:"room,omitzero"`

	packet      siopacket.Packet // askClients: the event
	attachments [][]byte         // of Data
}

func (r request) encode() ([]byte, error) {
	text, err := json.Marshal(r, lenient)
	if err != nil {
		return nil, err
	}
	if r.Kind != askClients {
		return encode(text, r.attachments)
	}
	return r.appendPacket(text)
}

// appendPacket returns the request as a map with the packet as an additional member.
func (r request) appendPacket(text jsontext.Value) ([]byte, error) {
	fields, err := siopacket.AppendMsgpackValue(nil, text, nil)
	if err != nil {
		return nil, err
	}
	size, members, err := msgp.ReadMapHeaderBytes(fields)
	if err != nil {
		return nil, err
	}
	wire := append(msgp.AppendMapHeader(nil, size+1), members...)
	return r.packet.AppendMsgpack(msgp.AppendString(wire, "packet"))
}

// encode returns JSON, which is easier to watch, or MessagePack if there are attachments.
func encode(text jsontext.Value, attachments [][]byte) ([]byte, error) {
	if len(attachments) == 0 {
		return text, nil
	}
	return siopacket.AppendMsgpackValue(nil, text, attachments)
}

var errTrailing = errors.New("sioredis: bytes behind the message")

// decode parses JSON or MessagePack into v. It returns the binary values of MessagePack as
// attachments.
func decode(b []byte, v any) (attachments [][]byte, err error) {
	text := jsontext.Value(b)
	if len(b) == 0 || b[0] != '{' {
		var rest []byte
		if text, attachments, rest, err = siopacket.ReadMsgpackValue(b); err != nil {
			return nil, err
		}
		if len(rest) > 0 {
			return nil, errTrailing
		}
	}
	return attachments, json.Unmarshal(text, v, lenient)
}

var errIncomplete = errors.New("sioredis: the request lacks what it is about")

func parseRequest(b []byte) (request, error) {
	r := request{Kind: unknown}
	var err error
	if r.attachments, err = decode(b, &r); err != nil {
		return r, err
	}
	switch r.Kind {
	case fetchSockets, askClients:
		if r.Opts == nil || r.ID == "" {
			return r, errIncomplete
		}
	case serverSideEmit:
		return r, checkEvent(r.Data)
	}
	if r.Kind == askClients && b[0] != '{' {
		r.packet, err = siopacket.ParseMsgpack(msgp.Locate("packet", b))
	}
	if r.Kind == askClients && r.packet.Type != siopacket.Event {
		return r, errors.Join(errNotBroadcast, err)
	}
	return r, nil
}

// checkEvent returns an error unless data is an array that starts with an event name.
func checkEvent(data jsontext.Value) error {
	var event []jsontext.Value
	if err := json.Unmarshal(data, &event, lenient); err != nil {
		return err
	}
	if len(event) == 0 {
		return errIncomplete
	}
	_, err := nameOf(event[0])
	return err
}

// response goes to the server that asked. Its members depend on the kind of request.
//
//	{"requestId":"r","sockets":[…]}             fetchSockets
//	{"type":6,"requestId":"r","data":"pong"}    serverSideEmit
//	{"type":8,"requestId":"r","clientCount":2}  askClients, once
//	{"type":9,"requestId":"r","packet":"yes"}   askClients, for each client that answers
type response struct {
	Kind    kind           `json:"type,omitzero"`
	ID      string         `json:"requestId"`
	Sockets jsontext.Value `json:"sockets,omitzero"`
	Rooms   jsontext.Value `json:"rooms,omitzero"`
	Data    jsontext.Value `json:"data,omitzero"`
	Count   *int           `json:"clientCount,omitzero"`
	Answer  jsontext.Value `json:"packet,omitzero"`

	attachments [][]byte // of Data or Answer
}

func (r response) encode() ([]byte, error) {
	text, err := json.Marshal(r, lenient)
	if err != nil {
		return nil, err
	}
	return encode(text, r.attachments)
}

func parseResponse(b []byte) (r response, err error) {
	r.attachments, err = decode(b, &r)
	return r, err
}
