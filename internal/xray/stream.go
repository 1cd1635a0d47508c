package xray

import "realtimelab/internal/tap"

// maxPiece bounds the payload of one row, in bytes. Larger units are shown in pieces of this size.
const maxPiece = 64 << 10

// maxWhole bounds a message or body that is joined before it is read, in bytes.
const maxWhole = 1 << 20

// A step reads the next unit of a stream's buffer. It returns false if it needs more bytes.
type step func(*stream) bool

// stream is one direction of a connection.
type stream struct {
	conn *connDecoder
	dir  tap.Direction
	next step
	done bool // the direction has ended

	buf     []byte // unread bytes; valid during feed
	rest    []byte // unread bytes, kept between calls of feed
	at      int64  // offset of buf[0] in the stream
	end     int64  // bytes that crossed so far
	scanned int    // bytes of buf already searched for the end of the head

	segments []segment // the TCP rows of the unread bytes
	labUnits bool      // units of the lab's own were read since the last TCP row
	anyUnits bool      // other units were read since the last TCP row

	exchange *exchange // the exchange whose head or body is being read
	body     body
	ws       *websocket
}

// segment marks where a TCP row begins in the stream.
type segment struct {
	at  int64
	row uint64
}

func (s *stream) held() int {
	n := len(s.rest) + s.body.held()
	if s.ws != nil {
		n += s.ws.held()
	}
	return n
}

func (s *stream) quiet() bool { return s.conn.d.quiet }

// cover registers the TCP row of the next bytes.
func (s *stream) cover(seg segment) {
	s.labUnits, s.anyUnits = false, false
	for len(s.segments) > 0 && s.at >= seg.at {
		s.segments = s.segments[1:]
	}
	const most = 1000 // a unit in more pieces gets the last of these as its parent
	if len(s.segments) < most {
		s.segments = append(s.segments, seg)
	}
}

// carrier returns the TCP row that contains the start of the buffer.
func (s *stream) carrier() uint64 {
	for len(s.segments) > 1 && s.segments[1].at <= s.at {
		s.segments = s.segments[1:]
	}
	if len(s.segments) == 0 || s.segments[0].at > s.at {
		return 0
	}
	return s.segments[0].row
}

// onlyLab reports whether everything read from the newest TCP row belongs to the lab itself.
func (s *stream) onlyLab() bool {
	if !s.labUnits && !s.anyUnits {
		return s.exchange != nil && s.exchange.lab
	}
	return s.labUnits && !s.anyUnits
}

// feed reads the next bytes of the stream.
func (s *stream) feed(p []byte) {
	if len(s.rest) > 0 {
		s.rest = append(s.rest, p...)
		s.buf = s.rest
	} else {
		s.buf = p
	}
	s.run()
}

// run reads units until one needs more bytes, and keeps the remaining bytes.
func (s *stream) run() {
	for len(s.buf) > 0 && s.next(s) {
	}
	switch {
	case len(s.buf) == 0:
		s.rest = s.rest[:0]
		if cap(s.rest) > 1<<10 {
			s.rest = nil
		}
	case len(s.buf) != len(s.rest) || &s.buf[0] != &s.rest[0]:
		s.rest = append(s.rest[:0], s.buf...)
	}
	s.buf = nil
}

// consume moves past n bytes of the buffer.
func (s *stream) consume(n int) {
	s.buf = s.buf[n:]
	s.at += int64(n)
	s.scanned = 0
}

// unit makes a row of the buffer's first n bytes and moves past them. It returns nil while
// skimming.
func (s *stream) unit(layer Layer, n int) *Row {
	if s.quiet() {
		s.consume(n)
		return nil
	}
	r := &Row{Layer: layer, Dir: s.dir, Parent: s.carrier(), Offset: s.at, Size: n,
		Data: append([]byte(nil), s.buf[:n]...)}
	s.consume(n)
	if s.exchange != nil {
		r.Request, r.Client = s.exchange.row, s.exchange.client
	}
	if s.exchange != nil {
		r.hidden = s.exchange.hidden
	}
	if s.exchange != nil && s.exchange.lab {
		r.Lab, s.labUnits = true, true
	} else {
		s.anyUnits = true
	}
	return r
}

// derive makes a row of data decoded from parent.
func (s *stream) derive(layer Layer, parent *Row, data []byte) *Row {
	return &Row{
		Layer: layer, Dir: s.dir, Parent: parent.ID, Offset: parent.Offset, Size: parent.Size,
		Lab: parent.Lab, Data: data,
		Request: parent.Request, Client: parent.Client, Stream: parent.Stream,
		hidden: parent.hidden,
	}
}

func (s *stream) emit(r *Row) { s.conn.row(r) }

// fail shows the rest of the stream, from the start of the buffer, as bytes and gives the reason. A
// step that cannot continue returns its result.
func (s *stream) fail(why Text) bool {
	s.body, s.ws, s.exchange = body{}, nil, nil
	s.next = func(s *stream) bool {
		if r := s.unit(Bytes, min(len(s.buf), maxPiece)); r != nil {
			r.Summary = same(preview(r.Data))
			r.explain(why)
			s.emit(r)
		}
		return true
	}
	return true
}

// giveUp is fail for callers outside a step.
func (s *stream) giveUp(why Text) {
	s.fail(why)
	s.resume()
}

// resume reads the bytes already in the buffer.
func (s *stream) resume() {
	s.buf = s.rest
	s.run()
}

// lose reports that n bytes of the stream were not recorded.
func (s *stream) lose(n int64) {
	why := say("the recording lacks the %s before", "之前有 %d 字节没有被记录下来",
		inBytes(n))
	s.giveUp(why)
	s.at += n
	if !s.quiet() {
		s.emit(&Row{Layer: Bytes, Dir: s.dir, Offset: s.at - n, Size: int(n), Problem: &why,
			Summary: say("not recorded: %s", "%d 字节没有被记录下来", inBytes(n))})
	}
}

// finish reads the end of the stream. Incomplete units are reported.
func (s *stream) finish() {
	if s.done {
		return
	}
	s.done = true
	s.buf = s.rest
	if s.body.untilClose {
		endBody(s)
	}
	if n := len(s.buf); n > 0 && !s.quiet() {
		r := s.unit(Bytes, n)
		r.Summary = same(preview(r.Data))
		r.explain(say("the connection ended before this was complete",
			"连接在这部分内容完整之前就结束了"))
		s.emit(r)
	}
	s.buf, s.rest = nil, nil
	if s.body.active() && !s.quiet() {
		r := &Row{Layer: Bytes, Dir: s.dir, Offset: s.at,
			Summary: say("a body that was not finished", "没有结束的正文")}
		r.explain(say("the connection ended before this body was complete",
			"连接在正文完整之前就结束了"))
		s.emit(r)
	}
	if s.conn.http2 != nil && !s.quiet() {
		s.unfinished()
	}
	s.body, s.ws = body{}, nil
	s.next = func(s *stream) bool { s.consume(len(s.buf)); return false }
}
