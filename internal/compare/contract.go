package compare

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"realtimelab/internal/lesson"
	"realtimelab/internal/relay"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// getEvents is the request of an event stream.
const getEvents = "GET /events"

// contractPace is the time between two looks at the traffic.
const contractPace = 50 * time.Millisecond

// A breach is a violation of the contract by a user's server. Its text says what came, what was
// expected, and where the contract requires it.
type breach struct{ came, want, rule string }

// Error returns the text.
func (b *breach) Error() string {
	return fmt.Sprintf("%s; want %s (%s, %s)", b.came, b.want, contractPage, b.rule)
}

// The sections of the contract's page.
const (
	ruleMessage = "rule 1"
	ruleAll     = "rule 2"
	ruleSame    = "rule 3"
)

// A witness reads the traffic between the clients of keepsContract and the server. It is a relay
// before the server, with an x-ray.
type witness struct {
	server External
	asks   bool
	mark   kind            // of the clients' messages
	sent   map[string]bool // the texts that they send

	url     string // of the relay
	wire    *relay.Relay
	rows    *xray.Xray
	watcher *xray.Watcher // while there is one, the x-ray makes rows
}

// witness starts a witness of two clients that send the messages of c.
func (x External) witness(c Config, mark kind) (*witness, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	record := tap.New(tap.Config{})
	w := &witness{server: x, asks: c.workload().Asks, mark: mark, sent: map[string]bool{},
		url: "http://" + l.Addr().String(), rows: xray.New(record, xray.Config{})}
	w.watcher = w.rows.Watch()
	for _, l := range []label{{hello, 0}, {hello, 1}, {warmUp, 0}} {
		w.sent[label{mark + l.kind, l.number}.text(c.Size)] = true
	}
	w.wire = relay.Start(relay.Config{Listener: record.Listener(l), Dial: x.dial,
		Log: slog.New(slog.DiscardHandler)})
	return w, nil
}

func (w *witness) close() {
	_ = w.wire.Close()
	w.watcher.Close()
	w.rows.Close()
}

// watch ends ctx with the first breach that it sees. It returns when ctx ends.
func (w *witness) watch(ctx context.Context, end context.CancelCauseFunc) {
	seen := false
	for sleep(ctx, contractPace) == nil {
		err := w.breach(ctx)
		if err != nil && seen && !w.opening(ctx) { // the body of an answer may come after its head
			end(err)
			return
		}
		seen = err != nil
	}
}

// breach returns the first breach in the traffic so far, or nil. Clients post without waiting for
// their event streams, and what is wrong with a stream says more than what is wrong with a POST.
func (w *witness) breach(ctx context.Context) error {
	rows, err := w.rows.Rows(ctx)
	if err != nil {
		return nil // ctx has ended
	}
	var posted error
	for _, r := range rows {
		if r.Dir != tap.Out {
			continue
		}
		var b *breach
		switch {
		case r.Layer == xray.HTTP:
			b = w.answer(r, rows)
		case r.Layer == xray.SSE && w.server.As == "sse":
			b = w.event(r.Data)
		case r.Kind == xray.Close && r.Layer == xray.WS && w.server.As == "websocket":
			b = &breach{"the server closed the WebSocket: " + r.Summary.EN,
				"a connection that stays open", w.row()}
		case r.Message && (r.Layer == xray.WS || r.Layer == xray.Message) &&
			w.server.As == "websocket":
			b = w.frame(r)
		case r.Layer == xray.SIO && strings.HasPrefix(w.server.As, "socketio"):
			b = w.packet(r.Data)
		}
		switch {
		case b == nil:
		case r.Layer == xray.HTTP && strings.HasPrefix(w.requestOf(r), "POST "):
			posted = cmp.Or[error](posted, b)
		default:
			return b
		}
	}
	return posted
}

// opening reports whether a server of event streams has yet to answer the request of one.
func (w *witness) opening(ctx context.Context) bool {
	rows, err := w.rows.Rows(ctx)
	return w.server.As == "sse" && err == nil && !slices.ContainsFunc(rows, func(r *xray.Row) bool {
		return r.Layer == xray.HTTP && r.Dir == tap.Out && w.requestOf(r) == getEvents
	})
}

// awaitStream waits up to a second while a server is opening.
func (w *witness) awaitStream(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	for w.opening(ctx) && sleep(ctx, contractPace) == nil {
	}
}

// row names the row of the contract's table.
func (w *witness) row() string { return "the row " + w.server.As + " of the table" }

// requestOf returns the method and the path of the request that an answer belongs to.
func (w *witness) requestOf(r *xray.Row) string {
	if request := w.rows.Row(r.Request); request != nil {
		return requestLine(request.Data)
	}
	return "a request"
}

