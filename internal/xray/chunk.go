package xray

import (
	"bytes"
	"strconv"
	"strings"
)

// maxChunkLine bounds the line with a chunk's size and extensions.
const maxChunkLine = 4 << 10

// readChunk reads a chunk (RFC 9112 §7.1):
//
//	6\r\nhello \r\n
//	0\r\n\r\n        the last one, with the trailers between its line ends
func readChunk(s *stream) bool {
	line := bytes.IndexByte(s.buf, '\n') + 1
	if line == 0 && len(s.buf) <= maxChunkLine {
		return false
	}
	size, ok := chunkSize(s.buf[:line])
	switch {
	case !ok || line > maxChunkLine:
		return s.fail(say("not a chunk: its size is not a hexadecimal number",
			"这不是分块：它的长度不是十六进制数"))
	case size == 0:
		return readLastChunk(s, line)
	case s.quiet():
		s.consume(line)
		s.body.left, s.body.chunkPieces = size+2, true
		s.next = (*stream).skip
		return true
	}
	piece := int(min(size, maxPiece))
	n := line + piece
	if int64(piece) == size {
		n += 2
	}
	if len(s.buf) < n {
		return false
	}
	if int64(piece) == size && string(s.buf[n-2:n]) != "\r\n" {
		return s.fail(say("not a chunk: no line end after the announced %s",
			"这不是分块：按它声明的长度 %d，后面没有换行",
			inBytes(size)))
	}
	row := s.unit(Chunk, n)
	row.fields = chunkFields
	data := row.Data[line : line+piece]
	row.Summary = say("chunk of %s · %s", "%d 字节的分块 · %s", inBytes(size),
		s.body.content.preview(data))
	s.emit(row)
	s.body.content.write(s, row, data)
	if left := size - int64(piece); left > 0 {
		s.body.left, s.body.chunkPieces = left+2, true
		s.next = readChunkPiece
	}
	return true
}

// readChunkPiece continues a chunk that is too large for one row.
func readChunkPiece(s *stream) bool {
	b := &s.body
	if s.quiet() {
		return s.skip()
	}
	n := int(min(b.left, maxPiece))
	if rest := b.left - int64(n); rest > 0 && rest <= 2 {
		n = int(b.left) - 2 // the line end stays in one piece
	}
	if len(s.buf) < n {
		return false
	}
	row := s.unit(Chunk, n)
	b.left -= int64(n)
	data := row.Data
	if b.left == 0 {
		data = data[:n-min(n, 2)]
		b.chunkPieces = false
		s.next = readChunk
	}
	row.Summary = say("%s of the chunk", "该分块的另外 %d 字节", moreBytes(len(data)))
	row.fields = func(r *Row) []Field {
		var l fieldList
		l.add(len(data), "data", "", chunkData, "RFC 9112 §7.1")
		l.add(len(r.Data)-l.at, "line end", "", lineEnd, "RFC 9112 §7.1")
		return l.all
	}
	s.emit(row)
	b.content.write(s, row, data)
	return true
}

func readLastChunk(s *stream, line int) bool {
	n := headEnd(append([]byte("x\r\n"), s.buf[line:]...), 0)
	if n < 0 {
		if len(s.buf) > maxHead {
			return s.fail(say("trailers of more than %d bytes", "尾部字段超过 %d 字节", maxHead))
		}
		return false
	}
	if row := s.unit(Chunk, line+n-3); row != nil {
		row.Kind, row.fields = End, chunkFields
		row.Summary = say("the last chunk: the body is complete", "最后一个分块：正文完整了")
		s.emit(row)
	}
	endBody(s)
	return true
}

// chunkSize parses the number at the start of a chunk's size line.
func chunkSize(line []byte) (int64, bool) {
	digits, _, _ := strings.Cut(strings.TrimRight(string(line), "\r\n"), ";")
	n, err := strconv.ParseUint(strings.TrimRight(digits, " \t"), 16, 62)
	return int64(n), err == nil
}

var chunkData = say("a piece of the body", "正文的一段")

func chunkFields(r *Row) []Field {
	var l fieldList
	line := bytes.IndexByte(r.Data, '\n') + 1
	text := strings.TrimRight(string(r.Data[:line]), "\r\n")
	digits, extension, _ := strings.Cut(text, ";")
	size, _ := chunkSize(r.Data[:line])
	l.add(len(digits), "size", strconv.FormatInt(size, 10),
		say("how many bytes of data follow, in hexadecimal", "后面有多少字节数据，十六进制"),
		"RFC 9112 §7.1")
	l.add(len(text)-len(digits), "extension", printable(extension, shown),
		say("extensions, which are not used in practice", "扩展，实际没有人用"), "RFC 9112 §7.1.1")
	l.add(line-l.at, "line end", "", lineEnd, "RFC 9112 §7.1")
	if size > 0 {
		data := min(int(min(size, int64(len(r.Data)))), len(r.Data)-line)
		l.add(data, "data", preview(r.Data[line:line+data]), chunkData, "RFC 9112 §7.1")
		l.add(len(r.Data)-l.at, "line end", "", lineEnd, "RFC 9112 §7.1")
		return l.all
	}
	for l.at < len(r.Data) {
		rest := r.Data[l.at:]
		end := bytes.IndexByte(rest, '\n') + 1
		if line := strings.TrimRight(string(rest[:end]), "\r\n"); line != "" {
			name, value, _ := strings.Cut(line, ":")
			l.add(end, "trailer "+printable(name, 40), printable(strings.TrimSpace(value), shown),
				say("a field that came after the body", "正文之后的字段"), "RFC 9112 §7.1.2")
			continue
		}
		l.add(end, "empty line", "", say("the body ends here", "正文到此结束"), "RFC 9112 §7.1")
	}
	return l.all
}
