package xray

import (
	"bytes"
	"strings"
)

// maxUnit is the longest line or event that is read.
const maxUnit = 256 << 10

// writeUnits cuts a stream of lines or events into its units.
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
			s.emit(c.problem(s, say("a line or event of more than %d bytes", "一行或一个事件超过 %d 字节", maxUnit)))
			c.pending, c.resync = nil, true
		}
	}
}

// complete tells that pending is a whole line, or the lines of a whole event.
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
		row := s.derive(Line, c.began, data)
		row.fields = jsonFields
		row.Summary = same(printable(strings.TrimRight(string(data), "\r\n"), shown))
		s.emit(row)
		return
	}
	row := s.derive(SSE, c.began, data)
	row.fields = sseFields
	row.Summary = sseSummary(data)
	s.emit(row)
}

// sseLine is one line of an event stream: its field, its value.
func sseLine(line string) (name, value string) {
	name, value, _ = strings.Cut(strings.TrimRight(line, "\r\n"), ":")
	return name, strings.TrimPrefix(value, " ")
}

// sseLines cuts an event into lines that keep their ends.
func sseLines(data []byte) []string {
	lines := strings.SplitAfter(strings.TrimPrefix(string(data), bom), "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

const bom = "\ufeff"

func sseSummary(data []byte) Text {
	var id, event, text []string
	var comment, retry string
	for _, line := range sseLines(data) {
		switch name, value := sseLine(line); name {
		case "id":
			id = []string{value}
		case "event":
			event = []string{value}
		case "data":
			text = append(text, value)
		case "retry":
			retry = value
		case "":
			if strings.HasPrefix(line, ":") {
				comment = value
			}
		}
	}
	switch {
	case text != nil:
		what := strings.Join(append(append([]string{}, event...), strings.Join(text, "\n")), " ")
		if id != nil {
			return say("event %s: %s", "事件 %s：%s", printable(id[0], 40), printable(what, shown))
		}
		return say("event: %s", "事件：%s", printable(what, shown))
	case retry != "":
		return say("reconnect after %s ms", "断开后等 %s 毫秒重连", printable(retry, 20))
	case comment != "" || bytes.HasPrefix(data, []byte(":")):
		return say("comment, which keeps the connection alive: %s", "注释，用来保持连接：%s", printable(comment, shown))
	}
	return say("no event: nothing to dispatch", "没有事件可分发")
}

const sseSpec = "HTML, server-sent events §9.2.5"

func sseFields(r *Row) []Field {
	var l fieldList
	if bytes.HasPrefix(r.Data, []byte(bom)) {
		l.add(len(bom), "byte order mark", "", say("one may stand at the start of the stream", "可以出现在流的开头"), sseSpec)
	}
	for _, line := range sseLines(r.Data) {
		name, value := sseLine(line)
		meaning := sseMeaning(name)
		switch {
		case strings.TrimRight(line, "\r\n") == "":
			name, meaning = "empty line", say("ends the event: now the page gets it", "结束这个事件：此刻页面才收到它")
		case name == "":
			name, meaning = "comment", say("ignored by the page; it keeps proxies from closing a silent connection", "页面会忽略；可防止代理关闭长时间无数据的连接")
		}
		l.add(len(line), printable(name, 40), printable(value, 4*shown), meaning, sseSpec)
	}
	return l.all
}

func sseMeaning(name string) Text {
	switch name {
	case "id":
		return say("the page repeats the last id as Last-Event-ID when it reconnects", "页面重连时用 Last-Event-ID 报告最后的 id")
	case "event":
		return say("the name of the event; message if there is none", "事件的名字；没有则为 message")
	case "data":
		return say("the content; several lines are joined by line ends", "内容；多行用换行连接")
	case "retry":
		return say("milliseconds to wait before reconnecting", "重连之前等待的毫秒数")
	}
	return say("a field that the page ignores", "页面会忽略的字段")
}
