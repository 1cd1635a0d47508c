package xray

import (
	"bytes"
	"errors"
	"maps"
	"slices"

	"golang.org/x/net/http2"

	"realtimelab/internal/tap"
)

// http2Conn is the HTTP/2 state of a connection (RFC 9113).
type http2Conn struct {
	sides   [2]http2Side
	streams map[uint32]*http2Stream // the open ones
}

// http2Side is the state of one direction.
type http2Side struct {
	input  bytes.Reader
	framer *http2.Framer
	headerBlock

	// The DATA frame being read, if it is larger than a row.
	stream uint32
	left   int // bytes of payload still to come
	pad    int // how many of them are padding
	last   bool
}

// http2Stream is a request with its response.
type http2Stream struct {
	exchange *exchange
	contents [2]*content // the bodies being read
	answered bool        // the final response's head was read
	ended    [2]bool     // that direction has ended
}

// preface is the fixed text that an HTTP/2 client sends first (RFC 9113 §3.4).
const preface = http2.ClientPreface

// frameHead is the size of a frame's header (RFC 9113 §4.1).
const frameHead = 9

// opensHTTP2 reports whether the connection begins with the preface, as far as that has arrived.
func opensHTTP2(s *stream) bool {
	n := min(len(s.buf), len(preface))
	return s.at == 0 && string(s.buf[:n]) == preface[:n]
}

// readPreface reads the preface. Both directions carry frames from then on.
func readPreface(s *stream) bool {
	if len(s.buf) < len(preface) {
		return false
	}
	if row := s.unit(H2, len(preface)); row != nil {
		row.Summary = say("preface: this connection carries HTTP/2",
			"连接前言：这条连接承载 HTTP/2")
		row.fields = func(r *Row) []Field {
			meaning := say("24 fixed bytes: a request that a server without HTTP/2 refuses",
				"固定的 24 字节：不支持 HTTP/2 的服务器会把它当作请求并拒绝")
			return whole(len(r.Data), "preface", printable(r.Data, shown), meaning, "RFC 9113 §3.4")
		}
		s.emit(row)
	}
	x := &http2Conn{streams: map[uint32]*http2Stream{}}
	s.conn.http2 = x
	for i := range x.sides {
		side := &x.sides[i]
		side.framer = http2.NewFramer(nil, &side.input)
		side.framer.AllowIllegalReads = true // the order of frames is checked here
		side.framer.SetMaxReadFrameSize(maxPiece)
		side.headerBlock = newHeaderBlock()
	}
	s.next, s.conn.streams[tap.Out].next = readHTTP2, readHTTP2
	return true
}

// pending reports whether streams are open, except hidden ones. x may be nil.
func (x *http2Conn) pending() bool {
	if x == nil {
		return false
	}
	for _, st := range x.streams {
		if !st.exchange.hidden {
			return true
		}
	}
	return false
}

func (x *http2Conn) held() int {
	n := 0
	for i := range x.sides {
		n += x.sides[i].headerBlock.held()
	}
	for _, st := range x.streams {
		for _, c := range st.contents {
			if c != nil {
				n += c.held()
			}
		}
	}
	return n
}

// readHTTP2 reads a frame (RFC 9113 §4). A DATA frame larger than a row is read in pieces.
func readHTTP2(s *stream) bool {
	if len(s.buf) < frameHead {
		return false
	}
	h, err := http2.ReadFrameHeader(bytes.NewReader(s.buf))
	switch {
	case err != nil:
		return s.fail(say("not an HTTP/2 frame: %s", "不是 HTTP/2 帧：%s", err.Error()))
	case h.Type == http2.FrameData:
		return readData(s, h)
	case h.Length > maxPiece:
		return s.fail(say("a frame of %s that is not DATA",
			"一个 %d 字节的帧，却不是 DATA 帧", inBytes(h.Length)))
	case len(s.buf) < frameHead+int(h.Length):
		return false
	}
	side := s.http2Side()
	raw := s.buf[:frameHead+int(h.Length)]
	side.input.Reset(raw)
	frame, err := side.framer.ReadFrame()
	switch frame := frame.(type) {
	case *http2.HeadersFrame:
		s.headers(h, frame.HeaderBlockFragment(), frame.StreamEnded())
	case *http2.ContinuationFrame:
		s.headers(h, frame.HeaderBlockFragment(), false)
	case *http2.PushPromiseFrame:
		s.headers(h, frame.HeaderBlockFragment(), false)
	case *http2.RSTStreamFrame:
		s.resetStream(h, frame.ErrCode)
	default:
		s.control(h, frame, err)
	}
	s.exchange = nil
	return true
}

