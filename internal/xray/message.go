package xray

import (
	"realtimelab/internal/lang"
	"realtimelab/lessons/websocket/frame"
)

// partialMessage is a message whose frames are arriving.
type partialMessage struct {
	op         frame.Opcode // Continuation between messages
	compressed bool
	data       []byte
	frames     int
	first      *Row
	pieces     bool  // one of its frames took more than one row
	missed     bool  // part of it was skimmed
	tooLarge   bool  // too large to be joined
	wrong      *Text // the rule that it broke
}

// payload adds a part to the message, and reads the message if the part completes it.
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
	*m = partialMessage{}
	s.message(row, whole)
}

// message reads a message that row completed.
func (s *stream) message(row *Row, m partialMessage) {
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
		*problem = say("not put together: the message has more than %d bytes",
			"没有拼接：消息超过 %d 字节", maxWhole)
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

// joined returns the row of a message whose content differs from that of a single frame.
func (s *stream) joined(row *Row, m partialMessage, data []byte) *Row {
	r := s.derive(Message, row, data)
	r.Message = s.ws.session == nil
	r.Offset = m.first.Offset
	r.Size = int(row.Offset+int64(row.Size)) - int(r.Offset)
	r.fields = func(r *Row) []Field {
		return whole(len(r.Data), "message", "",
			say("the payloads of the message's frames, joined and inflated",
				"消息各帧的载荷，经过拼接和解压"), "RFC 6455 §5.4")
	}
	switch {
	case m.compressed && m.frames > 1:
		r.Summary = say("message of %s, inflated from %d to %s · %s",
			"由 %d 帧组成的消息，解压：%d → %d 字节 · %s",
			lang.Counted(m.frames, "frame"), len(m.data), inBytes(len(data)), preview(data))
	case m.compressed:
		r.Summary = say("message inflated from %d to %s · %s", "消息解压：%d → %d 字节 · %s",
			len(m.data), inBytes(len(data)), preview(data))
	default:
		r.Summary = say("message of %s, %s · %s", "由 %d 帧组成的消息，%d 字节 · %s",
			lang.Counted(m.frames, "frame"), inBytes(len(data)), preview(data))
	}
	return r
}
