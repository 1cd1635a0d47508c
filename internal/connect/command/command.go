// Package command is the language of `lab connect`: what its user types, and what a script holds.
// One line is one command.
//
//	emit "chat message" {"text":"hi"}     an event of Socket.IO: its name, then JSON values
//	ack ferret "tobi" => "woot"           waits for the acknowledgement, which must be "woot"
//	join /chat {"token":"x"}              a namespace, and the payload of its CONNECT
//	send hello                            a text message of WebSocket, up to the end of the line
//	wait news 5s                          waits for an event, for at most five seconds
//	expect news {"news":"item"}           the next event of that name must have these arguments
//	never /chat news 2s                   no event of that name may come from the namespace /chat
//
// The values are JSON, separated by spaces or commas. Anywhere in a value, @FILE stands for the
// bytes of a file, and @hex:00ff for the bytes themselves. A line that begins with # is a comment.
package command

import (
	"fmt"
	"strings"
	"time"

	"realtimelab/internal/lang"
	"realtimelab/internal/nearest"
	"realtimelab/lessons/socketio/siopacket"
)

// A Protocol is the protocol of a connection.
type Protocol string

// The protocols.
const (
	SocketIO  Protocol = "socketio"
	WebSocket Protocol = "websocket"
	SSE       Protocol = "sse"
)

// Protocols lists the protocols.
var Protocols = []Protocol{SocketIO, WebSocket, SSE}

// A Command is one line, read.
type Command struct {
	Verb string

	Name    string          // of an event or a namespace; empty: not given
	From    string          // the namespace of the event to wait for; empty: the current one
	Values  []siopacket.Raw // the arguments of an event, or the payload of a CONNECT
	Want    []Pattern       // the arguments that are expected
	Asserts bool            // Want was given, though it may be empty
	Text    string          // of a message, a ping or a reason to close; the id of an event stream
	Bytes   []byte          // of a binary message
	Number  int             // of the event to answer, 0: the oldest; the code of a close
	Timeout time.Duration   // 0: not given
}

// A SyntaxError says what is wrong with a line, and where.
type SyntaxError struct {
	Offset int // in bytes
	Err    error
}

// Error returns the reason in English.
func (e *SyntaxError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *SyntaxError) Unwrap() error { return e.Err }

// A Parser reads the commands of one protocol.
type Parser struct {
	Protocol Protocol // empty: not known yet, and the commands of all are read

	// ReadFile returns the bytes of @FILE.
	ReadFile func(name string) ([]byte, error)
}

// Parse reads a line. An empty line and a comment are a Command without a Verb. The error is a
// *SyntaxError.
func (p Parser) Parse(line string) (Command, error) {
	s := &scanner{text: strings.TrimRight(line, "\r\n"), protocol: p.Protocol,
		readFile: p.ReadFile}
	s.space()
	if s.end() || s.text[s.at] == '#' {
		return Command{}, nil
	}
	start := s.at
	name := s.word()
	v, err := p.verb(name)
	if err != nil {
		return Command{}, &SyntaxError{start, err}
	}
	if !s.end() {
		s.at++ // the one separator: what follows may be text with spaces
	}
	c := Command{Verb: v.Name}
	if err := v.parse(s, &c); err != nil {
		return Command{}, err
	}
	if s.space(); !s.end() {
		return Command{}, s.fail("unexpected %q: %s", "多余的 %q：%s", short(s.text[s.at:]),
			v.Usage)
	}
	return c, nil
}

// Check reports a command that is not one of the protocol.
func (p Parser) Check(c Command) error {
	if c.Verb == "" {
		return nil
	}
	_, err := p.verb(c.Verb)
	if err == nil && c.From != "" {
		err = checkNamespace(c.From, p.Protocol)
	}
	return err
}

// verb finds a verb of the protocol.
func (p Parser) verb(name string) (Verb, error) {
	var others []Protocol
	for _, v := range verbs {
		if v.Name != name {
			continue
		}
		if v.in(p.Protocol) {
			return v.of(p.Protocol), nil
		}
		others = v.Protocols
	}
	if others != nil {
		return Verb{}, lang.Errorf(
			"%s is a command of %s, and this connection speaks %s; the commands are: %s",
			"%s 是 %s 的命令，而这个连接使用 %s；可用的命令有：%s",
			name, join(others), p.Protocol, strings.Join(p.names(), ", "))
	}
	hint := lang.Text{EN: ".", ZH: "。"}
	if near := nearest.To(name, p.names()); near != "" {
		hint = lang.Text{EN: fmt.Sprintf("; did you mean %s?", near),
			ZH: fmt.Sprintf("；你是想输入 %s 吗？", near)}
	}
	return Verb{}, lang.Errorf("no command %q%s The commands are: %s",
		"没有命令 %q%s可用的命令有：%s", short(name), hint, strings.Join(p.names(), ", "))
}

func join(all []Protocol) lang.Text {
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = string(p)
	}
	return lang.Text{EN: strings.Join(names, " and "), ZH: strings.Join(names, " 和 ")}
}

// names lists the verbs of the protocol.
func (p Parser) names() (all []string) {
	for _, v := range p.Verbs() {
		all = append(all, v.Name)
	}
	return all
}

// short cuts a text for a message.
func short(text string) string {
	const most = 40
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
