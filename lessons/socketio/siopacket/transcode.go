package siopacket

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/tinylib/msgp/msgp"
)

// ReadMsgpackValue reads one value of MessagePack as JSON text, and returns the
// bytes behind it. Bytes become attachments with placeholders in the text, as in
// ParseMsgpack. Attachments share memory with b.
func ReadMsgpackValue(b []byte) (text Value, attachments [][]byte, rest []byte, err error) {
	t := transcoder{rest: b}
	if err := t.value(0); err != nil {
		return nil, nil, nil, fmt.Errorf("siopacket: MessagePack: %w", err)
	}
	return t.json, t.attachments, t.rest, nil
}

// transcoder writes MessagePack as JSON. Bytes become attachments.
type transcoder struct {
	rest        []byte
	json        []byte
	attachments [][]byte
	undefined   bool // the whole value is JavaScript's undefined
}

// maxMsgpackDepth is the limit of the JSON decoder.
const maxMsgpackDepth = 10_000

// value moves the next value from rest to json. Memory grows with the bytes that
// are there, not with the length that a header claims.
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
	t.json = appendPlaceholder(t.json, len(t.attachments))
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

// The headers by which the official encoders write what MessagePack has no
// type for, as extension 0: notepack 2 all of them, notepack 3 none.
const (
	fixExt1 = 0xd4 // undefined
	fixExt8 = 0xd7 // Date: milliseconds since 1970 as a signed integer
)

// timestampExtension is MessagePack's own type for a time, in which notepack 3
// writes a Date.
const timestampExtension = -1

// extension reads undefined, Date and ArrayBuffer.
func (t *transcoder) extension(depth int) error {
	if len(t.rest) == 0 {
		return msgp.ErrShortBytes
	}
	header := t.rest[0]
	var e msgp.RawExtension
	rest, err := msgp.ReadExtensionBytes(t.rest, &e)
	if err != nil {
		e.Type = timestampExtension
		rest, err = msgp.ReadExtensionBytes(t.rest, &e)
	}
	if err != nil {
		return err
	}
	t.rest = rest
	switch {
	case e.Type == timestampExtension:
		return t.timestamp(e.Data)
	case header == fixExt1:
		t.undefined = depth == 0
		t.json = append(t.json, "null"...)
	case header == fixExt8:
		t.date(time.UnixMilli(int64(binary.BigEndian.Uint64(e.Data))))
	default:
		t.attach(e.Data)
	}
	return nil
}

// timestamp reads the three lengths of MessagePack's timestamp.
func (t *transcoder) timestamp(data []byte) error {
	switch len(data) {
	case 4:
		t.date(time.Unix(int64(binary.BigEndian.Uint32(data)), 0))
	case 8:
		both := binary.BigEndian.Uint64(data) // 30 bits of nanoseconds, 34 of seconds
		t.date(time.Unix(int64(both&(1<<34-1)), int64(both>>34)))
	case 12:
		t.date(time.Unix(int64(binary.BigEndian.Uint64(data[4:])),
			int64(binary.BigEndian.Uint32(data))))
	default:
		return errMsgpackPacket
	}
	return nil
}

// date writes a time as a JavaScript Date is in JSON.
func (t *transcoder) date(at time.Time) {
	t.json = at.UTC().AppendFormat(t.json, `"2006-01-02T15:04:05.000Z"`)
}
