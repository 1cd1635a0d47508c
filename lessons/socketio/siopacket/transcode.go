package siopacket

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/tinylib/msgp/msgp"
)

// transcoder writes MessagePack as JSON. Bytes become attachments.
type transcoder struct {
	rest        []byte
	json        []byte
	attachments [][]byte
	undefined   bool // the whole value is JavaScript's undefined
}

// maxMsgpackDepth is what the JSON side allows too.
const maxMsgpackDepth = 10_000

// value moves the next value from rest to json. What a header claims costs
// nothing until it is there.
func (t *transcoder) value(depth int) (err error) {
	if depth > maxMsgpackDepth {
		return errMsgpackDepth
	}
	switch msgp.NextType(t.rest) {
	case msgp.MapType:
		return t.object(depth)
	case msgp.ArrayType:
		return t.array(depth)
	case msgp.StrType:
		return t.text()
	case msgp.BinType:
		var data []byte
		data, t.rest, err = msgp.ReadBytesZC(t.rest)
		t.attach(data)
	case msgp.NilType:
		t.rest, err = msgp.ReadNilBytes(t.rest)
		t.json = append(t.json, "null"...)
	case msgp.BoolType:
		var b bool
		b, t.rest, err = msgp.ReadBoolBytes(t.rest)
		t.json = strconv.AppendBool(t.json, b)
	case msgp.IntType:
		var n int64
		n, t.rest, err = msgp.ReadInt64Bytes(t.rest)
		t.json = strconv.AppendInt(t.json, n, 10)
	case msgp.UintType:
		var n uint64
		n, t.rest, err = msgp.ReadUint64Bytes(t.rest)
		t.json = strconv.AppendUint(t.json, n, 10)
	case msgp.Float32Type, msgp.Float64Type:
		var f float64
		f, t.rest, err = msgp.ReadFloat64Bytes(t.rest)
		t.number(f)
	default:
		return t.extension(depth)
	}
	return err
}

func (t *transcoder) object(depth int) error {
	n, rest, err := msgp.ReadMapHeaderBytes(t.rest)
	t.rest = rest
	t.json = append(t.json, '{')
	for i := uint32(0); i < n && err == nil; i++ {
		if i > 0 {
			t.json = append(t.json, ',')
		}
		if err = t.text(); err == nil {
			t.json = append(t.json, ':')
			err = t.value(depth + 1)
		}
	}
	t.json = append(t.json, '}')
	return err
}

func (t *transcoder) array(depth int) error {
	n, rest, err := msgp.ReadArrayHeaderBytes(t.rest)
	t.rest = rest
	t.json = append(t.json, '[')
	for i := uint32(0); i < n && err == nil; i++ {
		if i > 0 {
			t.json = append(t.json, ',')
		}
		err = t.value(depth + 1)
	}
	t.json = append(t.json, ']')
	return err
}

func (t *transcoder) text() error {
	s, rest, err := msgp.ReadStringBytes(t.rest)
	if err != nil {
		return err
	}
	t.rest = rest
	t.json, err = jsontext.AppendQuote(t.json, strings.ToValidUTF8(s, "\uFFFD"))
	return err
}

func (t *transcoder) attach(data []byte) {
	t.json = append(append(append(t.json, '{'), placeholderStart...), strconv.Itoa(len(t.attachments))...)
	t.json = append(t.json, '}')
	t.attachments = append(t.attachments, data)
}

// number writes null for what JSON has no number for.
func (t *transcoder) number(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		t.json = append(t.json, "null"...)
		return
	}
	t.json = strconv.AppendFloat(t.json, f, 'g', -1, 64)
}

// The headers by which the official encoder writes what MessagePack has no
// type for. All are extension 0.
const (
	fixExt1 = 0xd4 // undefined
	fixExt8 = 0xd7 // Date: milliseconds since 1970 as a signed integer
)

// extension reads undefined, Date and ArrayBuffer.
func (t *transcoder) extension(depth int) error {
	if len(t.rest) == 0 {
		return msgp.ErrShortBytes
	}
	header := t.rest[0]
	var e msgp.RawExtension
	rest, err := msgp.ReadExtensionBytes(t.rest, &e)
	if err != nil {
		return err
	}
	t.rest = rest
	switch {
	case e.Type != 0:
		return errMsgpackPacket
	case header == fixExt1:
		t.undefined = depth == 0
		t.json = append(t.json, "null"...)
	case header == fixExt8:
		ms := int64(binary.BigEndian.Uint64(e.Data))
		t.json = time.UnixMilli(ms).UTC().AppendFormat(t.json, `"2006-01-02T15:04:05.000Z"`)
	default:
		t.attach(e.Data)
	}
	return nil
}
