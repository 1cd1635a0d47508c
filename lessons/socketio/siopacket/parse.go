package siopacket

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// Value is JSON text.
type Value = jsontext.Value

// SyntaxError says where the text of a packet breaks the protocol.
type SyntaxError struct {
	Offset int    // of the first byte that is wrong, from the start of the packet's text
	Reason string // what is wrong there, or what is missing
}

// Error gives the reason and the offset.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("siopacket: %s at byte %d", e.Reason, e.Offset)
}

// reserved are the event names that both sides keep for themselves.
var reserved = []string{"connect", "connect_error", "disconnect", "disconnecting", "newListener",
	"removeListener"}

// IsReserved reports whether client and server keep the event name for themselves.
func IsReserved(event string) bool { return slices.Contains(reserved, event) }

// maxID is the largest integer that a JavaScript client counts exactly.
const maxID = 1<<53 - 1

// ParseText reads a packet's text and says how many attachments follow it. The
// type is the one on the wire, so BinaryEvent and BinaryAck are returned as
// such. Data shares memory with text. The error is a *SyntaxError.
func ParseText(text []byte) (p Packet, attachments int, err error) {
	s := scanner{text: text}
	p.Type = Type(s.peek() - '0')
	if !p.Type.valid() {
		return Packet{}, 0, s.fail("unknown packet type")
	}
	s.at++
	if p.Type.binary() {
		if attachments, err = s.attachments(); err != nil {
			return Packet{}, 0, err
		}
	}
	p.Namespace = s.namespace()
	if p.ID, p.HasID, err = s.id(); err != nil {
		return Packet{}, 0, err
	}
	p.Data = text[s.at:]
	if err := s.checkData(p.Type); err != nil {
		return Packet{}, 0, err
	}
	return p, attachments, nil
}

// scanner walks over the text of one packet.
type scanner struct {
	text []byte
	at   int
}

func (s *scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func (s *scanner) fail(reason string) error { return &SyntaxError{s.at, reason} }

// number reads digits and returns max+1 for anything larger than max.
func (s *scanner) number(max uint64) (n uint64, digits int) {
	for c := s.peek(); c >= '0' && c <= '9'; c = s.peek() {
		if n <= max {
			n = n*10 + uint64(c-'0')
		}
		s.at++
		digits++
	}
	return min(n, max+1), digits
}

func (s *scanner) attachments() (int, error) {
	const most = 1 << 30
	start := *s
	n, digits := s.number(most)
	if digits == 0 || n == 0 || n > most || s.peek() != '-' {
		return 0, start.fail("illegal attachments")
	}
	s.at++
	return int(n), nil
}

// namespace reads up to the comma, which the client may leave out when nothing
// follows.
func (s *scanner) namespace() string {
	if s.peek() != '/' {
		return MainNamespace
	}
	rest := s.text[s.at:]
	end := bytes.IndexByte(rest, ',')
	if end < 0 {
		s.at = len(s.text)
		return string(rest)
	}
	s.at += end + 1
	return string(rest[:end])
}

func (s *scanner) id() (uint64, bool, error) {
	start := *s
	id, digits := s.number(maxID)
	if id > maxID {
		return 0, false, start.fail("ack id too large")
	}
	return id, digits > 0, nil
}

func (s *scanner) checkData(t Type) error {
	data := s.text[s.at:]
	if len(data) > 0 {
		if err := checkJSON(data); err != nil {
			return &SyntaxError{s.at + err.Offset, err.Reason}
		}
	}
	if reason := wrongShape(t, Value(data)); reason != "" {
		return s.fail(reason)
	}
	return nil
}

// wrongShape holds data, which is valid JSON or empty, against what the type
// may carry.
func wrongShape(t Type, data Value) string {
	kind := data.Kind()
	switch t {
	case Connect:
		if len(data) > 0 && kind != '{' {
			return "the payload of CONNECT is not an object"
		}
	case Disconnect:
		if len(data) > 0 {
			return "DISCONNECT has a payload"
		}
	case ConnectError:
		if kind != '{' && kind != '"' {
			return "the payload of CONNECT_ERROR is neither object nor string"
		}
	case Event, BinaryEvent:
		return wrongEvent(data)
	case Ack, BinaryAck:
		if kind != '[' {
			return "the payload of ACK is not an array"
		}
	}
	return ""
}

func wrongEvent(data Value) string {
	if data.Kind() != '[' {
		return "the payload of EVENT is not an array"
	}
	name := firstOf(data)
	switch name.Kind() {
	case '0':
		return ""
	case '"':
		// with U+FFFD for a lone surrogate, as in an argument
		event, _ := jsontext.AppendUnquote(nil, name)
		if IsReserved(string(event)) {
			return "the event name is reserved"
		}
		return ""
	}
	return "the event name is neither string nor number"
}

var jsonLeniency = jsontext.AllowDuplicateNames(true)

// checkJSON validates one JSON value with nothing but white space around it.
// Strings that are not UTF-8 pass, as they do with a browser's decoder.
func checkJSON(data []byte) *SyntaxError {
	v := Value(data)
	if v.IsValid(jsonLeniency, jsontext.AllowInvalidUTF8(true)) {
		return nil
	}
	dec := jsontext.NewDecoder(bytes.NewReader(data), jsonLeniency, jsontext.AllowInvalidUTF8(true))
	_, err := dec.ReadValue()
	if err == nil {
		return &SyntaxError{int(dec.InputOffset()), "text after the JSON"}
	}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		return &SyntaxError{int(syntactic.ByteOffset), "invalid JSON: " + syntactic.Err.Error()}
	}
	return &SyntaxError{len(data), "the JSON ends too early"}
}
