package xray

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// jsonPart is a member of an object or an element of an array.
type jsonPart struct {
	start, end int    // including the comma and white space that follow
	name       string // of a member
	value      jsontext.Value
}

// jsonParts splits an object or array into its parts. ok is false if data is neither, or not valid
// JSON.
func jsonParts(data []byte) (parts []jsonPart, ok bool) {
	dec := jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowDuplicateNames(true),
		jsontext.AllowInvalidUTF8(true))
	open, err := dec.ReadToken()
	if err != nil || open.Kind() != '{' && open.Kind() != '[' {
		return nil, false
	}
	object := open.Kind() == '{'
	start := int(dec.InputOffset())
	for dec.PeekKind() != '}' && dec.PeekKind() != ']' {
		var p jsonPart
		if object {
			name, err := dec.ReadToken()
			if err != nil {
				return nil, false
			}
			p.name = name.String()
		}
		value, err := dec.ReadValue()
		if err != nil {
			return nil, false
		}
		end := int(dec.InputOffset())
		for end < len(data) && strings.IndexByte(", \t\r\n", data[end]) >= 0 {
			end++
		}
		p.start, p.end, p.value = start, end, value.Clone()
		parts = append(parts, p)
		start = end
	}
	_, err = dec.ReadToken()
	return parts, err == nil
}

// jsonField describes one part; i is its index.
type jsonField func(i int, p jsonPart) (name string, meaning Text, spec string)

// addJSON appends the fields of JSON text to l: the brackets, and one field for each part. Text
// that is not an array or object becomes one field.
func addJSON(l *fieldList, data []byte, describe jsonField) {
	if len(data) == 0 {
		return
	}
	parts, ok := jsonParts(data)
	if !ok {
		meaning := say("one JSON value", "一个 JSON 值")
		if !jsontext.Value(bytes.TrimSpace(data)).
			IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) {
			meaning = say("text that is not JSON", "不是 JSON 的文本")
		}
		l.add(len(data), "value", printable(data, 4*shown), meaning, "RFC 8259 §3")
		return
	}
	base := l.at
	first := len(data)
	if len(parts) > 0 {
		first = parts[0].start
	} else if i := bytes.IndexAny(data, "]}"); i >= 0 {
		first = i
	}
	l.add(first, "begin", "", say("the bracket that opens", "左括号"), "RFC 8259 §2")
	for i, p := range parts {
		name, meaning, spec := describe(i, p)
		l.add(p.end-p.start, name, printable(string(p.value), 4*shown), meaning, spec)
	}
	l.add(base+len(data)-l.at, "end", "", say("the bracket that closes", "右括号"), "RFC 8259 §2")
}

func anyPart(i int, p jsonPart) (string, Text, string) {
	if p.name != "" {
		return printable(p.name, 40), say("a member of the object", "对象的一个成员"), "RFC 8259 §4"
	}
	return "element", say("element %d of the array", "数组的第 %d 个元素", i), "RFC 8259 §5"
}

func jsonFields(r *Row) []Field {
	var l fieldList
	addJSON(&l, r.Data, anyPart)
	return l.all
}
