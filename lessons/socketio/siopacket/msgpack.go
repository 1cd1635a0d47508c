package siopacket

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/tinylib/msgp/msgp"
)

// AppendMsgpack appends the packet as the official MessagePack parser writes
// it: one map with type, data, nsp and, if there is one, id, and each
// attachment in the place of its placeholder.
//
//	84 a4 type 02 a4 data 92 a5 hello 01 a3 nsp a1 / a2 id 00   EVENT "hello", 1 that wants the ack 0
func (p Packet) AppendMsgpack(dst []byte) ([]byte, error) {
	size := uint32(2)
	if len(p.Data) > 0 {
		size++
	}
	if p.HasID {
		size++
	}
	dst = msgp.AppendMapHeader(dst, size)
	dst = msgp.AppendInt64(msgp.AppendString(dst, "type"), int64(p.Type))
	if len(p.Data) > 0 {
		var err error
		if dst, err = AppendMsgpackValue(msgp.AppendString(dst, "data"), p.Data,
			p.Attachments); err != nil {
			return nil, err
		}
	}
	namespace := p.Namespace
	if namespace == "" {
		namespace = MainNamespace
	}
	dst = msgp.AppendString(msgp.AppendString(dst, "nsp"), namespace)
	if p.HasID {
		dst = msgp.AppendUint64(msgp.AppendString(dst, "id"), p.ID)
	}
	return dst, nil
}

// AppendMsgpackValue appends JSON text as one value of MessagePack, with each
// attachment in the place of its placeholder.
func AppendMsgpackValue(dst []byte, text Value, attachments [][]byte) ([]byte, error) {
	// each in the same form
	text, err := replacePlaceholders(text, len(attachments), appendPlaceholder)
	if err == nil {
		dst, err = appendMsgpackValue(dst, text, attachments)
	}
	if err != nil {
		return nil, fmt.Errorf("siopacket: %w", err)
	}
	return dst, nil
}

// appendMsgpackValue writes JSON as MessagePack, which wants to know how many
// elements a container has before the first of them.
func appendMsgpackValue(dst []byte, text Value, attachments [][]byte) ([]byte, error) {
	sizes, err := containerSizes(text)
	if err != nil {
		return nil, err
	}
	dec := newJSONReader(text)
	for {
		if dec.PeekKind() == 0 {
			return dst, nil
		}
		depth := dec.StackDepth()
		token, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		switch token.Kind() {
		case '{':
			if num, ok := placeholderAt(text[dec.InputOffset():], attachments); ok {
				dst = msgp.AppendBytes(dst, attachments[num])
				sizes = sizes[1:]
				for dec.StackDepth() > depth {
					if _, err := dec.ReadToken(); err != nil {
						return nil, err
					}
				}
			} else {
				dst = msgp.AppendMapHeader(dst, sizes[0]/2)
				sizes = sizes[1:]
			}
		case '[':
			dst = msgp.AppendArrayHeader(dst, sizes[0])
			sizes = sizes[1:]
		case '"':
			dst = msgp.AppendString(dst, token.String())
		case '0':
			dst = appendMsgpackNumber(dst, token)
		case 't', 'f':
			dst = msgp.AppendBool(dst, token.Bool())
		case 'n':
			dst = msgp.AppendNil(dst)
		}
	}
}

func newJSONReader(text Value) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewReader(text), jsonLeniency, jsontext.AllowInvalidUTF8(true))
}

// containerSizes counts the values in each array and object, in the order in
// which they open. Names count too.
func containerSizes(text Value) ([]uint32, error) {
	var sizes []uint32
	var open []int
	dec := newJSONReader(text)
	for {
		token, err := dec.ReadToken()
		if err == io.EOF {
			return sizes, nil
		}
		if err != nil {
			return nil, err
		}
		kind := token.Kind()
		if kind == '}' || kind == ']' {
			open = open[:len(open)-1]
			continue
		}
		if len(open) > 0 {
			sizes[open[len(open)-1]]++
		}
		if kind == '{' || kind == '[' {
			open = append(open, len(sizes))
			sizes = append(sizes, 0)
		}
	}
}

var placeholderStart = []byte(`"_placeholder":true,"num":`)

