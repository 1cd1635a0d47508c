package siopacket

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A DecodeError says which part of a JSON value does not fit the Go value, and why:
//
//	.user.age: want int, got string
type DecodeError struct {
	// Path leads to the part, as JavaScript would write it: .user.tags[3]. It is empty for the
	// value itself.
	Path string

	// Want is the Go type, and Got the kind of the JSON value, or a number that does not fit. Both
	// are empty when neither is known.
	Want, Got string

	// Err is the reason, where the types do not say it; nil otherwise.
	Err error
}

// Error joins path, types and reason, such as ".user.age: want int, got string".
func (e *DecodeError) Error() string {
	var parts []string
	if e.Path != "" {
		parts = append(parts, e.Path)
	}
	switch {
	case e.Want != "" && e.Got != "":
		parts = append(parts, "want "+e.Want+", got "+e.Got)
	case e.Want != "":
		parts = append(parts, "want "+e.Want)
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns Err.
func (e *DecodeError) Unwrap() error { return e.Err }

// kindNames are the names of the kinds of JSON in JavaScript.
var kindNames = map[jsontext.Kind]string{
	'n': "null", 't': "boolean", 'f': "boolean", '"': "string", '0': "number", '{': "object",
	'[': "array",
}

func newDecodeError(e *json.SemanticError) *DecodeError {
	d := &DecodeError{Path: jsPath(e.JSONPointer), Got: kindNames[e.JSONKind], Err: e.Err}
	if e.GoType != nil {
		d.Want = e.GoType.String()
	}
	switch {
	case e.Err == errNotBinary:
		d.Want, d.Got = "binary data", ""
		d.Err = nil
	case e.Err == errRawBinary:
		d.Want, d.Got = "", ""
	case e.JSONKind == '0' && len(e.JSONValue) > 0 && len(e.JSONValue) <= 40:
		d.Got, d.Err = string(e.JSONValue), nil
	}
	return d
}

// jsPath writes a JSON pointer as JavaScript does.
func jsPath(pointer jsontext.Pointer) string {
	var path strings.Builder
	for token := range pointer.Tokens() {
		if strings.Trim(token, "0123456789") == "" {
			path.WriteString("[" + token + "]")
		} else {
			path.WriteString("." + token)
		}
	}
	return path.String()
}
