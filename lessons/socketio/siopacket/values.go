package siopacket

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// placeholder stands in the JSON where an attachment belongs.
type placeholder struct {
	Placeholder bool `json:"_placeholder"`
	Num         int  `json:"num"`
}

var errNotBinary = errors.New("binary data expected")

// MarshalArgs writes the values as a JSON array. Each []byte, at any depth,
// becomes a placeholder and an attachment, in the order of the text. Other
// values are written as encoding/json/v2 does: a nil slice as [], a nil map
// as {}. The keys of a map are sorted.
func MarshalArgs(args ...any) (data []byte, attachments [][]byte, err error) {
	if data, ok := marshalPlain(args); ok {
		return data, nil, nil
	}
	return Marshal(args)
}

// marshalPlain writes values that need no reflection, as most are: it reports
// false if there is any other.
func marshalPlain(args []any) (data []byte, ok bool) {
	size := 2
	for _, arg := range args {
		if text, ok := arg.(string); ok {
			size += len(text) + 3
		} else {
			size += 8
		}
	}
	data = append(make([]byte, 0, size), '[')
	for i, arg := range args {
		if i > 0 {
			data = append(data, ',')
		}
		switch v := arg.(type) {
		case nil:
			data = append(data, "null"...)
		case string:
			var err error
			if data, err = jsontext.AppendQuote(data, v); err != nil {
				return nil, false // not UTF-8
			}
		case bool:
			data = strconv.AppendBool(data, v)
		case int:
			data = strconv.AppendInt(data, int64(v), 10)
		case int64:
			data = strconv.AppendInt(data, v, 10)
		default:
			return nil, false
		}
	}
	return append(data, ']'), true
}

// Marshal writes one value as JSON, with attachments as in MarshalArgs.
func Marshal(v any) (data []byte, attachments [][]byte, err error) {
	collect := json.MarshalToFunc(func(enc *jsontext.Encoder, b []byte) error {
		attachments = append(attachments, b)
		return json.MarshalEncode(enc, placeholder{true, len(attachments) - 1})
	})
	data, err = json.Marshal(v, json.WithMarshalers(collect), json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil, nil, fmt.Errorf("siopacket: %w", err)
	}
	return data, attachments, nil
}

// Unmarshal reads one JSON value into v, a pointer. Each []byte in v takes the
// attachment that its placeholder names; anything else in its place is an
// error. In an any, a placeholder becomes a []byte, an object map[string]any,
// an array []any, a number float64.
func Unmarshal(value Value, attachments [][]byte, v any) error {
	if text, ok := v.(*string); ok && isPlain(value) {
		*text = string(value[1 : len(value)-1])
		return nil
	}
	unmarshalers := withoutAttachments
	if len(attachments) > 0 {
		unmarshalers = withAttachments(attachments)
	}
	return json.Unmarshal(value, v, jsonLeniency, jsontext.AllowInvalidUTF8(true), json.WithUnmarshalers(unmarshalers))
}

// isPlain reports whether a value is a string of UTF-8 without anything escaped, or
// to be escaped.
func isPlain(value Value) bool {
	last := len(value) - 1
	if last < 1 || value[0] != '"' || value[last] != '"' {
		return false
	}
	for _, c := range value[1:last] {
		if c < ' ' || c == '"' || c == '\\' {
			return false
		}
	}
	return utf8.Valid(value)
}

var withoutAttachments = withAttachments(nil)

// withAttachments keeps a []byte from being filled out of a base64 string,
// which encoding/json would do: on this wire, bytes are attachments. It reads
// an any as JavaScript does, where the last of two equal names wins.
func withAttachments(attachments [][]byte) *json.Unmarshalers {
	return json.JoinUnmarshalers(
		json.UnmarshalFromFunc(func(dec *jsontext.Decoder, b *[]byte) error {
			if dec.PeekKind() != '{' {
				return errNotBinary
			}
			var p placeholder
			if err := json.UnmarshalDecode(dec, &p); err != nil {
				return err
			}
			if !p.Placeholder || p.Num < 0 || p.Num >= len(attachments) {
				return errNotBinary
			}
			*b = attachments[p.Num]
			return nil
		}),
		json.UnmarshalFromFunc(func(dec *jsontext.Decoder, v *any) (err error) {
			*v, err = decodeAny(dec, attachments)
			return err
		}),
	)
}

// decodeAny reads the next value with placeholders replaced.
func decodeAny(dec *jsontext.Decoder, attachments [][]byte) (any, error) {
	switch dec.PeekKind() {
	case '{':
		return decodeObject(dec, attachments)
	case '[':
		return decodeArray(dec, attachments)
	}
	token, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case '"':
		return token.String(), nil
	case '0':
		number, _ := token.Float()
		return max(-math.MaxFloat64, min(number, math.MaxFloat64)), nil // JSON has no infinity
	case 't', 'f':
		return token.Bool(), nil
	}
	return nil, nil
}

func decodeObject(dec *jsontext.Decoder, attachments [][]byte) (any, error) {
	object := map[string]any{}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String()
		if object[key], err = decodeAny(dec, attachments); err != nil {
			return nil, err
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	if len(attachments) == 0 || object["_placeholder"] != true {
		return object, nil
	}
	num, ok := object["num"].(float64)
	if !ok || num < 0 || num != float64(int(num)) || int(num) >= len(attachments) {
		return nil, ErrIllegalPlaceholder
	}
	return attachments[int(num)], nil
}

func decodeArray(dec *jsontext.Decoder, attachments [][]byte) (any, error) {
	array := []any{}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	for dec.PeekKind() != ']' {
		element, err := decodeAny(dec, attachments)
		if err != nil {
			return nil, err
		}
		array = append(array, element)
	}
	_, err := dec.ReadToken()
	return array, err
}

// ErrIllegalPlaceholder is a placeholder that names no attachment of its packet.
var ErrIllegalPlaceholder = errors.New("siopacket: illegal attachments: placeholder without attachment")

func checkPlaceholders(p Packet) error {
	var v any
	return Unmarshal(p.Data, p.Attachments, &v)
}
