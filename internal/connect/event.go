package connect

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"realtimelab/internal/lang"
	"realtimelab/internal/terminal"
	"realtimelab/lessons/socketio/siopacket"
)

// A Kind says what an Event is.
type Kind string

// The kinds.
const (
	Sent     Kind = "sent"     // the client sent it
	Received Kind = "received" // the server sent it
	State    Kind = "state"    // the connection has changed
	Problem  Kind = "problem"  // something failed
)

// An Event is one thing that happened on a connection. States and problems have the names of the
// official clients' events: connect, disconnect, connect_error, upgrade, open, close, error.
type Event struct {
	Time      time.Time
	Kind      Kind
	Namespace string // of Socket.IO
	Name      string
	Args      []siopacket.Raw

	// the event asks for an acknowledgement, and `answer #N` gives it; 0: it does not
	Wants int
	Ack   bool          // it is the acknowledgement of the event Name
	Took  time.Duration // from the event to its acknowledgement
	ID    string        // of an event of SSE

	Text lang.Text // what a state or problem means, in words
	Hint lang.Text // what to do about a problem

	final bool // the connection does not come back by itself
}

// text returns a value for a text message.
func text(s string) siopacket.Raw {
	quoted, err := json.Marshal(strings.ToValidUTF8(s, "\uFFFD"))
	if err != nil {
		return siopacket.Raw{Text: siopacket.Value("null")}
	}
	return siopacket.Raw{Text: quoted}
}

// binary returns a value for bytes.
func binary(data []byte) siopacket.Raw {
	return siopacket.Raw{Text: siopacket.Value(`{"_placeholder":true,"num":0}`),
		Attachments: [][]byte{data}}
}

// number returns a value for a number.
func number(n int) siopacket.Raw { return siopacket.Raw{Text: fmt.Appendf(nil, "%d", n)} }

// arrows stand for the kinds in a line.
var arrows = map[Kind]string{Sent: "→", Received: "←", State: "·", Problem: "!"}

// Arrow returns the sign of the event's kind.
func (e Event) Arrow() string { return arrows[e.Kind] }

// maxShown bounds the arguments in a line, in bytes. The JSON form has all of them.
const maxShown = 64 << 10

// Values returns the arguments for a terminal, on one line and without control characters.
func (e Event) Values() string {
	var b strings.Builder
	for i, arg := range e.Args {
		if i > 0 {
			b.WriteString("  ")
		}
		b.WriteString(arg.String())
		for _, data := range arg.Attachments {
			b.WriteString(" [" + preview(data) + "]")
		}
		if b.Len() > maxShown {
			break
		}
	}
	all := b.String()
	if len(all) > maxShown {
		all = fmt.Sprintf("%s… (%d bytes; --json prints all)", all[:maxShown], len(all))
	}
	return terminal.Clean(all)
}

// preview returns the first bytes in hexadecimal.
func preview(data []byte) string {
	const most = 16
	if len(data) > most {
		return fmt.Sprintf("% x …", data[:most])
	}
	return fmt.Sprintf("% x", data)
}

// What describes the event in words, without its time and arrow.
func (e Event) What(l lang.Lang) string {
	if e.Text != (lang.Text{}) {
		what := terminal.Clean(e.Text.In(l))
		if e.Hint != (lang.Text{}) {
			what = strings.TrimSuffix(what, ".") + l.Say(". Hint: ",
				"。提示：") + terminal.Clean(e.Hint.In(l))
		}
		return what
	}
	what := terminal.Clean(e.Name)
	if values := e.Values(); values != "" {
		what += "  " + values
	}
	switch {
	case e.Ack && e.Took > 0:
		what = l.Say("ack of ", "回执 ") + what + fmt.Sprintf("  (%s)",
			e.Took.Round(10*time.Microsecond))
	case e.Ack:
		what = l.Say("ack of ", "回执 ") + what
	case e.Kind == Received && e.Wants > 0:
		what += fmt.Sprintf(l.Say("  (wants an acknowledgement: answer #%d …)",
			"  （要求回执：answer #%d …）"), e.Wants)
	}
	if e.ID != "" {
		what += "  id=" + terminal.Clean(e.ID)
	}
	return what
}

// Line returns the event as fields separated by tabs: time, arrow, namespace, and what happened.
func (e Event) Line(l lang.Lang) string {
	namespace := e.Namespace
	if namespace == "" {
		namespace = "-"
	}
	return strings.Join([]string{e.Time.Format("15:04:05.000"), e.Arrow(),
		terminal.Clean(namespace), e.What(l)}, "\t")
}

// MarshalJSON writes the event as an object. Bytes are an object {"hex":"00ff"}.
func (e Event) MarshalJSON() ([]byte, error) {
	args := make([]json.RawMessage, len(e.Args))
	for i, arg := range e.Args {
		args[i] = withHex(arg)
	}
	return json.Marshal(struct {
		Time      time.Time         `json:"time"`
		Kind      Kind              `json:"kind"`
		Namespace string            `json:"namespace,omitempty"`
		Name      string            `json:"name"`
		Args      []json.RawMessage `json:"args,omitempty"`
		Wants     int               `json:"wants,omitempty"`
		Ack       bool              `json:"ack,omitempty"`
		TookMS    float64           `json:"took_ms,omitempty"`
		ID        string            `json:"id,omitempty"`
		Text      string            `json:"text,omitempty"`
		Hint      string            `json:"hint,omitempty"`
	}{e.Time, e.Kind, e.Namespace, e.Name, args, e.Wants, e.Ack,
		float64(e.Took.Microseconds()) / 1000, e.ID, e.Text.EN, e.Hint.EN})
}

// withHex returns a value with {"hex":"…"} in the place of bytes. A value without bytes stays as it
// is.
func withHex(v siopacket.Raw) json.RawMessage {
	if len(v.Attachments) == 0 {
		return json.RawMessage(v.Text)
	}
	var value any
	if err := siopacket.Unmarshal(v.Text, v.Attachments, &value); err != nil {
		return json.RawMessage(v.Text)
	}
	line, err := json.Marshal(hexed(value))
	if err != nil {
		return json.RawMessage(v.Text)
	}
	return line
}

func hexed(value any) any {
	switch v := value.(type) {
	case []byte:
		return map[string]string{"hex": hex.EncodeToString(v)}
	case []any:
		for i := range v {
			v[i] = hexed(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = hexed(v[name])
		}
	}
	return value
}