func requestLine(head []byte) string {
	line, _, _ := strings.Cut(string(head), "\r\n")
	method, rest, _ := strings.Cut(line, " ")
	path, _, _ := strings.Cut(rest, " ")
	path, _, _ = strings.Cut(path, "?")
	return excerptOf(method + " " + path)
}

// answer checks the head of a response.
func (w *witness) answer(r *xray.Row, rows []*xray.Row) *breach {
	head, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(r.Data)), nil)
	if err != nil {
		return nil // the x-ray reads heads that net/http refuses
	}
	request := w.requestOf(r)
	if good := head.StatusCode == http.StatusSwitchingProtocols || head.StatusCode/100 == 2; !good {
		came := fmt.Sprintf("%s was answered with %s", request, head.Status)
		if at := head.Header.Get("Location"); at != "" {
			came += " to " + excerpt([]byte(at))
		} else if body := bodyOf(r, rows); len(body) > 0 {
			came += " and the body " + excerpt(body)
		}
		return &breach{came, w.wantedOf(request), w.row()}
	}
	switch {
	case head.StatusCode != http.StatusSwitchingProtocols && strings.HasSuffix(request, " /ws"):
		return &breach{fmt.Sprintf("%s was answered with %s", request, head.Status),
			w.wantedOf(request), w.row()}
	case request != getEvents:
		return nil
	}
	if kind, _, _ := mime.ParseMediaType(
		head.Header.Get("Content-Type")); kind != "text/event-stream" {
		return &breach{fmt.Sprintf("the answer to %s has the Content-Type %s", request,
			excerpt([]byte(head.Header.Get("Content-Type")))), "text/event-stream", w.row()}
	}
	if coding := head.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return &breach{fmt.Sprintf("the answer to %s has the Content-Encoding %s", request,
			excerpt([]byte(coding))), "an event stream without compression", w.row()}
	}
	return nil
}

// wantedOf says which answer to a request the contract requires.
func (w *witness) wantedOf(request string) string {
	switch w.server.As {
	case "websocket":
		return "101 Switching Protocols: a WebSocket at the path /ws"
	case "sse":
		if strings.HasPrefix(request, "POST ") {
			return "a status from 200 to 299"
		}
		return "200 and text/event-stream"
	}
	return "a server of Socket.IO, protocol version 5, at the path /socket.io/"
}

// bodyOf returns the beginning of the body of a response.
func bodyOf(head *xray.Row, rows []*xray.Row) (body []byte) {
	for _, r := range rows {
		if r.Dir == tap.Out && r.Layer == xray.Body && r.Conn == head.Conn &&
			r.Request == head.Request && len(body) < shownBytes {
			body = append(body, r.Data...)
		}
	}
	return body
}

// event checks an event of an event stream.
func (w *witness) event(text []byte) *breach {
	if bytes.ContainsRune(text, '\r') {
		return &breach{"the event stream has lines that end with CR or CRLF: " + excerpt(text),
			"lines that end with LF", w.row()}
	}
	var data [][]byte
	for line := range bytes.Lines(text) {
		if value, ok := bytes.CutPrefix(line, []byte("data:")); ok {
			data = append(data, bytes.TrimPrefix(bytes.TrimSuffix(value, []byte("\n")),
				[]byte(" ")))
		}
	}
	switch len(data) {
	case 0:
		return nil // a comment, or the time to wait before a reconnection
	case 1:
		return w.message(data[0])
	}
	return &breach{fmt.Sprintf("an event has %d data lines: %s", len(data), excerpt(text)),
		"one line of data for each message", w.row()}
}

// frame checks a message of a WebSocket.
func (w *witness) frame(r *xray.Row) *breach {
	if r.Layer == xray.Message {
		return w.message(r.Data)
	}
	const binary = 2
	if r.Data[0]&0x0f == binary {
		return &breach{"a client received a binary frame: " + excerpt(payloadOf(r)), "a text frame",
			w.row()}
	}
	return w.message(payloadOf(r))
}

// payloadOf returns the payload of a frame from the server, which has no mask.
func payloadOf(r *xray.Row) []byte {
	fields := r.Fields()
	if i := slices.IndexFunc(fields, func(f xray.Field) bool {
		return f.Name == "payload"
	}); i >= 0 {
		return r.Data[fields[i].Start:fields[i].End]
	}
	return nil
}

// chatEvent is the event of the contract for Socket.IO.
const chatEvent = "chat message"

