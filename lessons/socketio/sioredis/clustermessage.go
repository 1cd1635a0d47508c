package sioredis

import (
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"realtimelab/lessons/socketio/siopacket"
)

// clusterType is the number of a message in the format that the official sharded and Streams
// adapters share.
type clusterType int

const (
	clusterBroadcast    clusterType = 3
	clusterJoin         clusterType = 4
	clusterLeave        clusterType = 5
	clusterDisconnect   clusterType = 6
	clusterFetch        clusterType = 7
	clusterSockets      clusterType = 8 // response to clusterFetch
	clusterEvent        clusterType = 9 // between servers
	clusterEventAnswer  clusterType = 10
	clusterClientCount  clusterType = 11 // response to a broadcast that wants acknowledgements
	clusterClientAnswer clusterType = 12 // likewise, for each client
	// 1, 2 and 13 belong to other official adapters, and are ignored
	clusterHeartbeat     clusterType = 2
	clusterFirstBeat     clusterType = 1
	clusterAdapterClosed clusterType = 13
)

// clusterMessage is a message to the other servers, or a response to one of them.
//
//	{"uid":"u","nsp":"/","type":3,"data":{"packet":{"type":2,"data":["hello",1],"nsp":"/"},"opts":{"rooms":[],"except":[],"flags":{}}}}
//	{"uid":"u","nsp":"/","type":4,"data":{"opts":{"rooms":["a"],"except":[],"flags":{}},"rooms":["b"]}}
//	{"uid":"u","nsp":"/","type":7,"data":{"requestId":"r","opts":{"rooms":[],"except":[],"flags":{}}}}
//	{"uid":"v","nsp":"/","type":8,"data":{"requestId":"r","sockets":[…]}}
type clusterMessage struct {
	UID  string      `json:"uid,omitzero"`
	Name string      `json:"nsp,omitzero"`
	Type clusterType `json:"type"`
	Data clusterData `json:"data"`

	attachments [][]byte // of Data
}

// clusterData is the data of a clusterMessage. Each type uses some of its members.
type clusterData struct {
	ID string `json:"requestId,omitzero"`
	// a broadcast's packet, an event's array, or an answer's one value
	Packet  jsontext.Value `json:"packet,omitzero"`
	Opts    *options       `json:"opts,omitzero"`
	Rooms   roomNames      `json:"rooms,omitzero"`
	Close   bool           `json:"close,omitzero"`
	Sockets jsontext.Value `json:"sockets,omitzero"`
	Count   *int           `json:"clientCount,omitzero"`
}

// roomNames is a list of rooms, which the official emitter may write as one name.
type roomNames struct{ names }

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (r *roomNames) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() == '[' {
		return json.UnmarshalDecode(dec, &r.names)
	}
	value, err := dec.ReadValue()
	if err != nil {
		return err
	}
	name, err := nameOf(value)
	r.names = names{name}
	return err
}

// MarshalJSONTo implements json.MarshalerTo.
func (r roomNames) MarshalJSONTo(enc *jsontext.Encoder) error {
	return json.MarshalEncode(enc, r.names)
}

// clusterPacket is the packet of a broadcast.
type clusterPacket struct {
	Type siopacket.Type `json:"type"`
	Data jsontext.Value `json:"data"`
	Name string         `json:"nsp"`
}

func clusterOfMessage(m message) (clusterMessage, error) {
	packet, err := json.Marshal(clusterPacket{m.packet.Type, m.packet.Data, m.packet.Namespace},
		lenient)
	return clusterMessage{Type: clusterBroadcast, Data: clusterData{Packet: packet, Opts: &m.opts},
		attachments: m.packet.Attachments}, err
}

func clusterOfRequest(r request) (clusterMessage, error) {
	m := clusterMessage{Data: clusterData{ID: r.ID, Opts: r.Opts, Rooms: roomNames{r.Rooms},
		Close: r.Close}}
	switch r.Kind {
	case remoteJoin:
		m.Type = clusterJoin
	case remoteLeave:
		m.Type = clusterLeave
	case remoteDisconn:
		m.Type = clusterDisconnect
	case fetchSockets:
		m.Type = clusterFetch
	case serverSideEmit:
		m.Type, m.Data.Packet, m.attachments = clusterEvent, r.Data, r.attachments
	case askClients:
		with, err := clusterOfMessage(message{packet: r.packet, opts: *r.Opts})
		with.Data.ID = r.ID
		return with, err
	default:
		return m, fmt.Errorf("sioredis: request %d is not of this adapter", r.Kind)
	}
	return m, nil
}