func (s *stream) http2Side() *http2Side { return &s.conn.http2.sides[s.dir] }

// frame makes the row of a frame, or of the beginning of one, and moves past it. The row belongs to
// the exchange of its stream.
func (s *stream) frame(h http2.FrameHeader, size int) *Row {
	if st := s.conn.http2.streams[h.StreamID]; st != nil {
		s.exchange = st.exchange
	}
	row := s.unit(H2, frameHead+size)
	if row != nil {
		row.Stream, row.fields = h.StreamID, http2Fields
		row.Summary = http2Summary(h, say("%s", "%d 字节", inBytes(h.Length)))
	}
	return row
}

// control reads a frame that concerns the whole connection, or the flow or priority of a stream.
func (s *stream) control(h http2.FrameHeader, frame http2.Frame, err error) {
	if err != nil && (h.Type == http2.FrameHeaders || h.Type == http2.FrameContinuation ||
		h.Type == http2.FramePushPromise) {
		s.http2Side().breakOff(say("an earlier frame of headers could not be read",
			"之前有一个头部帧无法解读"))
	}
	row := s.frame(h, int(h.Length))
	if row == nil {
		return
	}
	if err != nil {
		row.explain(brokenFrame(h, err))
		s.emit(row)
		return
	}
	switch frame := frame.(type) {
	case *http2.SettingsFrame:
		row.Summary = settingsSummary(h, frame)
	case *http2.WindowUpdateFrame:
		row.Summary = http2Summary(h, say("%s may be sent", "还可以再发送 %d 字节",
			moreBytes(frame.Increment)))
	case *http2.PingFrame:
		row.Kind = Heartbeat
	case *http2.GoAwayFrame:
		row.Kind, row.Message = Close, true
		row.Summary = http2Summary(h, say("%v, no request after stream %d is served",
			"%v，流 %d 之后的请求不再处理", frame.ErrCode, frame.LastStreamID))
	}
	s.emit(row)
}

func brokenFrame(h http2.FrameHeader, err error) Text {
	code := http2.ErrCodeProtocol
	var connection http2.ConnectionError
	var stream http2.StreamError
	switch {
	case errors.As(err, &connection):
		code = http2.ErrCode(connection)
	case errors.As(err, &stream):
		code = stream.Code
	}
	return say("this %s frame breaks the rules: %s", "这个 %s 帧不合规则：%s", frameName(h.Type),
		code.String())
}

// resetStream reads RST_STREAM, which ends a request and its response at once.
func (s *stream) resetStream(h http2.FrameHeader, code http2.ErrCode) {
	x := s.conn.http2
	st := x.streams[h.StreamID]
	row := s.frame(h, int(h.Length))
	delete(x.streams, h.StreamID)
	if row == nil {
		return
	}
	row.Summary = http2Summary(h, same(code.String()))
	if st != nil {
		row.Kind, row.Message = Cut, true
		row.Summary = http2Summary(h, say("%s, ends %s", "%s，中止 %s", code.String(),
			st.exchange.name()))
	}
	s.emit(row)
}

