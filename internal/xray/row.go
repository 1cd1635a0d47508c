package xray

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"realtimelab/internal/lang"
	"realtimelab/internal/tap"
)

// Text is a text for learners in both languages.
type Text = lang.Text

// say formats both languages with the same arguments.
func say(en, zh string, args ...any) Text {
	if len(args) == 0 {
		return Text{EN: en, ZH: zh}
	}
	return Text{EN: fmt.Sprintf(en, args...), ZH: fmt.Sprintf(zh, args...)}
}

// inBytes returns a number of bytes for say: %s in English, %d in Chinese.
func inBytes[N int | int64 | uint32](n N) lang.Count { return lang.Counted(n, "byte") }

// moreBytes is inBytes for the rest of a unit.
func moreBytes[N int | uint32](n N) lang.Count { return lang.Counted(n, "more byte") }

// same returns a text that needs no translation.
func same(s string) Text { return Text{EN: s, ZH: s} }

// lookUp returns a value's meaning in a table, or other if the table lacks it.
func lookUp[K comparable](table map[K]Text, value K, otherwise Text) Text {
	if t, ok := table[value]; ok {
		return t
	}
	return otherwise
}

func (r *Row) explain(t Text) { r.Problem = &t }

// A Layer is the protocol layer of a row.
type Layer string

// The layers, from the lowest up.
const (
	TCP     Layer = "tcp"     // one read or write, or the start or end of a connection
	TLS     Layer = "tls"     // one TLS record, whose content is encrypted
	H2      Layer = "h2"      // one HTTP/2 frame
	HTTP    Layer = "http"    // the head of a request or a response
	Body    Layer = "body"    // the body of a request or a response, or a piece of it
	Chunk   Layer = "chunk"   // one chunk of a chunked body
	Line    Layer = "line"    // one line of newline-delimited JSON
	SSE     Layer = "sse"     // one event of an event stream
	WS      Layer = "ws"      // one WebSocket frame
	Message Layer = "message" // a WebSocket message after joining its frames or inflating it
	RESP    Layer = "resp"    // one command, reply or push of Redis
	EIO     Layer = "eio"     // one Engine.IO packet
	SIO     Layer = "sio"     // one Socket.IO packet, or one of its attachments
	// the meaning of a Socket.IO packet, or of a message between servers, in words
	Event Layer = "event"
	Bytes Layer = "bytes" // bytes that could not be read; Problem says why
)

// Layers lists all layers, from the lowest up.
var Layers = []Layer{TCP, TLS, H2, HTTP, Body, Chunk, Line, SSE, WS, Message, RESP, EIO, SIO,
	Event, Bytes}

// A Kind says what a row means for its connection or session. Most rows mean nothing special.
type Kind string

// The kinds.
const (
	Heartbeat Kind = "heartbeat" // a ping, a pong, or a comment in an event stream
	Upgrade   Kind = "upgrade"   // a step from HTTP to WebSocket, or from polling to WebSocket
	Close     Kind = "close"     // the end of a session, a WebSocket or a connection
	Cut       Kind = "cut"       // a connection that ended while something was unfinished
	End       Kind = "end"       // the end of a body that came in chunks, or in frames of HTTP/2

	// Failure is a refusal or an error: a status of 400 or more, a refused namespace, an error of
	// Redis, and events whose acknowledgement did not come before the connection ended.
	Failure Kind = "failure"
)

// A Row is one unit of one layer. It does not change after it is published.
type Row struct {
	ID     uint64 // increases in the order of completion, starting at 1
	Parent uint64 // the row that carries this one, or its first part; 0 at the bottom
	Conn   uint64
	Time   time.Time // when its last byte crossed
	Dir    tap.Direction
	Layer  Layer
	Kind   Kind

	// Message is set for the topmost row of each message, such as a Socket.IO event. The rows below
	// it carry it: its Parent, that row's Parent, and so on.
	Message bool

	// the head of the request that the row belongs to; 0 for the head itself, and outside a request
	Request uint64
	Parts   []uint64 // rows besides Parent that the row is made of: the attachments of an event
	Client  string   // ?client= of the request, if it has one
	Name    string   // of the event: Socket.IO's, or an event stream's; empty for other rows
	Stream  uint32   // of HTTP/2; 0 for the connection, and without HTTP/2

	Side tap.Side // of the proxy that stands before the server

	// Offset and Size locate the row in the stream of its direction. A row that was inflated or
	// unmasked has the location of its source bytes.
	Offset int64
	Size   int

	Summary Text
	Problem *Text // what could not be read, and why; nil if everything could
	Lab     bool  // a request for the lab's own pages and their files

	// Data holds the unit's bytes. For TCP, TLS, H2, HTTP, Body, Chunk and WS they are the bytes on
	// the wire, except that a head of HTTP/2 is decoded: "name: value" lines, of which the first
	// are :method or :status. For higher layers they are unmasked, inflated and unescaped.
	Data []byte

	// Views show the same content in another form, such as an unmasked payload.
	Views []View

	// Steps show a calculation, such as that of Sec-WebSocket-Accept.
	Steps []Step

	fields func(*Row) []Field
	peer   *tap.Peer
	tap    string // the kind of the tap's event that a TCP row shows; empty for other layers
	hidden bool
}