func clusterOfResponse(to request, r response) (clusterMessage, error) {
	m := clusterMessage{Data: clusterData{ID: to.ID}, attachments: r.attachments}
	switch to.Kind {
	case fetchSockets:
		m.Type, m.Data.Sockets = clusterSockets, r.Sockets
	case serverSideEmit:
		m.Type, m.Data.Packet = clusterEventAnswer, r.Data
	case askClients:
		m.Type, m.Data.Packet = clusterClientAnswer, r.Answer
		if r.Count != nil {
			m.Type, m.Data.Count = clusterClientCount, r.Count
		}
	default:
		return m, fmt.Errorf("sioredis: response %d is not of this adapter", to.Kind)
	}
	return m, nil
}

// meaning returns a message, a request or a response, or nil for a type that this package ignores.
func (m clusterMessage) meaning(namespace string) (any, error) {
	d := m.Data
	switch m.Type {
	case clusterBroadcast:
		var p clusterPacket
		if err := json.Unmarshal(d.Packet, &p, lenient); err != nil {
			return nil, err
		}
		if p.Type != siopacket.Event || d.Opts == nil {
			return nil, errNotBroadcast
		}
		if err := checkEvent(p.Data); err != nil {
			return nil, err
		}
		packet := siopacket.Packet{Type: p.Type, Namespace: namespace, Data: p.Data,
			Attachments: m.attachments}
		if d.ID != "" {
			return request{UID: m.UID, ID: d.ID, Kind: askClients, Opts: d.Opts,
				packet: packet}, nil
		}
		return message{m.UID, packet, *d.Opts}, nil
	case clusterJoin, clusterLeave, clusterDisconnect, clusterFetch:
		kinds := map[clusterType]kind{clusterJoin: remoteJoin, clusterLeave: remoteLeave,
			clusterDisconnect: remoteDisconn, clusterFetch: fetchSockets}
		if d.Opts == nil || m.Type == clusterFetch && d.ID == "" {
			return nil, errIncomplete
		}
		return request{UID: m.UID, ID: d.ID, Kind: kinds[m.Type], Opts: d.Opts,
			Rooms: d.Rooms.names, Close: d.Close}, nil
	case clusterEvent:
		return request{UID: m.UID, ID: d.ID, Kind: serverSideEmit, Data: d.Packet,
			attachments: m.attachments}, checkEvent(d.Packet)
	case clusterSockets:
		return response{ID: d.ID, Sockets: d.Sockets, attachments: m.attachments}, nil
	case clusterEventAnswer:
		return response{Kind: serverSideEmit, ID: d.ID, Data: d.Packet,
			attachments: m.attachments}, nil
	case clusterClientCount:
		return response{Kind: clientCount, ID: d.ID, Count: d.Count}, nil
	case clusterClientAnswer:
		return response{Kind: clientAnswer, ID: d.ID, Answer: d.Packet,
			attachments: m.attachments}, nil
	case clusterFirstBeat, clusterHeartbeat, clusterAdapterClosed:
		return nil, nil
	}
	return nil, fmt.Errorf("sioredis: a message of type %d", m.Type)
}

// text returns the message as JSON.
func (m clusterMessage) text() (jsontext.Value, error) { return json.Marshal(m, lenient) }

// encode returns JSON, or MessagePack if the message contains bytes.
func (m clusterMessage) encode() ([]byte, error) {
	text, err := m.text()
	if err != nil {
		return nil, err
	}
	return encode(text, m.attachments)
}

// encodeMsgpack always returns MessagePack.
func (m clusterMessage) encodeMsgpack() ([]byte, error) {
	text, err := m.text()
	if err != nil {
		return nil, err
	}
	return siopacket.AppendMsgpackValue(nil, text, m.attachments)
}

// parseCluster parses the output of encode or encodeMsgpack.
func parseCluster(b []byte) (m clusterMessage, err error) {
	m.attachments, err = decode(b, &m)
	return m, err
}

// entryData returns the field "data" of a stream entry: JSON, or MessagePack in base64.
func (m clusterMessage) entryData() (string, error) {
	text, err := json.Marshal(m.Data, lenient)
	if err != nil || len(m.attachments) == 0 {
		return string(text), err
	}
	wire, err := siopacket.AppendMsgpackValue(nil, text, m.attachments)
	return base64.StdEncoding.EncodeToString(wire), err
}

var errNotEntry = errors.New("sioredis: not an entry of the stream")

// parseEntryData parses the output of entryData.
func (m *clusterMessage) parseEntryData(data string) (err error) {
	if data == "" {
		return nil
	}
	wire := []byte(data)
	if data[0] != '{' {
		if wire, err = base64.StdEncoding.DecodeString(data); err != nil {
			return errNotEntry
		}
	}
	m.attachments, err = decode(wire, &m.Data)
	return err
}