// readData reads a DATA frame (RFC 9113 §6.1), or the beginning of a large one.
func readData(s *stream, h http2.FrameHeader) bool {
	size := int(min(h.Length, maxPiece))
	if len(s.buf) < frameHead+size {
		return false
	}
	payload, pad, wrong := s.buf[frameHead:frameHead+size], 0, false
	if h.Flags.Has(http2.FlagDataPadded) && size > 0 {
		pad, payload = int(payload[0]), payload[1:]
		wrong = pad >= int(h.Length)
	}
	side := s.http2Side()
	side.stream, side.left, side.pad, side.last = h.StreamID, int(h.Length)-size, pad,
		h.Flags.Has(http2.FlagDataEndStream)
	if wrong {
		side.pad, payload = 0, nil
	}
	payload = payload[:len(payload)-max(0, side.pad-side.left)]
	row := s.frame(h, size)
	if row != nil {
		row.Summary = http2Summary(h, say("%s", "%d 字节", inBytes(len(payload))))
		if side.last && side.left == 0 {
			row.Kind = End
		}
		if wrong {
			row.explain(brokenFrame(h, http2.ConnectionError(http2.ErrCodeProtocol)))
		}
		s.emit(row)
	}
	s.data(row, payload)
	return true
}

// readDataRest continues a DATA frame that is larger than a row.
func readDataRest(s *stream) bool {
	side := s.http2Side()
	n := min(side.left, maxPiece)
	if s.quiet() {
		n = min(n, len(s.buf))
	}
	if len(s.buf) < n || n == 0 {
		return false
	}
	side.left -= n
	payload := s.buf[:n-min(n, max(0, side.pad-side.left))]
	if st := s.conn.http2.streams[side.stream]; st != nil {
		s.exchange = st.exchange
	}
	row := s.unit(H2, n)
	if row != nil {
		row.Stream = side.stream
		if side.last && side.left == 0 {
			row.Kind = End
		}
		row.Summary = say("%s of the DATA frame", "该 DATA 帧的另外 %d 字节",
			moreBytes(n))
		row.fields = func(r *Row) []Field {
			var l fieldList
			l.add(len(payload), "data", "", dataMeaning, "RFC 9113 §6.1")
			l.add(len(r.Data)-l.at, "padding", "", paddingMeaning, "RFC 9113 §6.1")
			return l.all
		}
		s.emit(row)
	}
	s.data(row, payload)
	return true
}

// data passes a piece of a body on, and continues with the rest of the frame or the next one.
func (s *stream) data(row *Row, payload []byte) {
	side := s.http2Side()
	ends := side.last && side.left == 0
	s.next = readHTTP2
	if side.left > 0 {
		s.next = readDataRest
	}
	st := s.conn.http2.streams[side.stream]
	if st == nil {
		s.exchange = nil
		return
	}
	if c := st.contents[s.dir]; c != nil {
		switch {
		case row == nil:
			c.miss()
		case len(payload) > 0:
			alone := c.last == nil && ends
			body := s.derive(Body, row, bytes.Clone(payload))
			body.Summary, body.fields = c.bodySummary(body.Data), textFields
			if alone {
				c.dress(body)
			}
			s.emit(body)
			c.write(s, body, body.Data)
		}
	}
	if ends {
		s.endStream(side.stream, st)
	}
	s.exchange = nil
}

// endStream ends the stream's body in this direction, and the stream if the other one has ended.
func (s *stream) endStream(id uint32, st *http2Stream) {
	if c := st.contents[s.dir]; c != nil && !s.quiet() {
		c.end(s)
	}
	st.contents[s.dir], st.ended[s.dir] = nil, true
	if st.ended[1-s.dir] {
		delete(s.conn.http2.streams, id)
	}
}

// unfinished reports the bodies that the end of the connection has cut off.
func (s *stream) unfinished() {
	x := s.conn.http2
	for _, id := range slices.Sorted(maps.Keys(x.streams)) {
		st := x.streams[id]
		if st.contents[s.dir] == nil {
			continue
		}
		st.contents[s.dir] = nil
		r := &Row{Layer: Bytes, Dir: s.dir, Offset: s.at, Stream: id, Lab: st.exchange.lab,
			Request: st.exchange.row, Client: st.exchange.client}
		r.Summary = say("a body that was not finished", "没有结束的正文")
		r.explain(say("the connection ended before this body was complete",
			"连接在正文完整之前就结束了"))
		s.emit(r)
	}
}
