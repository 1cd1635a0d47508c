package siopacket

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json"
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
	dst = msgp.AppendInt64(msgp.AppendString(dst, "type"), int64(p.Type-Connect))
	if len(p.Data) > 0 {
		var err error
		if dst, err = AppendMsgpackValue(msgp.AppendString(dst, "data"), p.Data, p.Attachments); err != nil {
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
	dst, err := appendMsgpackValue(dst, text, attachments)
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
		token, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		switch token.Kind() {
		case '{':
			if num, ok := placeholderAt(text[dec.InputOffset():], attachments); ok {
				dst = msgp.AppendBytes(dst, attachments[num])
				sizes = sizes[skipObject(dec):]
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

// skipObject reads to the end of the object that has just been opened, and counts the
// containers: a client's placeholder may have members that ours have not.
func skipObject(dec *jsontext.Decoder) (containers int) {
	containers = 1
	for depth := dec.StackDepth(); dec.StackDepth() >= depth; {
		token, err := dec.ReadToken()
		if err != nil {
			return containers // containerSizes would have refused it
		}
		if kind := token.Kind(); kind == '{' || kind == '[' {
			containers++
		}
	}
	return containers
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

// placeholderAt reads the rest of a placeholder, whoever has written it.
func placeholderAt(rest []byte, attachments [][]byte) (num int, ok bool) {
	const longest = 80
	end := bytes.IndexByte(rest[:min(longest, len(rest))], '}')
	if len(attachments) == 0 || end < 0 || !bytes.Contains(rest[:end], []byte(`"_placeholder"`)) {
		return 0, false
	}
	var p placeholder
	object := append([]byte{'{'}, rest[:end+1]...)
	if json.Unmarshal(object, &p) != nil || !p.Placeholder || p.Num < 0 || p.Num >= len(attachments) {
		return 0, false
	}
	return p.Num, true
}

func appendMsgpackNumber(dst []byte, token jsontext.Token) []byte {
	if n, err := strconv.ParseInt(token.String(), 10, 64); err == nil {
		return msgp.AppendInt64(dst, n)
	}
	f, _ := strconv.ParseFloat(token.String(), 64) // out of range is infinity, as in JavaScript
	return msgp.AppendFloat64(dst, f)
}

// Errors of a MessagePack packet.
var (
	errMsgpackPacket  = errors.New("siopacket: not a packet in MessagePack")
	errMsgpackDepth   = errors.New("siopacket: MessagePack nested too deep")
	errMsgpackTrailed = errors.New("siopacket: bytes after the packet")
)

// ParseMsgpack reads a packet that the official MessagePack parser has
// written. Bytes become attachments with placeholders in Data; undefined and
// what JSON has no number for become null, a Date its text as in JSON.
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
			if n < 0 || n > int64(ConnectError-Connect) {
				return Packet{}, fmt.Errorf("%w: type %d", errMsgpackPacket, n)
			}
			p.Type = Connect + Type(n)
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
