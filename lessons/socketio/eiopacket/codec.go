package eiopacket

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Codec puts packets on the wire as one client wants them. It is the one place that knows of both
// revisions of the protocol and of JSONP. It is a value that can be compared; the zero value is the
// codec of almost every client.
type Codec struct {
	V3     bool   // revision 3, which clients of Socket.IO 1 and 2 speak
	Base64 bool   // neither binary payloads nor binary frames
	JSONP  string // the function that the answer to a poll calls; "" without JSONP
}

// CodecOf returns the codec that a handshake's query asks for: EIO is the revision; b64 is set by
// clients that take no binary; j is the number of a page's callback for JSONP.
func CodecOf(query url.Values) Codec {
	c := Codec{V3: Param(query, "EIO") != "4", Base64: Param(query, "b64") != ""}
	if query.Has("j") {
		c.Base64 = c.Base64 || c.V3
		digits := strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, Param(query, "j"))
		c.JSONP = "___eio[" + digits + "]"
	}
	return c
}

// Param returns the last value of a query parameter, or "". The official server takes the last one
// as well.
func Param(query url.Values, name string) string {
	values := query[name]
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// Revision is the protocol's: 4 or 3.
func (c Codec) Revision() int {
	if c.V3 {
		return 3
	}
	return 4
}

// The content types of payloads.
const (
	TextPayload   = "text/plain; charset=UTF-8"
	BinaryPayload = "application/octet-stream"
)

// Payload returns the body of an answer to a poll, and its content type.
func (c Codec) Payload(packets []Packet) (body []byte, contentType string) {
	size := 0
	for _, p := range packets {
		size += p.TextLen() + len("1000:")
	}
	body = make([]byte, 0, size)
	switch {
	case !c.V3:
		body = AppendPayload(body, packets...)
	case !c.Base64 && slices.ContainsFunc(packets, func(p Packet) bool { return p.Binary }):
		return AppendBinaryPayloadV3(body, packets...), BinaryPayload
	default:
		body = AppendPayloadV3(body, packets...)
	}
	if c.JSONP != "" {
		argument, err := json.Marshal(string(body)) // escapes U+2028 and U+2029 too
		if err != nil {
			panic(err) // a string always encodes
		}
		body = slices.Concat([]byte(c.JSONP), []byte("("), argument, []byte(");"))
	}
	return body, TextPayload
}

// ParsePayload reads the body of a POST. It returns the packets before an error, too. Bytes of a
// text that are not UTF-8 become U+FFFD. With JSONP the body is a form; one without the field d is
// ignored, as by the official server.
func (c Codec) ParsePayload(body []byte, contentType string) ([]Packet, error) {
	if c.JSONP != "" {
		form, err := url.ParseQuery(string(body))
		if err != nil || !form.Has("d") {
			return nil, nil
		}
		body = []byte(lineFeeds.Replace(form.Get("d")))
	}
	if c.V3 && contentType == BinaryPayload {
		return ParseBinaryPayloadV3(body)
	}
	if !utf8.Valid(body) { // a frame with this text would cost each recipient the connection
		body = []byte(string([]rune(string(body))))
	}
	if c.V3 {
		return ParsePayloadV3(body)
	}
	return ParsePayload(body)
}

// lineFeeds undoes what a JSONP client does to line feeds, which forms change: it writes a line
// feed as \n, and \n as \\n.
var lineFeeds = strings.NewReplacer(`\\n`, `\n`, `\n`, "\n")

// Frame returns the payload of a packet's WebSocket frame, and whether the frame is binary.
func (c Codec) Frame(p Packet) (binary bool, payload []byte) {
	switch {
	case !p.Binary, !c.V3 && c.Base64:
		return false, p.AppendText(nil)
	case !c.V3:
		return true, p.Data
	case c.Base64:
		return false, p.AppendTextV3(nil)
	}
	return true, p.AppendBinaryV3(nil)
}

// ParseFrame reads the packet that a WebSocket frame holds. Its data is a part of payload.
func (c Codec) ParseFrame(binary bool, payload []byte) (Packet, error) {
	switch {
	case !c.V3 && binary:
		return ParseBinary(payload), nil
	case !c.V3:
		return ParseText(payload)
	case binary:
		return ParseBinaryV3(payload)
	}
	return ParseTextV3(payload)
}