// packet checks a Socket.IO packet.
func (w *witness) packet(text []byte) *breach {
	const event, ack, refusal, binaryEvent, binaryAck = '2', '3', '4', '5', '6'
	var args []json.RawMessage
	if at := bytes.IndexByte(text, '['); at >= 0 {
		_ = json.Unmarshal(text[at:], &args) // anything but a list has no arguments
	}
	if len(text) == 0 {
		return nil
	}
	switch name, _ := firstString(args); {
	case text[0] == refusal:
		return &breach{"the server refused the namespace /: " + excerpt(text[1:]),
			"a server that accepts the namespace /", w.row()}
	case text[0] == event && name == chatEvent && len(args) > 1:
		return w.message(args[1])
	case text[0] == event && name == chatEvent:
		return &breach{fmt.Sprintf("the event %q has no argument", chatEvent), "the message object",
			w.row()}
	case text[0] == binaryEvent && name == chatEvent, text[0] == binaryAck:
		return &breach{"the server sent bytes: " + excerpt(text), "the message object, as JSON",
			w.row()}
	case text[0] == ack && w.asks && len(args) == 0:
		return &breach{`the acknowledgement of the event "question" is empty`,
			"the object of the question", w.row()}
	case text[0] == ack && w.asks:
		return w.message(args[0])
	}
	return nil
}

func firstString(args []json.RawMessage) (text string, ok bool) {
	if len(args) == 0 {
		return "", false
	}
	return text, json.Unmarshal(args[0], &text) == nil
}

// message checks a message that the server sent. Messages of others, which a server may have kept,
// are only checked to be messages.
func (w *witness) message(data []byte) *breach {
	const object = `{"id":7,"from":"lab","text":"…","at":"2026-11-29T08:00:00.123Z"}`
	var fields map[string]json.RawMessage
	var text string
	if json.Unmarshal(data, &fields) != nil || json.Unmarshal(fields["text"], &text) != nil {
		return &breach{"a client received " + excerpt(data), "a JSON object such as " + object,
			ruleMessage}
	}
	if !w.sent[text] {
		if mark := string(w.mark); mark != "" && strings.Contains(strings.ToLower(text), mark) {
			return &breach{fmt.Sprintf("a client received the text %s", excerpt([]byte(text))),
				"the text " + excerpt([]byte(w.nearest(text))) + " as it was sent", ruleSame}
		}
		return nil
	}
	var from string
	var id int64
	var at time.Time
	switch {
	case json.Unmarshal(fields["from"], &from) != nil || from != "lab":
		return &breach{"a client received the field from as " + excerptJSON(fields["from"]),
			`"lab", as it was sent`, ruleSame}
	case json.Unmarshal(fields["id"], &id) != nil || id < 1:
		return &breach{"a client received the field id as " + excerptJSON(fields["id"]),
			"a whole number of 1 or more", ruleSame}
	case json.Unmarshal(fields["at"], &at) != nil:
		return &breach{"a client received the field at as " + excerptJSON(fields["at"]),
			"a time of RFC 3339", ruleSame}
	}
	return nil
}

// nearest returns the sent text with the label of a received one, or else any sent text.
func (w *witness) nearest(text string) (sent string) {
	_, after, _ := strings.Cut(strings.ToLower(text), string(w.mark))
	head, _, _ := strings.Cut(after, ":")
	for one := range w.sent {
		if strings.HasPrefix(one, string(w.mark)+head+":") {
			return one
		}
		sent = max(sent, one)
	}
	return sent
}

// silence returns why no message arrived until the deadline, as far as the traffic shows. An
// answer that comes after the clients have given up does not count.
func (w *witness) silence(ctx context.Context, deadline time.Time, own, others int) error {
	rows, err := w.rows.Rows(ctx)
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(r *xray.Row) bool { return r.Time.After(deadline) })
	within := fmt.Sprintf(" within %s", contractTimeout)
	if request := w.unanswered(rows, deadline.Add(-contractTimeout/2)); request != "" {
		return &breach{request + " got no answer" + within, w.wantedOf(request), w.row()}
	}
	switch came := w.lastOf(rows); {
	case w.asks:
		return &breach{`the event "question" got no acknowledgement` + within + came,
			"an acknowledgement with the object", w.row()}
	case own == 0 && others == 0:
		return &breach{"no client received a message" + within + came,
			"each message to all clients, the sender included", ruleAll}
	case own < 2:
		return &breach{fmt.Sprintf("%d of 2 clients received the messages of their own%s", own,
			within), "each message to all clients, the sender included", ruleAll}
	}
	return &breach{"a message reached its sender, and no other client" + within,
		"each message to all clients", ruleAll}
}

