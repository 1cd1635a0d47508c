package xray

import (
	"maps"
	"strconv"
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"realtimelab/internal/tap"
)

// headerBlock reads the header blocks of one direction (RFC 9113 §4.3). Each block depends on the
// earlier ones, because HPACK keeps a table of fields (RFC 7541), so no block can be skipped.
type headerBlock struct {
	hpack  *hpack.Decoder
	broken *Text // why blocks can no longer be read

	// The block being read, in one frame or several.
	open     bool
	stream   uint32
	promised bool // PUSH_PROMISE
	ends     bool // END_STREAM
	size     int  // bytes on the wire so far, including frame headers
	fields   *[]hpack.HeaderField
	length   *int // bytes of the fields
}

// Sizes of HPACK's table in bytes: the initial one and the maximum. An encoder that uses another
// size says so in a header block (RFC 7541 §4.2), so the settings that permit it need not be known.
const (
	firstTable = 4 << 10
	maxTable   = 64 << 10
)

func newHPACK(emit func(hpack.HeaderField)) *hpack.Decoder {
	d := hpack.NewDecoder(firstTable, emit)
	d.SetAllowedMaxDynamicTableSize(maxTable)
	d.SetMaxStringLength(maxHead)
	return d
}

func newHeaderBlock() headerBlock {
	b := headerBlock{fields: new([]hpack.HeaderField), length: new(int)}
	fields, length := b.fields, b.length
	b.hpack = newHPACK(func(f hpack.HeaderField) {
		if *length += int(f.Size()); *length <= maxHead {
			*fields = append(*fields, f)
		}
	})
	return b
}

func (b *headerBlock) held() int { return *b.length }

func (b *headerBlock) breakOff(why Text) {
	b.open = false
	if b.broken == nil {
		b.broken = &why
	}
}

// begin starts a block.
func (b *headerBlock) begin(stream uint32, promised, ends bool) {
	b.open, b.stream, b.promised, b.ends, b.size = true, stream, promised, ends, 0
	*b.fields, *b.length = nil, 0
}

// write decodes a fragment of the block. It returns the fields once the block is complete.
func (b *headerBlock) write(fragment []byte, last bool) (fields []hpack.HeaderField,
	complete bool) {
	if b.broken != nil || !b.open {
		return nil, false
	}
	_, err := b.hpack.Write(fragment)
	if err == nil && last {
		err = b.hpack.Close()
	}
	if err != nil {
		b.breakOff(say("this header block and all later ones cannot be decoded: %s",
			"这个头部块以及之后的都无法解码：%s", err.Error()))
		return nil, false
	}
	if !last {
		return nil, false
	}
	b.open = false
	fields = *b.fields
	*b.fields = nil
	return fields, true
}

// headers reads a frame with a header block or a fragment of one.
func (s *stream) headers(h http2.FrameHeader, fragment []byte, ends bool) {
	side := s.http2Side()
	first := h.Type != http2.FrameContinuation
	if first == side.open || !first && side.headerBlock.stream != h.StreamID {
		side.breakOff(
			say("the fragments of a header block are out of order: this block and "+
				"all later ones cannot be decoded",
				"头部块的片段次序不对，它以及之后的都无法解码"))
	} else if first {
		side.begin(h.StreamID, h.Type == http2.FramePushPromise, ends)
	}
	side.size += frameHead + int(h.Length)
	fields, complete := side.write(fragment, h.Flags.Has(http2.FlagHeadersEndHeaders))
	if complete {
		s.countHead(side.size)
	}
	var st *http2Stream
	var head head
	if complete && !side.promised {
		head = headOf(fields)
		if st = s.streamOf(h.StreamID, head); st == nil {
			return // the direction has failed
		}
	}
	row := s.frame(h, int(h.Length))
	if row != nil {
		row.Problem = side.broken
		s.emit(row)
	}
	switch {
	case complete && side.promised:
		s.emitHead(row, fields, say("promises the response to a request that was not sent",
			"预告一个尚未发出的请求的响应"))
	case complete:
		s.head(row, st, head, fields)
	}
}

// streamOf returns the stream of a header block. A request opens it. It fails the direction if too
// many streams are open.
func (s *stream) streamOf(id uint32, h head) *http2Stream {
	x := s.conn.http2
	if st := x.streams[id]; st != nil {
		return st
	}
	st := &http2Stream{exchange: &exchange{time: s.conn.now}}
	if s.dir == tap.Out {
		return st // a response without its request
	}
	if len(x.streams) >= maxExchanges {
		// their resets were omitted
		maps.DeleteFunc(x.streams, func(_ uint32, st *http2Stream) bool {
			return st.exchange.hidden
		})
	}
	if len(x.streams) >= maxExchanges {
		s.fail(say("more than %d requests are waiting for a response", "等待响应的请求超过 %d 个",
			maxExchanges))
		return nil
	}
	st.exchange = newExchange(s.conn, h)
	s.conn.countRequest()
	x.streams[id] = st
	return st
}

