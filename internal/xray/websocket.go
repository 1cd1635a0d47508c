package xray

import (
	"errors"

	"realtimelab/internal/tap"
	"realtimelab/lessons/websocket/frame"
)

// websocket is the state of one direction of a WebSocket.
type websocket struct {
	session *session // the Engine.IO session; nil if the WebSocket carries something else
	deflate *deflate // nil if permessage-deflate was not negotiated

	message partialMessage
	closing bool // a close frame was sent in this direction

	// The current frame, if it is larger than a row or skimmed.
	header frame.Header
	left   int64 // payload bytes still to come
	pos    int   // position in the payload, for unmasking
}

func (w *websocket) held() int {
	n := cap(w.message.data)
	if w.deflate != nil {
		n += cap(w.deflate.window)
	}
	return n
}

// startWebSocket reads frames in both directions after a 101 response.
func startWebSocket(c *connDecoder, x *exchange, response head) {
	extensions := response.get("Sec-WebSocket-Extensions")
	for _, s := range c.streams {
		s.ws = &websocket{session: x.session, deflate: newDeflate(extensions, s.dir)}
	}
	c.streams[tap.Out].next = readFrame
	x.then = readFrame
	c.streams[tap.In].exchange = x
	c.streams[tap.In].resume()
}

// readFrame reads a frame's header (RFC 6455 §5.2), and its payload if both fit in one row.
func readFrame(s *stream) bool {
	h, n, err := frame.ParseHeader(s.buf)
	if errors.Is(err, frame.ErrIncomplete) {
		return false
	}
	var bad *frame.Error
	if errors.As(err, &bad) {
		return s.fail(say("not a frame: %s (byte %d of it)", "不是合法的帧：%s（第 %d 字节）",
			bad.Reason, bad.Offset))
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
		piece = int(h.Length) // compressed payloads cannot be skimmed piece by piece
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
		alone := h.Fin && h.Opcode != frame.Continuation && h.RSV == 0 && h.Length == int64(piece)
		row.Message = problem != nil || h.Opcode.Control() || w.session == nil && alone
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

// needs reports whether a frame must be inflated even while skimming, because later messages refer
// to it.
func (w *websocket) needs(h frame.Header) bool {
	if w.deflate == nil || !w.deflate.takeover || w.deflate.broken != nil || h.Opcode.Control() {
		return false
	}
	return h.RSV&frame.RSV1 != 0 || h.Opcode == frame.Continuation && w.message.compressed
}

// begin updates the state from a frame's header and returns the rule that the frame breaks, if any.
func (w *websocket) begin(h frame.Header) (problem *Text) {
	w.header = h
	m := &w.message
	var why Text
	switch {
	case h.Opcode.Control():
		w.closing = w.closing || h.Opcode == frame.Close
		return nil
	case h.Opcode == frame.Continuation && m.op == frame.Continuation:
		why = say("a continuation frame without a message to continue",
			"没有可以继续的消息，却来了延续帧")
	case h.Opcode != frame.Continuation && m.op != frame.Continuation:
		why = say("a new message begins before the last one has ended",
			"上一条消息还没结束，又开始了新的消息")
	}
	if h.Opcode != frame.Continuation {
		*m = partialMessage{op: h.Opcode, compressed: h.RSV&frame.RSV1 != 0}
	}
	if h.RSV&^frame.RSV1 != 0 || h.RSV != 0 && w.deflate == nil {
		why = say("reserved bits are set without a negotiated extension",
			"设置了没有任何扩展约定过的保留位")
		m.wrong = &why
	}
	m.frames++
	if why.EN == "" {
		return nil
	}
	m.wrong = &why
	return &why
}

// skipped moves past a skimmed frame.
func (w *websocket) skipped(h frame.Header) {
	w.left = h.Length
	if h.Fin && !h.Opcode.Control() {
		w.message = partialMessage{}
	}
}

// skipPayload moves past the payload of a skimmed frame.
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

// readFrameRest continues a frame that is larger than a row.
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
		row.Summary = say("%s of the frame", "该帧的另外 %d 字节", moreBytes(n))
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
