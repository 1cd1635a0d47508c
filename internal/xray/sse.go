package xray

import (
	"bytes"
	"strings"
)

// serverSentEvent returns the row of an event of an event stream (HTML §9.2.6):
//
//	id: 7\ndata: hello\n\n
//	: a comment\n\n
func (s *stream) serverSentEvent(carrier *Row, data []byte) *Row {
	row := s.derive(SSE, carrier, data)
	row.Message, row.fields, row.Summary, row.Name = true, sseFields, sseSummary(data),
		sseName(data)
	if data[0] == ':' && !bytes.Contains(data, []byte("\ndata:")) {
		row.Kind = Heartbeat
	}
	return row
}

// sseName returns the name of the event that the page receives, and "" if it receives no event.
func sseName(data []byte) string {
	name, dispatched := "message", false
	for _, line := range sseLines(data) {
		switch field, value := sseLine(line); field {
		case "event":
			if value != "" {
				name = strings.ToValidUTF8(value[:min(len(value), maxName)], "")
			}
		case "data":
			dispatched = true
		}
	}
	if !dispatched {
		return ""
	}
	return name
}

// sseLine splits a line of an event stream into its field name and value.
func sseLine(line string) (name, value string) {
	name, value, _ = strings.Cut(strings.TrimRight(line, "\r\n"), ":")
	return name, strings.TrimPrefix(value, " ")
}

// sseLines splits an event into lines, each with its line end.
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
		return say("comment, which keeps the connection alive: %s", "注释，用来保持连接：%s",
			printable(comment, shown))
	}
	return say("nothing to dispatch: this is not an event", "没有事件可分发")
}

const sseSpec = "HTML, server-sent events §9.2.5"

func sseFields(r *Row) []Field {
	var l fieldList
	if bytes.HasPrefix(r.Data, []byte(bom)) {
		l.add(len(bom), "byte order mark", "",
			say("allowed at the start of the stream", "可以出现在流的开头"), sseSpec)
	}
	for _, line := range sseLines(r.Data) {
		name, value := sseLine(line)
		meaning := lookUp(sseMeanings, name,
			say("a field that the page ignores", "页面会忽略的字段"))
		switch {
		case strings.TrimRight(line, "\r\n") == "":
			name, meaning = "empty line", say("ends the event: now the page gets it",
				"结束这个事件：此刻页面才收到它")
		case name == "":
			name, meaning = "comment",
				say("ignored by the page; it keeps proxies from closing a silent connection",
					"页面会忽略；可防止代理关闭长时间无数据的连接")
		}
		l.add(len(line), printable(name, 40), printable(value, 4*shown), meaning, sseSpec)
	}
	return l.all
}

var sseMeanings = map[string]Text{
	"id": say("the page repeats the last id as Last-Event-ID when it reconnects",
		"页面重连时用 Last-Event-ID 报告最后的 id"),
	"event": say("the name of the event; message without this field",
		"事件的名字；没有则为 message"),
	"data":  say("the content; several lines are joined by line ends", "内容；多行用换行连接"),
	"retry": say("milliseconds to wait before reconnecting", "重连之前等待的毫秒数"),
}
