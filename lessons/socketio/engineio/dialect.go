package engineio

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"realtimelab/lessons/socketio/eiopacket"
)

// request is what a client asks for in the query of a request.
type request struct {
	*http.Request
	transport, sid string
	dialect        *dialect
}

func newRequest(r *http.Request) request {
	query := r.URL.Query()
	return request{r, last(query, "transport"), last(query, "sid"), dialectOf(query)}
}

// last is what counts where a query says something more than once.
func last(query url.Values, key string) string {
	values := query[key]
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// dialect is how a client wants its packets put on the wire.
type dialect struct {
	protocol int    // 4, or 3
	base64   bool   // neither binary payloads nor binary frames
	callback string // what a poll's answer, a script, calls; empty if it is no script
}

// current is the dialect of almost every client.
var current = &dialect{protocol: 4}

// dialectOf reads EIO, which is 3 where it does not say 4, b64, and j, the
// number of a page's callback for JSONP.
func dialectOf(query url.Values) *dialect {
	jsonp, base64 := query.Has("j"), last(query, "b64") != ""
	if last(query, "EIO") == "4" && !jsonp && !base64 {
		return current
	}
	d := &dialect{protocol: 3, base64: jsonp || base64}
	if last(query, "EIO") == "4" {
		d.protocol, d.base64 = 4, base64
	}
	if jsonp {
		d.callback = "___eio[" + strings.Map(onlyDigits, last(query, "j")) + "]"
	}
	return d
}

func onlyDigits(r rune) rune {
	if r < '0' || r > '9' {
		return -1
	}
	return r
}

const (
	textPayload   = "text/plain; charset=UTF-8"
	binaryPayload = "application/octet-stream"
)

// payload is the answer of a poll, and its type.
func (d *dialect) payload(messages []*Message) (body []byte, contentType string) {
	packets := make([]eiopacket.Packet, len(messages))
	size := 0
	for i, m := range messages {
		packets[i] = m.packet
		size += m.packet.TextLen() + len("1000:")
	}
	binary := slices.ContainsFunc(packets, func(p eiopacket.Packet) bool { return p.Binary })
	body = make([]byte, 0, size)
	switch {
	case d.protocol == 4:
		body = eiopacket.AppendPayload(body, packets...)
	case binary && !d.base64:
		return eiopacket.AppendBinaryPayloadV3(body, packets...), binaryPayload
	default:
		body = eiopacket.AppendPayloadV3(body, packets...)
	}
	if d.callback != "" {
		body = d.script(body)
	}
	return body, textPayload
}

// script calls the page's callback with the payload as its argument.
func (d *dialect) script(payload []byte) []byte {
	argument, err := json.Marshal(string(payload)) // escapes U+2028 and U+2029 too
	if err != nil {
		panic(err) // a string always encodes
	}
	return slices.Concat([]byte(d.callback), []byte("("), argument, []byte(");"))
}

// parsePayload reads the body of a POST.
func (d *dialect) parsePayload(body []byte, contentType string) ([]eiopacket.Packet, error) {
	if d.callback != "" {
		var ok bool
		if body, ok = fromForm(body); !ok {
			return nil, nil // as the official server
		}
	}
	switch {
	case d.protocol == 4:
		return eiopacket.ParsePayload(inUTF8(body))
	case contentType == binaryPayload:
		return eiopacket.ParseBinaryPayloadV3(body)
	}
	return eiopacket.ParsePayloadV3(inUTF8(body))
}

// inUTF8 puts U+FFFD where the text is not UTF-8: a frame with such a text would
// cost each of its recipients the connection.
func inUTF8(text []byte) []byte {
	if utf8.Valid(text) {
		return text
	}
	return []byte(string([]rune(string(text))))
}

// fromForm takes the payload out of the form that JSONP posts. Forms change
// line ends, so the client writes a line feed as \n, and \n as \\n.
func fromForm(body []byte) ([]byte, bool) {
	form, err := url.ParseQuery(string(body))
	if err != nil || !form.Has("d") {
		return nil, false
	}
	return []byte(lineFeeds.Replace(form.Get("d"))), true
}

var lineFeeds = strings.NewReplacer(`\\n`, `\n`, `\n`, "\n")

// reframes reports whether the message's frame is not the one of most clients.
func (d *dialect) reframes(m *Message) bool {
	return m.packet.Binary && (d.protocol == 3 || d.base64)
}

// frame is the message's frame for a WebSocket.
func (d *dialect) frame(m *Message) []byte {
	switch {
	case !d.reframes(m):
		return m.frame
	case d.protocol == 4:
		return m.variant(base64V4, func() []byte {
			buf := make([]byte, maxHeader, maxHeader+m.packet.TextLen())
			return putHeader(m.packet.AppendText(buf), finBit|opText)
		})
	case d.base64:
		return m.variant(base64V3, func() []byte {
			buf := make([]byte, maxHeader, maxHeader+2+len(m.packet.Data)*4/3+4)
			return putHeader(m.packet.AppendTextV3(buf), finBit|opText)
		})
	}
	return m.variant(binaryV3, func() []byte {
		buf := make([]byte, maxHeader, maxHeader+1+len(m.packet.Data))
		return putHeader(m.packet.AppendBinaryV3(buf), finBit|opBinary)
	})
}

// parseFrame reads the packet that a frame holds.
func (d *dialect) parseFrame(opcode byte, data []byte) (eiopacket.Packet, error) {
	switch {
	case d.protocol == 4 && opcode == opBinary:
		return eiopacket.ParseBinary(data), nil
	case d.protocol == 4:
		return eiopacket.ParseText(data)
	case opcode == opBinary:
		return eiopacket.ParseBinaryV3(data)
	}
	return eiopacket.ParseTextV3(data)
}
