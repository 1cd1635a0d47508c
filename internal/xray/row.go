package xray

import (
	"encoding/json"
	"fmt"
	"time"

	"realtimelab/internal/lesson"
	"realtimelab/internal/tap"
)

// Text is what a learner reads, in both languages.
type Text = lesson.Text

// say formats both languages with the same arguments.
func say(en, zh string, args ...any) Text {
	if len(args) == 0 {
		return Text{EN: en, ZH: zh}
	}
	return Text{EN: fmt.Sprintf(en, args...), ZH: fmt.Sprintf(zh, args...)}
}

// same is a text that needs no translation.
func same(s string) Text { return Text{EN: s, ZH: s} }

func (r *Row) explain(t Text) { r.Problem = &t }

// Layer is what a row is a unit of.
type Layer string

// The layers, from the wire up.
const (
	TCP     Layer = "tcp"     // one read or write, a connection's beginning and end
	HTTP    Layer = "http"    // the head of a request or a response
	Body    Layer = "body"    // the body of a request or a response, or a piece of it
	Chunk   Layer = "chunk"   // one chunk of a chunked body
	Line    Layer = "line"    // one line of newline-delimited JSON
	SSE     Layer = "sse"     // one event of an event stream
	WS      Layer = "ws"      // one WebSocket frame
	Message Layer = "message" // a WebSocket message whose frames were joined or inflated
	EIO     Layer = "eio"     // one Engine.IO packet
	SIO     Layer = "sio"     // one Socket.IO packet, or an attachment of one
	Event   Layer = "event"   // what a Socket.IO packet means, in words
	Bytes   Layer = "bytes"   // bytes that could not be read; Problem says why
)

// Layers lists them all, from the wire up.
var Layers = []Layer{TCP, HTTP, Body, Chunk, Line, SSE, WS, Message, EIO, SIO, Event, Bytes}

// Row is one unit of one layer. Rows do not change once they are given out.
type Row struct {
	ID     uint64 // rises in the order of completion; one Xray's rows start at 1
	Parent uint64 // the row that carries this one, or its first part; 0 if none
	Conn   uint64
	Time   time.Time // when its last byte crossed
	Dir    tap.Direction
	Layer  Layer

	// Offset and Size are the bytes that carry it in the stream of its
	// direction. A row that came out of something inflated or unmasked has
	// those of what it came out of.
	Offset int64
	Size   int

	Summary Text
	Problem *Text // what could not be read, and why; nil if all could
	Lab     bool  // the lab's own: its pages and what they load

	// Data is the unit's bytes. Those of TCP, HTTP, Body, Chunk and WS are the
	// wire's; above them they are unmasked, inflated and unescaped.
	Data []byte

	// Views are the same content in another form, such as a payload unmasked.
	Views []View

	// Steps work something out, such as Sec-WebSocket-Accept.
	Steps []Step

	fields func(*Row) []Field
}

// View is content of a row in another form.
type View struct {
	Name Text   `json:"name"`
	Data []byte `json:"data"`
}

// Step is one line of a calculation.
type Step struct {
	What  Text   `json:"what"`
	Value string `json:"value"`
}

// Field is a range of a row's Data and what it means.
type Field struct {
	Name    string  `json:"name"`
	Start   int     `json:"start"`
	End     int     `json:"end"`
	Value   string  `json:"value,omitempty"`
	Meaning Text    `json:"meaning"`
	Spec    string  `json:"spec,omitempty"`  // such as "RFC 6455 §5.2"
	Parts   []Field `json:"parts,omitempty"` // bits or bytes within it; they need not cover it
}

// Fields takes the row's Data apart. The fields are in order, none is empty, and
// every byte belongs to exactly one.
func (r *Row) Fields() []Field {
	if r.fields == nil {
		return whole(len(r.Data), "bytes", "", say("these bytes", "这些字节"), "")
	}
	return r.fields(r)
}

// whole is one field over n bytes, none if there are none.
func whole(n int, name, value string, meaning Text, spec string) []Field {
	if n == 0 {
		return nil
	}
	return []Field{{Name: name, End: n, Value: value, Meaning: meaning, Spec: spec}}
}

// fieldList builds fields that follow each other.
type fieldList struct {
	all []Field
	at  int
}

// add appends a field over the next n bytes, nothing for none.
func (l *fieldList) add(n int, name, value string, meaning Text, spec string) *Field {
	if n <= 0 {
		return &Field{}
	}
	l.all = append(l.all, Field{Name: name, Start: l.at, End: l.at + n, Value: value, Meaning: meaning, Spec: spec})
	l.at += n
	return &l.all[len(l.all)-1]
}

// Brief is what the timeline shows of a row.
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
}

// Brief returns the row without its bytes.
func (r *Row) Brief() Brief {
	return Brief{r.ID, r.Parent, r.Conn, r.Time, r.Dir.String(), r.Layer, r.Offset, r.Size, r.Summary, r.Problem, r.Lab}
}

// MarshalJSON writes all of the row, its Data in base64 and its fields.
func (r *Row) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Brief
		Data   []byte  `json:"data"`
		Fields []Field `json:"fields"`
		Views  []View  `json:"views,omitempty"`
		Steps  []Step  `json:"steps,omitempty"`
	}{r.Brief(), r.Data, r.Fields(), r.Views, r.Steps})
}

// Line is the row on one line for a terminal: time, connection, direction, size,
// layer and summary, separated by tabs. What came from the wire is quoted: no
// control character of it gets through.
func (r *Row) Line(lang lesson.Lang) string {
	arrow := "→"
	if r.Dir == tap.Out {
		arrow = "←"
	}
	summary := r.Summary.In(lang)
	if r.Problem != nil {
		summary += " ! " + r.Problem.In(lang)
	}
	return fmt.Sprintf("%s\t%d\t%s\t%d\t%s\t%s", r.Time.Format("15:04:05.000000"), r.Conn, arrow, r.Size, r.Layer, printable(summary, len(summary)))
}