// unanswered returns a request without an answer that the clients sent before a time: a later one
// may just have been sent. A poll may wait, so that one is left out once the server has answered
// any.
func (w *witness) unanswered(rows []*xray.Row, before time.Time) string {
	answered := map[uint64]bool{}
	for _, r := range rows {
		if r.Layer == xray.HTTP && r.Dir == tap.Out {
			answered[r.Request] = true
		}
	}
	for _, r := range rows {
		if r.Layer != xray.HTTP || r.Dir != tap.In || answered[r.ID] || r.Time.After(before) {
			continue
		}
		if line := requestLine(r.Data); len(answered) == 0 || line != "GET /socket.io/" {
			return line
		}
	}
	return ""
}

// lastOf says what the server sent last, apart from heads and the protocol's own packets.
func (w *witness) lastOf(rows []*xray.Row) string {
	for _, r := range slices.Backward(rows) {
		if r.Dir != tap.Out || r.Kind != "" {
			continue
		}
		switch {
		case r.Layer == xray.Event, r.Layer == xray.Bytes && r.Problem != nil:
			text := r.Summary.EN
			if r.Problem != nil {
				text += ": " + r.Problem.EN
			}
			return "; last, " + text
		case r.Layer == xray.SSE, r.Layer == xray.Message, r.Layer == xray.Chunk,
			r.Layer == xray.Body && len(r.Data) > 0:
			return "; last, the server sent " + excerpt(r.Data)
		case r.Layer == xray.WS && r.Message:
			return "; last, the server sent " + excerpt(payloadOf(r))
		}
	}
	return "; the server sent nothing"
}

// shownBytes is how much of a server's answer an error shows.
const shownBytes = 100

// excerpt quotes the first bytes that a server sent.
func excerpt(data []byte) string {
	if len(data) > shownBytes {
		return fmt.Sprintf("%q…", data[:shownBytes])
	}
	return fmt.Sprintf("%q", data)
}

// excerptOf is excerpt without the quotes around it.
func excerptOf(text string) string {
	quoted := excerpt([]byte(text))
	return strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(quoted, `"`), `"`), `\"`, `"`)
}

// excerptJSON shows a field of an object, which may be missing.
func excerptJSON(value json.RawMessage) string {
	if value == nil {
		return "missing"
	}
	return excerptOf(string(value))
}

// keepsContract lets two clients exchange messages over the server, and reads the traffic. The
// error says how the server breaks the contract.
func (x External) keepsContract(ctx context.Context, c Config, lane lesson.Lane) error {
	ctx, cancel := context.WithTimeout(ctx, contractTimeout)
	defer cancel()
	if err := x.reach(ctx); err != nil {
		return err
	}
	err := x.exchange(ctx, c, lane)
	if err == nil {
		return nil
	}
	said := fmt.Errorf("%s does not keep the contract of --as %s: %w", x.URL, x.As, err)
	if b := (*breach)(nil); errors.As(err, &b) {
		return said
	}
	return fmt.Errorf("%w; %s has the contract", said, contractPage)
}

func (x External) exchange(ctx context.Context, c Config, lane lesson.Lane) error {
	c.Clients, c.Net = 2, Line{}.Net
	t := c.turn(&server{trust: x.trust(), external: true}, lane, Step{Transport: lane.Name},
		func(Live) {})
	w, err := x.witness(c, t.tally.mark)
	if err != nil {
		return err
	}
	defer t.clients.close()
	defer w.close() // first: a client may wait for a silent server
	t.clients.server.url = w.url
	exchanging, end := context.WithCancelCause(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		w.watch(exchanging, end)
	}()
	err = t.clients.meet(exchanging)
	end(nil)
	<-watched
	reading, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err != nil {
		w.awaitStream(reading)
	}
	if b := w.breach(reading); b != nil {
		return b
	}
	if errors.Is(err, context.DeadlineExceeded) {
		own, others := 0, 0
		t.tally.holds(func() bool { own, others = t.tally.greeted, t.tally.warmed; return true })
		deadline, _ := ctx.Deadline()
		err = cmp.Or(t.clients.failed(), w.silence(reading, deadline, own, others))
	}
	return err
}

// meet connects the clients, which send a hello and receive each other's.
func (c *clients) meet(ctx context.Context) error {
	for i := range c.config.Clients {
		if err := c.dialOne(ctx, i); err != nil {
			return err
		}
	}
	if c.config.workload().Asks {
		return nil
	}
	return c.warmUp(ctx)
}

// failed returns why the subscription of a client has ended, or nil.
func (c *clients) failed() error {
	for _, p := range c.peers {
		if p == nil {
			continue
		}
		if f, ok := p.client.(interface{ Err() error }); ok && f.Err() != nil {
			return f.Err()
		}
	}
	return nil
}
