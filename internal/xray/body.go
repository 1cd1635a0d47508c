package xray

// body is a stream's position in the body of a request or response (RFC 9112 §6).
type body struct {
	left        int64 // bytes still to come of the body, or of the chunk and its line end
	total       int64
	untilClose  bool
	after       step // the step after the body
	content     *content
	head        *Row // parent row of a body that ends when the connection closes
	chunkPieces bool
}

func (b *body) active() bool { return b.content != nil }

func (b *body) held() int {
	if b.content == nil {
		return 0
	}
	return b.content.held()
}

// startBody continues after a head: with its body or, if the head announces no body, with the step
// after.
func startBody(s *stream, h head, row *Row, response bool, after step) bool {
	length, err := h.contentLength()
	chunked := h.has("Transfer-Encoding", "chunked")
	if err != nil && !chunked {
		return s.fail(say("the length of the body is unknown: %s", "无法得知正文在哪里结束：%s",
			err.Error()))
	}
	s.body = body{after: after, head: row}
	switch {
	case chunked:
		s.next = readChunk
	case length > 0:
		s.body.left, s.body.total = length, length
		s.next = readBody
	case length < 0 && response:
		s.body.untilClose = true
		s.next = readUntilClose
	default:
		s.body = body{}
		s.next = after
		return true
	}
	s.body.content = newContent(s, h, response)
	return true
}

// endBody completes the content and continues after the body.
func endBody(s *stream) {
	b := s.body
	s.body = body{}
	s.next = b.after
	if b.content != nil && !s.quiet() {
		b.content.end(s)
	}
}

// readBody reads a body of known length.
func readBody(s *stream) bool {
	b := &s.body
	if s.quiet() {
		return s.skip()
	}
	n := int(min(b.left, maxPiece))
	if len(s.buf) < n {
		return false
	}
	first, last := b.left == b.total, b.left == int64(n)
	row := s.unit(Body, n)
	b.left -= int64(n)
	row.Summary = b.content.bodySummary(row.Data)
	row.fields = textFields
	if first && last {
		b.content.dress(row)
	}
	s.emit(row)
	b.content.write(s, row, row.Data)
	if b.left == 0 {
		endBody(s)
	}
	return true
}

// skip moves past the received bytes of a body or chunk.
func (s *stream) skip() bool {
	b := &s.body
	n := min(b.left, int64(len(s.buf)))
	s.consume(int(n))
	b.left -= n
	b.content.miss()
	if b.left > 0 {
		return false
	}
	if b.chunkPieces {
		b.chunkPieces = false
		s.next = readChunk
		return true
	}
	endBody(s)
	return true
}

// readUntilClose reads a body that ends when the connection closes, as it arrives.
func readUntilClose(s *stream) bool {
	row := s.unit(Body, min(len(s.buf), maxPiece))
	if row == nil {
		s.body.content.miss()
		return true
	}
	row.Summary = s.body.content.bodySummary(row.Data)
	row.fields = textFields
	s.emit(row)
	s.body.content.write(s, row, row.Data)
	return true
}
