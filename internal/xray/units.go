package xray

import (
	"bytes"
	"strings"
)

// maxUnit bounds the length of a line or event.
const maxUnit = 256 << 10

// writeUnits splits a stream of lines or events into units.
func (c *content) writeUnits(s *stream, row *Row, p []byte) {
	for len(p) > 0 {
		if len(c.pending) == 0 {
			c.began = row
		}
		line := bytes.IndexByte(p, '\n') + 1
		if line == 0 {
			line = len(p)
		}
		c.pending = append(c.pending, p[:line]...)
		p = p[line:]
		switch {
		case c.complete():
			if c.resync {
				c.resync = false
			} else {
				c.unit(s, c.pending)
			}
			c.pending = nil
		case len(c.pending) > maxUnit:
			c.last = c.began
			s.emit(c.problem(s, say("a line or event of more than %d bytes",
				"一行或一个事件超过 %d 字节", maxUnit)))
			c.pending, c.resync = nil, true
		}
	}
}

// complete reports whether pending is a complete line, or holds all lines of an event.
func (c *content) complete() bool {
	if c.kind == lineContent {
		return bytes.HasSuffix(c.pending, []byte("\n"))
	}
	text := bytes.TrimSuffix(c.pending, []byte("\n"))
	if len(text) == len(c.pending) {
		return false
	}
	text = bytes.TrimSuffix(text, []byte("\r"))
	return len(text) == 0 || bytes.HasSuffix(text, []byte("\n"))
}

// unit makes the row of a line or event.
func (c *content) unit(s *stream, data []byte) {
	if c.kind == lineContent {
		s.emit(s.line(c.began, data))
	} else {
		s.emit(s.serverSentEvent(c.began, data))
	}
}

// line returns the row of a line of JSON.
func (s *stream) line(carrier *Row, data []byte) *Row {
	row := s.derive(Line, carrier, data)
	row.Message, row.fields = true, jsonFields
	row.Summary = same(printable(strings.TrimRight(string(data), "\r\n"), shown))
	return row
}
