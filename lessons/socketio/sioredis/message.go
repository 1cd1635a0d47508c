package sioredis

import (
	"errors"
	"math"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/tinylib/msgp/msgp"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siopacket"
)

// lenient reads JSON as JavaScript does.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// options is the wire form of a sio.Selection and sio.Flags.
type options struct {
	Rooms  names      `json:"rooms"`
	Except names      `json:"except"`
	Flags  *wireFlags `json:"flags,omitzero"`
}

type wireFlags struct {
	Volatile bool    `json:"volatile,omitzero"`
	Compress *bool   `json:"compress,omitzero"`
	Timeout  float64 `json:"timeout,omitzero"` // milliseconds
}

func newOptions(to sio.Selection, flags sio.Flags) *options {
	wire := &wireFlags{Volatile: flags.Volatile,
		Timeout: float64(flags.Timeout) / float64(time.Millisecond)}
	if flags.Uncompressed {
		wire.Compress = new(bool)
	}
	return &options{Rooms: to.Rooms, Except: to.Except, Flags: wire}
}

func (o options) selection() sio.Selection {
	return sio.Selection{Rooms: o.Rooms, Except: o.Except}
}

func (o options) flags() sio.Flags {
	if o.Flags == nil {
		return sio.Flags{}
	}
	const longest = 24 * time.Hour
	return sio.Flags{
		Volatile:     o.Flags.Volatile,
		Uncompressed: o.Flags.Compress != nil && !*o.Flags.Compress,
		Timeout: time.Duration(math.Min(math.Max(o.Flags.Timeout, 0),
			float64(longest/time.Millisecond)) * float64(time.Millisecond)),
	}
}

// names is a list of rooms. A number from JavaScript becomes its decimal text.
type names []string

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (n *names) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	var values []jsontext.Value
	if err := json.UnmarshalDecode(dec, &values); err != nil {
		return err
	}
	*n = make(names, 0, len(values))
	for _, value := range values {
		name, err := nameOf(value)
		if err != nil {
			return err
		}
		*n = append(*n, name)
	}
	return nil
}

var errNotName = errors.New("sioredis: neither string nor number")

func nameOf(value jsontext.Value) (string, error) {
	switch value.Kind() {
	case '0':
		return string(value), nil
	case '"':
		name, err := jsontext.AppendUnquote(nil, value)
		if err != nil && len(name) == 0 {
			return "", err
		}
		return string(name), nil
	}
	return "", errNotName
}

// message is a broadcast: MessagePack of [uid, packet, options].
//
//	93 a3 uid 83 a4 type 02 a4 data 91 a5 hello a3 nsp a1 / 83 a5 rooms 90 a6 except 90 a5 flags 80
type message struct {
	uid    string
	packet siopacket.Packet
	opts   options
}

func (m message) append(dst []byte) ([]byte, error) {
	opts, err := json.Marshal(m.opts, lenient)
	if err != nil {
		return nil, err
	}
	dst = msgp.AppendString(msgp.AppendArrayHeader(dst, 3), m.uid)
	if dst, err = m.packet.AppendMsgpack(dst); err != nil {
		return nil, err
	}
	return siopacket.AppendMsgpackValue(dst, opts, nil)
}

var errNotBroadcast = errors.New("sioredis: not a broadcast")

// parseMessage reads a broadcast. If the uid is self, the message is this server's own, and it
// parses only the uid.
func parseMessage(b []byte, self string) (m message, err error) {
	size, b, err := msgp.ReadArrayHeaderBytes(b)
	if err != nil || size < 3 {
		return m, errNotBroadcast
	}
	if m.uid, b, err = msgp.ReadStringBytes(b); err != nil || m.uid == self {
		return m, err
	}
	rest, err := msgp.Skip(b)
	if err != nil {
		return m, err
	}
	if m.packet, err = siopacket.ParseMsgpack(b[:len(b)-len(rest)]); err != nil {
		return m, err
	}
	if m.packet.Type != siopacket.Event {
		return m, errNotBroadcast
	}
	opts, _, _, err := siopacket.ReadMsgpackValue(rest)
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(opts, &m.opts, lenient)
}
