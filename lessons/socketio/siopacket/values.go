package siopacket

import (
	"bytes"
	"cmp"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// placeholder stands in the JSON where an attachment belongs.
type placeholder struct {
	Placeholder bool `json:"_placeholder"`
	Num         int  `json:"num"`
}

// options are the semantics of encoding/json, without the escapes that it adds for HTML pages.
var options = json.JoinOptions(jsonv1.DefaultOptionsV1(),
	jsontext.EscapeForHTML(false), jsontext.EscapeForJS(false), jsontext.PreserveRawStrings(false))

// Errors of binary data in the wrong place.
var (
	errNotBinary = errors.New("no binary data")
	errRawBinary = errors.New("raw JSON cannot hold binary data; use Args, any or []byte")
	errForged    = errors.New(
		`beside binary data, no other value may have a member "_placeholder":true`)
)

// Raw is one value as it came, with its attachments. Marshal writes its text unchanged, except for
// the numbers of its placeholders.
type Raw struct {
	Text        Value    // JSON, with a placeholder for each attachment
	Attachments [][]byte // by the number in their placeholders
}

// MarshalEvent writes the data of an EVENT: the name and the arguments as a JSON array. The values
// are written as Marshal does. The error names the argument, counted from 1.
func MarshalEvent(name string, args ...any) (data []byte, attachments [][]byte, err error) {
	return marshalArray(append(append(make([]any, 0, 1+len(args)), name), args...), 1)
}

// MarshalArgs is MarshalEvent without a name, for an ACK.
func MarshalArgs(args ...any) (data []byte, attachments [][]byte, err error) {
	return marshalArray(args, 0)
}

// marshalArray writes the values. skip of them are not counted in an error.
func marshalArray(values []any, skip int) (data []byte, attachments [][]byte, err error) {
	if data, ok := marshalPlain(values); ok {
		return data, nil, nil
	}
	if len(values) == 0 {
		return []byte("[]"), nil, nil
	}
	data, attachments, err = marshal(values)
	if err == nil || err == errForged {
		return data, attachments, err
	}
	for i, v := range values {
		if _, _, err := marshal(v); err != nil {
			return nil, nil, fmt.Errorf("argument %d: %w", i+1-skip, err)
		}
	}
	return nil, nil, err
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

// Marshal writes one value as JSON, as encoding/json does: its tags, omitempty, methods, null for a
// nil slice or map, a time.Duration in nanoseconds, sorted keys of a map. There are two
// differences: a []byte at any depth, nil included, becomes a placeholder and an attachment, in the
// order of the text; and <, > and & are not escaped.
func Marshal(v any) (data []byte, attachments [][]byte, err error) {
	data, attachments, err = marshal(v)
	if err != nil {
		return nil, nil, fmt.Errorf("siopacket: %w", err)
	}
	return data, attachments, nil
}

func marshal(v any) (data []byte, attachments [][]byte, err error) {
	c := collectors.Get().(*collector)
	defer collectors.Put(c)
	c.attachments = nil // a method of the program may have panicked
	data, err = json.Marshal(v, c.options)
	attachments, c.attachments = c.attachments, nil
	if err != nil {
		return nil, nil, locate(v, err, c)
	}
	// A forged placeholder would make the receiver drop the connection.
	if len(attachments) > 0 && bytes.Count(data, []byte(`"_placeholder":true`)) > len(attachments) {
		return nil, nil, errForged
	}
	return data, attachments, nil
}

// locate returns the error of v with the place of the value that cannot be written, which
// encoding/json's own errors do not say.
func locate(v any, err error, c *collector) error {
	_, located := json.Marshal(v, c.options, jsonv1.ReportErrorsWithLegacySemantics(false))
	c.attachments = nil
	var semantic *json.SemanticError
	if !errors.As(located, &semantic) || semantic.GoType == nil {
		return err
	}
	what := fmt.Sprintf("a %s cannot be written as JSON", semantic.GoType)
	if path := jsPath(semantic.JSONPointer); path != "" {
		what = path + ": " + what
	}
	if semantic.Err != nil {
		return fmt.Errorf("%s: %w", what, semantic.Err)
	}
	return errors.New(what)
}

// A collector gathers the attachments of one value that is written. It is used again for the next
// one, because its options remember what they have found out about each type.
type collector struct {
	attachments [][]byte
	options     json.Options
}

var collectors = sync.Pool{New: func() any {
	c := &collector{}
	marshalers := json.JoinMarshalers(
		json.MarshalToFunc(func(enc *jsontext.Encoder, b []byte) error {
			c.attachments = append(c.attachments, b)
			return enc.WriteValue(appendPlaceholder(nil, len(c.attachments)-1))
		}),
		json.MarshalToFunc(func(enc *jsontext.Encoder, raw Raw) error {
			text, err := replacePlaceholders(raw.Text, len(raw.Attachments),
				func(dst []byte, num int) []byte {
					c.attachments = append(c.attachments, raw.Attachments[num])
					return appendPlaceholder(dst, len(c.attachments)-1)
				})
			if err != nil {
				return err
			}
			return enc.WriteValue(text)
		}),
		json.MarshalToFunc(func(enc *jsontext.Encoder, n stdjson.Number) error {
			return enc.WriteValue(Value(cmp.Or(n, "0")))
		}),
	)
	c.options = json.JoinOptions(options, json.WithMarshalers(marshalers))
	return c
}}

// Unmarshal reads one JSON value into v, a pointer, as encoding/json does: names match whatever
// their case, and null leaves v as it is. Each []byte in v takes the attachment that its
// placeholder names; a base64 string in its place is an error. In an any, a placeholder becomes a
// []byte, an object map[string]any, an array []any, a number float64. Raw JSON, such as a
// json.RawMessage, refuses a value that holds attachments. The error is a *DecodeError.
func Unmarshal(value Value, attachments [][]byte, v any) error {
	if text, ok := v.(*string); ok && isPlain(value) {
		*text = string(value[1 : len(value)-1])
		return nil
	}
	from := plainSource
	if len(attachments) > 0 {
		from = sources.Get().(*source)
		defer sources.Put(from)
		from.attachments = attachments
		defer func() { from.attachments = nil }()
	}
	err := json.Unmarshal(value, v, from.options)
	if err == nil {
		return nil
	}
	// encoding/json's own errors do not say where; read again for one that does.
	again := reflect.New(reflect.TypeOf(v).Elem()).Interface()
	located := json.Unmarshal(value, again, from.options,
		jsonv1.ReportErrorsWithLegacySemantics(false))
	var semantic *json.SemanticError
	if errors.As(located, &semantic) {
		return newDecodeError(semantic)
	}
	return &DecodeError{Err: err}
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

// A source holds the attachments of one value that is read. Like a collector, it is used again.
type source struct {
	attachments [][]byte
	options     json.Options
}

var (
	plainSource = newSource() // of what has no attachments
	sources     = sync.Pool{New: func() any { return newSource() }}
)

// newSource keeps a []byte from being filled out of a base64 string, which encoding/json would do:
// on this wire, bytes are attachments. It reads an any as JavaScript does, where the last of two
// equal names wins.
func newSource() *source {
	s := &source{}
	unmarshalers := json.JoinUnmarshalers(
		json.UnmarshalFromFunc(func(dec *jsontext.Decoder, b *[]byte) error {
			switch dec.PeekKind() {
			case '{':
			case 'n':
				_, err := dec.ReadToken()
				return err
			default:
				return errNotBinary
			}
			var p placeholder
			if err := json.UnmarshalDecode(dec, &p); err != nil {
				return err
			}
			if !p.Placeholder || p.Num < 0 || p.Num >= len(s.attachments) {
				return errNotBinary
			}
			*b = s.attachments[p.Num]
			return nil
		}),
		json.UnmarshalFromFunc(func(dec *jsontext.Decoder, v *any) (err error) {
			*v, err = decodeAny(dec, s.attachments)
			return err
		}),
		json.UnmarshalFromFunc(func(dec *jsontext.Decoder, n *stdjson.Number) error {
			value, err := dec.ReadValue()
			if err == nil && value.Kind() != 'n' {
				err = stdjson.Unmarshal(value, n)
			}
			return err
		}),
		json.UnmarshalFromFunc(func(dec *jsontext.Decoder, v *stdjson.RawMessage) error {
			return decodeRaw(dec, len(s.attachments), (*[]byte)(v))
		}),
		json.UnmarshalFromFunc(func(dec *jsontext.Decoder, v *Value) error {
			return decodeRaw(dec, len(s.attachments), (*[]byte)(v))
		}),
	)
	s.options = json.JoinOptions(options, json.WithUnmarshalers(unmarshalers))
	return s
}

// decodeRaw reads the next value as it is, and refuses one that holds an attachment.
func decodeRaw(dec *jsontext.Decoder, attachments int, v *[]byte) error {
	value, err := dec.ReadValue()
	if err != nil {
		return err
	}
	binary := false
	if _, err = replacePlaceholders(value, attachments, func(dst []byte, num int) []byte {
		binary = true
		return dst
	}); err != nil {
		return err
	}
	if binary {
		return errRawBinary
	}
	*v = bytes.Clone(value)
	return nil
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

// ErrIllegalPlaceholder says that a placeholder names no attachment of its packet.
var ErrIllegalPlaceholder = errors.New(
	"siopacket: illegal attachments: placeholder without attachment")

func checkPlaceholders(p Packet) error {
	var v any
	return Unmarshal(p.Data, p.Attachments, &v)
}
