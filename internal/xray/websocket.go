package xray

import (
	"errors"

	"realtimelab/internal/tap"
	"realtimelab/lessons/websocket/frame"
)

// websocket is one direction of a WebSocket.
type websocket struct {
	session *session // of Engine.IO, nil if the WebSocket carries something else
	deflate *deflate // nil if permessage-deflate was not agreed on

	message message

	// A frame that is larger than a row, or is skimmed.
	header frame.Header
	left   int64 // payload to come
	pos    int   // of it in its payload, for the mask
}

// message is a message whose frames are coming.
type message struct {
	op         frame.Opcode // Continuation if there is none
	compressed bool
	data       []byte
	frames     int
	first      *Row
	pieces     bool  // a frame of it came in more than one row
	missed     bool  // something of it was skimmed
	tooLarge   bool  // it is not put together
	wrong      *Text // which rule it broke
}

func (w *websocket) held() int {
	n := cap(w.message.data)
	if w.deflate != nil {
		n += cap(w.deflate.window)
	}
	return n
}

// startWebSocket goes on with frames in both directions after a 101.
func startWebSocket(c *conn, x *exchange, response head) {
	extensions := response.get("Sec-WebSocket-Extensions")
	for _, s := range c.streams {
		s.ws = &websocket{session: x.session, deflate: newDeflate(extensions, s.dir)}
	}
	c.streams[tap.Out].next = readFrame
	x.then = readFrame
	c.streams[tap.In].exchange = x
	c.streams[tap.In].resume()
}

// readFrame reads a frame's header (RFC 6455 §5.2), and the payload with it if
// both fit into a row.
func readFrame(s *stream) bool {
	h, n, err := frame.ParseHeader(s.buf)
	if errors.Is(err, frame.ErrIncomplete) {
		return false
	}
	var bad *frame.Error
	if errors.As(err, &bad) {
		return s.fail(say("not a frame: %s (byte %d of it)", "不是合法的帧：%s（第 %d 字节）", bad.Reason, bad.Offset))
	}
	w := s.ws
	if s.quiet() && !w.needs(h) {
		s.consume(n)
		w.begin(h)
		w.message.missed = w.message.missed || !h.Opcode.Control()
		w.skipped(h)
		s.next = skipPayload
		return true
	}
	piece := int(min(h.Length, maxPiece))
	if w.needs(h) && h.Length <= maxWhole {
		piece = int(h.Length) // what is compressed cannot be skimmed in pieces
	}
	if len(s.buf) < n+piece {
		return false
	}
	payload := append([]byte(nil), s.buf[n:n+piece]...)
	w.pos = 0
	if h.Masked {
		w.pos = frame.Mask(h.Mask, 0, payload)
	}
	problem := w.begin(h)
	row := s.unit(WS, n+piece)
	if row != nil {
		dressFrame(row, h, payload, w)
		if problem != nil {
			row.Problem = problem
		}
		s.emit(row)
	}
	w.left = h.Length - int64(piece)
	if w.left > 0 {
		s.next = readFrameRest
	}
	if !h.Opcode.Control() {
		s.payload(row, payload)
	}
	return true
}

// needs tells that a frame has to be inflated even if nobody looks: the next
// messages refer back to it.
func (w *websocket) needs(h frame.Header) bool {
	if w.deflate == nil || !w.deflate.takeover || w.deflate.broken != nil || h.Opcode.Control() {
		return false
	}
	return h.RSV&frame.RSV1 != 0 || h.Opcode == frame.Continuation && w.message.compressed
}

// begin takes note of a frame's header, and says which rule it breaks.
func (w *websocket) begin(h frame.Header) (problem *Text) {
	w.header = h
	m := &w.message
	var why Text
	switch {
	case h.Opcode.Control():
		return nil
	case h.Opcode == frame.Continuation && m.op == frame.Continuation:
		why = say("a continuation frame without a message to continue", "没有可以继续的消息，却来了延续帧")
	case h.Opcode != frame.Continuation && m.op != frame.Continuation:
		why = say("a new message begins before the last one has ended", "上一条消息还没结束，又开始了新的消息")
	}
	if h.Opcode != frame.Continuation {
		*m = message{op: h.Opcode, compressed: h.RSV&frame.RSV1 != 0}
	}
	if h.RSV&^frame.RSV1 != 0 || h.RSV != 0 && w.deflate == nil {
		why = say("reserved bits are set that no extension was agreed for", "设置了没有任何扩展约定过的保留位")
		m.wrong = &why
	}
	m.frames++
	if why.EN == "" {
		return nil
	}
	m.wrong = &why
	return &why
}