// head reads a complete header block: the head of a request or response, or trailers.
func (s *stream) head(frame *Row, st *http2Stream, h head, fields []hpack.HeaderField) {
	side := s.http2Side()
	id, ends := side.headerBlock.stream, side.ends
	response := s.dir == tap.Out
	trailers := h.start == "" || st.answered && response ||
		!response && (st.contents[tap.In] != nil || st.ended[tap.In])
	interim := response && h.status()/100 == 1
	var body *content
	if !trailers && !interim && !ends {
		s.exchange = st.exchange
		body = newContent(s, h, response)
	}
	if frame != nil {
		x := st.exchange
		switch {
		case trailers:
			s.emitHead(frame, fields, say("trailers: fields that came after the body",
				"尾部字段：在正文之后到来"))
		case response:
			row := s.headRow(frame, fields)
			row.Summary, row.Message = responseSummary(h, x, s.conn.now),
				body == nil || body.kind != packetPayload
			row.Kind = responseKind(h)
			s.emit(row)
		default:
			row := s.headRow(frame, fields)
			row.Summary, row.Message = same(x.method+" "+printable(x.target, shown)),
				body == nil || body.kind != packetPayload
			s.emit(row)
			x.row = row.ID
		}
	}
	if !trailers && !interim {
		st.answered = st.answered || response
		st.contents[s.dir] = body
	}
	if body != nil && s.quiet() {
		body.miss()
	}
	if ends {
		s.endStream(id, st)
	}
	if response && st.exchange.hidden && !interim {
		delete(s.conn.http2.streams, id) // its body and its end were omitted
	}
}

// headRow returns the row of a decoded header block.
func (s *stream) headRow(frame *Row, fields []hpack.HeaderField) *Row {
	side := s.http2Side()
	var text strings.Builder
	for _, f := range fields {
		text.WriteString(oneLine(f.Name) + ": " + oneLine(f.Value) + "\n")
	}
	row := s.derive(HTTP, frame, []byte(text.String()))
	row.Offset, row.Size = frame.Offset+int64(frame.Size-side.size), side.size
	row.fields = http2HeadFields
	if *side.length > maxHead {
		row.explain(say("a head of more than %d bytes", "头部超过 %d 字节", maxHead))
	}
	return row
}

// emitHead emits fields that are not the head of an exchange.
func (s *stream) emitHead(frame *Row, fields []hpack.HeaderField, what Text) {
	if frame == nil {
		return
	}
	row := s.headRow(frame, fields)
	row.Layer, row.Summary = H2, what
	s.emit(row)
}

// oneLine returns a name or value without line ends, which HTTP forbids in both.
func oneLine(s string) string { return strings.NewReplacer("\r", " ", "\n", " ").Replace(s) }

// headOf returns a header block in the form of HTTP/1.1. Its start line is empty without the
// pseudo-header fields of a request or response.
func headOf(fields []hpack.HeaderField) head {
	var h head
	pseudo := map[string]string{}
	for _, f := range fields {
		if f.IsPseudo() {
			pseudo[f.Name] = f.Value
		} else {
			h.lines = append(h.lines, headLine{name: f.Name, value: f.Value})
		}
	}
	switch {
	case pseudo[":status"] != "":
		h.start = "HTTP/2 " + pseudo[":status"]
	case pseudo[":method"] == "CONNECT":
		h.start = "CONNECT " + pseudo[":authority"] + " HTTP/2"
	case pseudo[":method"] != "":
		h.start = pseudo[":method"] + " " + pseudo[":path"] + " HTTP/2"
	}
	return h
}

// http2HeadFields returns the fields of a decoded header block, one for each line.
func http2HeadFields(r *Row) []Field {
	var l fieldList
	for line := range strings.Lines(string(r.Data)) {
		at := strings.Index(line[1:], ":") + 1
		name, value := line[:at], strings.TrimSpace(line[at+1:])
		meaning, spec := headerMeaning(name)
		if strings.HasPrefix(name, ":") {
			meaning, spec = pseudoMeaning(name, value), "RFC 9113 §8.3"
		}
		if name == "" {
			name = "nameless header"
		}
		l.add(len(line), printable(name, 40), printable(value, 4*shown), meaning, spec)
	}
	return l.all
}

func pseudoMeaning(name, value string) Text {
	switch name {
	case ":method":
		return lookUp(methodMeanings, value, say("what to do", "要做什么"))
	case ":status":
		code, _ := strconv.Atoi(value)
		return statusMeaning(code)
	case ":scheme":
		return say("the scheme of the URL", "URL 的协议")
	case ":authority":
		return say("the host of the request, as Host in HTTP/1.1",
			"要访问的主机，相当于 HTTP/1.1 的 Host")
	case ":path":
		return say("what is asked for: the path and the query", "请求的目标：路径和查询参数")
	case ":protocol":
		return say("the protocol to speak on this stream", "在这个流上使用的协议")
	}
	return say("a pseudo-header field that HTTP/2 does not define", "HTTP/2 没有定义的伪头部字段")
}