// placeholderAt reads the rest of a placeholder that appendPlaceholder has written.
func placeholderAt(rest []byte, attachments [][]byte) (num int, ok bool) {
	digits, ok := bytes.CutPrefix(rest, placeholderStart)
	if !ok || len(attachments) == 0 {
		return 0, false
	}
	for len(digits) > 0 && digits[0] >= '0' && digits[0] <= '9' && num < len(attachments) {
		num = num*10 + int(digits[0]-'0')
		digits = digits[1:]
	}
	return num, len(digits) > 0 && digits[0] == '}' && num < len(attachments)
}

// appendMsgpackNumber writes a number as the official encoder does: an integer in the fewest bytes
// that hold it, unsigned if it is not negative, and anything else as a float of 64 bits. Beyond 64
// bits, where the official encoder writes garbage, an integer is a float too.
func appendMsgpackNumber(dst []byte, token jsontext.Token) []byte {
	if n, err := strconv.ParseUint(token.String(), 10, 64); err == nil {
		return msgp.AppendUint64(dst, n)
	}
	if n, err := strconv.ParseInt(token.String(), 10, 64); err == nil && n < 0 {
		return msgp.AppendInt64(dst, n)
	}
	f, _ := strconv.ParseFloat(token.String(), 64) // out of range is infinity, as in JavaScript
	switch {
	case f >= 0 && f < 1<<64 && f == math.Trunc(f):
		return msgp.AppendUint64(dst, uint64(f))
	case f < 0 && f >= -1<<63 && f == math.Trunc(f):
		return msgp.AppendInt64(dst, int64(f))
	}
	return msgp.AppendFloat64(dst, f)
}

// Errors of a MessagePack packet.
var (
	errMsgpackPacket  = errors.New("siopacket: not a packet in MessagePack")
	errMsgpackDepth   = errors.New("siopacket: MessagePack nested too deep")
	errMsgpackTrailed = errors.New("siopacket: bytes after the packet")
)

// ParseMsgpack reads a packet that the official MessagePack parser has written. Bytes become
// attachments with placeholders in Data; undefined, NaN and the infinities become null, and a Date
// becomes its text as in JSON. The types 5 and 6 (BINARY_EVENT and BINARY_ACK of a Socket.IO 2
// client) are read as EVENT and ACK.
func ParseMsgpack(data []byte) (Packet, error) {
	p := Packet{}
	size, rest, err := msgp.ReadMapHeaderBytes(data)
	var hasType, hasNamespace bool
	for ; size > 0 && err == nil; size-- {
		var key string
		if key, rest, err = msgp.ReadStringBytes(rest); err != nil {
			break
		}
		switch key {
		case "type":
			hasType = true
			var n int64
			n, rest, err = msgp.ReadInt64Bytes(rest)
			switch p.Type = Type(n); {
			case n < 0 || n > int64(BinaryAck):
				return Packet{}, fmt.Errorf("%w: type %d", errMsgpackPacket, n)
			case p.Type == BinaryEvent:
				p.Type = Event
			case p.Type == BinaryAck:
				p.Type = Ack
			}
		case "nsp":
			hasNamespace = true
			p.Namespace, rest, err = msgp.ReadStringBytes(rest)
		case "id":
			p.ID, p.HasID, rest, err = readMsgpackID(rest)
		case "data":
			t := transcoder{rest: rest}
			err = t.value(0)
			rest, p.Attachments = t.rest, t.attachments
			if p.Data = t.json; t.undefined {
				p.Data = nil
			}
		default:
			rest, err = msgp.Skip(rest)
		}
	}
	switch {
	case err != nil:
		return Packet{}, fmt.Errorf("%w: %w", errMsgpackPacket, err)
	case !hasType || !hasNamespace:
		return Packet{}, errMsgpackPacket
	case len(rest) > 0:
		return Packet{}, errMsgpackTrailed
	}
	if reason := wrongShape(p.Type, Value(p.Data)); reason != "" {
		return Packet{}, fmt.Errorf("%w: %s", errMsgpackPacket, reason)
	}
	return p, nil
}

// readMsgpackID takes undefined for none, as JavaScript does.
func readMsgpackID(b []byte) (id uint64, has bool, rest []byte, err error) {
	if msgp.NextType(b) == msgp.ExtensionType {
		rest, err = msgp.Skip(b)
		return 0, false, rest, err
	}
	id, rest, err = msgp.ReadUint64Bytes(b)
	if id > maxID {
		return 0, false, nil, errMsgpackPacket
	}
	return id, true, rest, err
}