// Peer returns the connection that carried the row.
func (r *Row) Peer() *tap.Peer { return r.peer }

// A View is a row's content in another form.
type View struct {
	Name Text   `json:"name"`
	Data []byte `json:"data"`
}

// A Step is one line of a calculation.
type Step struct {
	What  Text   `json:"what"`
	Value string `json:"value"`
}

// A Field is a range of a row's Data and its meaning.
type Field struct {
	Name    string  `json:"name"`
	Start   int     `json:"start"`
	End     int     `json:"end"`
	Value   string  `json:"value,omitempty"`
	Meaning Text    `json:"meaning"`
	Spec    string  `json:"spec,omitempty"`  // such as "RFC 6455 §5.2"
	Parts   []Field `json:"parts,omitempty"` // bits or bytes within it; they may leave gaps
}

// Fields splits the row's Data into fields. They are in order, not empty, and cover every byte
// exactly once.
func (r *Row) Fields() []Field {
	if r.fields == nil {
		return whole(len(r.Data), "bytes", "", say("these bytes", "这些字节"), "")
	}
	return r.fields(r)
}

// whole returns one field over n bytes, or no field if n is 0.
func whole(n int, name, value string, meaning Text, spec string) []Field {
	if n == 0 {
		return nil
	}
	return []Field{{Name: name, End: n, Value: value, Meaning: meaning, Spec: spec}}
}

// fieldList builds consecutive fields.
type fieldList struct {
	all []Field
	at  int
}

// add appends a field over the next n bytes, or nothing if n is 0.
func (l *fieldList) add(n int, name, value string, meaning Text, spec string) *Field {
	if n <= 0 {
		return &Field{}
	}
	l.all = append(l.all, Field{Name: name, Start: l.at, End: l.at + n, Value: value,
		Meaning: meaning, Spec: spec})
	l.at += n
	return &l.all[len(l.all)-1]
}

// A Brief is a row as the timeline shows it.
type Brief struct {
	ID      uint64    `json:"id"`
	Parent  uint64    `json:"parent,omitempty"`
	Conn    uint64    `json:"conn"`
	Time    time.Time `json:"time"`
	Dir     string    `json:"dir"`
	Layer   Layer     `json:"layer"`
	Offset  int64     `json:"offset"`
	Size    int       `json:"size"`
	Summary Text      `json:"summary"`
	Problem *Text     `json:"problem,omitempty"`
	Lab     bool      `json:"lab,omitempty"`
	Kind    Kind      `json:"kind,omitempty"`
	Message bool      `json:"message,omitempty"`
	Request uint64    `json:"request,omitempty"`
	Parts   []uint64  `json:"parts,omitempty"`
	Client  string    `json:"client,omitempty"`
	Stream  uint32    `json:"stream,omitempty"`
	Side    tap.Side  `json:"side,omitempty"`
	Name    string    `json:"name,omitempty"`
}

// Brief returns the row without its bytes.
func (r *Row) Brief() Brief {
	return Brief{
		r.ID, r.Parent, r.Conn, r.Time, r.Dir.String(), r.Layer, r.Offset, r.Size, r.Summary,
		r.Problem, r.Lab,
		r.Kind, r.Message, r.Request, r.Parts, r.Client, r.Stream, r.Side, r.Name,
	}
}

// A completeRow is the JSON of a row: its Data in base64, and its fields. A TCP row has the kind of
// the tap's event; the row of an opened connection also has the addresses of client and server.
type completeRow struct {
	Brief
	Tap    string        `json:"tap,omitempty"`
	Remote string        `json:"remote,omitempty"`
	Local  string        `json:"local,omitempty"`
	Data   []byte        `json:"data"`
	Fields []linkedField `json:"fields"`
	Views  []View        `json:"views,omitempty"`
	Steps  []Step        `json:"steps,omitempty"`
}

// MarshalJSON writes the complete row. See Restore.
func (r *Row) MarshalJSON() ([]byte, error) {
	c := completeRow{Brief: r.Brief(), Tap: r.tap, Data: r.Data, Fields: linked(r.Fields()),
		Views: r.Views, Steps: r.Steps}
	if r.tap == tap.Opened.String() {
		c.Remote, c.Local = r.peer.Remote.String(), r.peer.Local.String()
	}
	return json.Marshal(c)
}

// Line returns the row as one line for a terminal: time, connection, direction, size, layer and
// summary, separated by tabs. With a proxy, the connection is followed by its side: 3:client. Bytes
// from the wire are quoted, so no control character reaches the terminal.
func (r *Row) Line(language lang.Lang) string {
	arrow := "→"
	if r.Dir == tap.Out {
		arrow = "←"
	}
	summary := r.Summary.In(language)
	if r.Problem != nil {
		summary += " ! " + r.Problem.In(language)
	}
	conn := strconv.FormatUint(r.Conn, 10)
	if r.Side != "" {
		conn += ":" + string(r.Side)
	}
	return fmt.Sprintf("%s\t%s\t%s\t%d\t%s\t%s", r.Time.Format("15:04:05.000000"), conn, arrow,
		r.Size, r.Layer, printable(summary, len(summary)))
}