// skipped goes past a frame that nobody looks at.
func (w *websocket) skipped(h frame.Header) {
	w.left = h.Length
	if h.Fin && !h.Opcode.Control() {
		w.message = message{}
	}
}

// skipPayload moves past the payload of a frame that is skimmed.
func skipPayload(s *stream) bool {
	n := min(s.ws.left, int64(len(s.buf)))
	s.consume(int(n))
	s.ws.left -= n
	if s.ws.left > 0 {
		return false
	}
	s.next = readFrame
	return len(s.buf) > 0
}

// readFrameRest reads on in a frame that is larger than a row.
func readFrameRest(s *stream) bool {
	w := s.ws
	n := int(min(w.left, maxPiece))
	if s.quiet() {
		n = min(n, len(s.buf))
	}
	if len(s.buf) < n || n == 0 {
		return false
	}
	payload := append([]byte(nil), s.buf[:n]...)
	if w.header.Masked {
		w.pos = frame.Mask(w.header.Mask, w.pos, payload)
	}
	row := s.unit(WS, n)
	w.left -= int64(n)
	if w.left == 0 {
		s.next = readFrame
	}
	if row != nil {
		row.Summary = say("%d more bytes of the frame", "该帧的另外 %d 字节", n)
		row.fields = func(r *Row) []Field {
			return whole(len(r.Data), "payload", "", framePayload, "RFC 6455 §5.2")
		}
		if w.header.Masked {
			row.Views = []View{{unmasked, payload}}
		}
		s.emit(row)
	}
	w.message.pieces = true
	s.payload(row, payload)
	return true
}

// payload adds a part to the message, and reads the message if that was the last.
func (s *stream) payload(row *Row, payload []byte) {
	w := s.ws
	m := &w.message
	if m.first == nil {
		m.first = row
	}
	m.missed = m.missed || row == nil
	last := w.header.Fin && w.left == 0
	switch {
	case m.tooLarge:
	case last && len(m.data) == 0:
		m.data = payload
	case len(m.data)+len(payload) > maxWhole:
		m.tooLarge, m.data = true, nil
	default:
		m.data = append(m.data, payload...)
	}
	if !last {
		return
	}
	whole := *m
	*m = message{}
	s.message(row, whole)
}

// message reads a message whose last part came in row.
func (s *stream) message(row *Row, m message) {
	inflated, problem := s.ws.inflate(m)
	if s.quiet() || row == nil {
		return
	}
	carrier := row
	switch {
	case m.wrong != nil:
		return
	case m.tooLarge:
		problem = &Text{}
		*problem = say("not put together: the message has more than %d bytes", "没有拼接：消息超过 %d 字节", maxWhole)
	case m.missed && (m.compressed || m.frames > 1 || m.pieces):
		problem = &Text{}
		*problem = say("its beginning was skimmed", "它的开头被略过了")
	}
	if problem != nil {
		r := s.derive(Bytes, row, nil)
		r.Summary = say("a message that was not read", "没有解读的消息")
		r.Problem = problem
		s.emit(r)
		return
	}
	if m.compressed || m.frames > 1 || m.pieces {
		carrier = s.joined(row, m, inflated)
		s.emit(carrier)
	}
	if s.ws.session != nil {
		readPacket(s, carrier, inflated, m.op == frame.Binary, s.ws.session)
	}
}

// joined is the row of a message that its frames do not show as it is.
func (s *stream) joined(row *Row, m message, data []byte) *Row {
	r := s.derive(Message, row, data)
	r.Offset = m.first.Offset
	r.Size = int(row.Offset+int64(row.Size)) - int(r.Offset)
	r.fields = func(r *Row) []Field {
		return whole(len(r.Data), "message", "", say("the payloads of the message's frames, joined and inflated", "消息各帧的载荷，经过拼接和解压"), "RFC 6455 §5.4")
	}
	switch {
	case m.compressed && m.frames > 1:
		r.Summary = say("message of %d frames, inflated from %d to %d bytes · %s", "由 %d 帧组成的消息，解压：%d → %d 字节 · %s", m.frames, len(m.data), len(data), preview(data))
	case m.compressed:
		r.Summary = say("message inflated from %d to %d bytes · %s", "消息解压：%d → %d 字节 · %s", len(m.data), len(data), preview(data))
	default:
		r.Summary = say("message of %d frames, %d bytes · %s", "由 %d 帧组成的消息，%d 字节 · %s", m.frames, len(data), preview(data))
	}
	return r
}
