//go:build exercise

package ssewrite_test

import (
	"bytes"
	"strings"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/longconn/exercises/sse-write"
)

// delivered is one event as a browser hands it to a page.
type delivered struct {
	id    string
	hasID bool // an id line was there, perhaps an empty one
	name  string
	data  string
}

// browser reads a stream as a browser does. It returns the delivered events, the other lines
// (unknown fields and retry), and the lines after the last empty one.
func browser(stream string) (events []delivered, other, rest []string) {
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(stream), "\n")
	var e delivered
	var data []string
	start := 0
	for i, line := range lines[:len(lines)-1] {
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			if data != nil {
				e.data = strings.Join(data, "\n")
				events = append(events, e)
			}
			e, data, start = delivered{}, nil, i+1
		case name == "": // a comment
		case name == "id":
			e.id, e.hasID = value, true
		case name == "event":
			e.name = value
		case name == "data":
			data = append(data, value)
		default:
			other = append(other, line)
		}
	}
	return events, other, append(lines[start:len(lines)-1:len(lines)-1], lines[len(lines)-1])
}

// wire fails unless a browser delivers just the one event of the wanted stream.
func wire(t *testing.T, e Event, want, en, zh string) {
	t.Helper()
	got := Append(nil, e)
	events, other, rest := browser(string(got))
	wanted, _, _ := browser(want)
	if len(events) == 1 && events[0] == wanted[0] && len(other) == 0 &&
		strings.Join(rest, "") == "" {
		return
	}
	if len(events) == 1 && events[0].hasID && events[0].id == "" {
		en, zh = noID[0], noID[1]
	}
	check.Found(t, check.Finding{EN: en, ZH: zh,
		Fields: check.Compare(check.Events, got, []byte(want))})
}

var noID = [2]string{
	"The event has no id, so it has no id line: an empty id makes the browser forget the last one.",
	"事件没有编号，就不要写 id 这一行：空的编号会让浏览器忘掉它手里的那个。",
}

// Step: the end of an event / 事件的结尾
func TestTheEnd(t *testing.T) {
	got := string(Append(nil, Event{Data: "hello"}))
	_, _, rest := browser(got)
	if strings.Join(rest, "") != "" {
		check.Found(t,
			check.Finding{
				EN: "The stream does not end with an empty line: the browser waits for more " +
					"lines of this event, and delivers nothing.",
				ZH:     "流没有以空行结束：浏览器会等这个事件的后半截，什么都不派发。",
				Fields: check.Compare(check.Events, []byte(got), []byte("data: hello\n\n"))})
	}
	wire(t, Event{Data: "hello"}, "data: hello\n\n",
		"An event with the data hello is a data line and an empty line.",
		"数据为 hello 的事件，是一行 data 加一个空行。")
}

// Step: id and name / 编号和名字
func TestIDAndName(t *testing.T) {
	wire(t, Event{ID: "7", Data: "hello"}, "id: 7\ndata: hello\n\n",
		"The event has an id: without its line the browser cannot resume.",
		"事件有编号：没有 id 这一行，浏览器就不能续传。")
	wire(t, Event{Name: "chat", Data: "hello"}, "event: chat\ndata: hello\n\n",
		"The event has the name chat: the field for it is called event.",
		"事件的名字是 chat：这个字段叫 event。")
	wire(t, Event{ID: "7", Name: "chat", Data: "hello"}, "id: 7\nevent: chat\ndata: hello\n\n",
		"The id, the name and the data are lines of one event: the empty "+
			"line comes after the last of them.",
		"编号、名字、数据是同一个事件的几行：空行在最后一行之后。")
}

// Step: empty data / 空的数据
func TestEmptyData(t *testing.T) {
	wire(t, Event{ID: "7"}, "id: 7\ndata: \n\n",
		"The data is empty, but there must be a data line: without "+
			"one the browser drops the event.",
		"数据是空的，但 data 这一行不能少：没有它，浏览器会丢掉这个事件。")
}

// Step: spaces / 空格
func TestSpaces(t *testing.T) {
	wire(t, Event{Data: "  indented "}, "data:   indented \n\n",
		"The data begins with two spaces and ends with one, and a browser reads other data: of "+
			"the spaces after the colon it takes away one, and no more.",
		"数据以两个空格开头、一个空格结尾，浏览器读到的却不一样：冒号后面的空格，它只去掉一个。")
}

// Step: lines / 多行
func TestLinesOfData(t *testing.T) {
	wire(t, Event{Data: "one\ntwo"}, "data: one\ndata: two\n\n",
		"The data has two lines, so it needs two data fields: otherwise the second line becomes "+
			"a field that the browser does not know.",
		"数据有两行，就需要两个 data 字段：否则第二行会变成一个浏览器不认识的字段。")
	wire(t, Event{Data: "one\r\ntwo"}, "data: one\ndata: two\n\n",
		`The data has two lines with \r\n between them: that is one line end, not two.`,
		`数据有两行，中间是 \r\n：这是一个换行，不是两个。`)
	wire(t, Event{Data: "one\rtwo"}, "data: one\ndata: two\n\n",
		`The data has \r in it: alone, it ends a line of the stream, too.`,
		`数据里有 \r：单独的 \r 在事件流里也是换行。`)
	wire(t, Event{Data: "a\n\nb"}, "data: a\ndata: \ndata: b\n\n",
		"The data has an empty line in it, which must not end the event.",
		"数据里有一个空行，它不能结束事件。")
	wire(t, Event{Data: "a\n"}, "data: a\ndata: \n\n",
		"The data ends with a line end, and a browser reads it without: what follows the last "+
			"line end is a line too, an empty one.",
		"数据以换行结尾，浏览器读到的却没有：最后一个换行之后也是一行，一个空行。")
}

// Step: forgery / 伪造
func TestNoForgery(t *testing.T) {
	wire(t, Event{Name: "chat\ndata: you are fired\n\n", Data: "hello"},
		"event: chat\ndata: hello\n\n",
		"A user chose this name, and with it wrote an event of their own: nothing after a line "+
			"end in a name may reach the wire.",
		"这个名字是用户起的，他借此写了一个自己的事件：名字里换行之后的内容不能上线路。")
	wire(t, Event{Name: "chat\rdata: you are fired", Data: "hello"}, "event: chat\ndata: hello\n\n",
		`The name has \r in it, which ends a line of the stream too: what follows is a field that a user wrote.`,
		`名字里有 \r，它在事件流里也是换行：后面的内容就成了用户写的字段。`)
	wire(t, Event{ID: "7\r\nretry: 1", Data: "a"}, "id: 7\ndata: a\n\n",
		"The id has a line end in it: what follows would be a field of its own, here one that "+
			"makes the browser reconnect without pause.",
		"编号里带着换行：后面的内容会成为独立的字段，这里是让浏览器不停重连的字段。")
	wire(t, Event{ID: "\ndata: forged", Data: "a"}, "data: a\n\n",
		"The id begins with a line end: nothing is left of it, so it has no id line.",
		"编号以换行开头：截断后什么都不剩，也就没有 id 这一行。")
}

// Step: appending / 追加
func TestAppends(t *testing.T) {
	before := []byte(": hi\n\n")
	got := Append(before[:len(before):len(before)], Event{Data: "a"})
	if !bytes.HasPrefix(got, before) {
		check.Fail(t, "The stream was %q, and after Append it is %q: Append adds to it.",
			"流里原来是 %q，Append 之后成了 %q：Append 要追加在后面。", before, got)
	}
	got = Append(got, Event{Data: "b"})
	if events, _, _ := browser(string(got)); len(events) != 2 {
		check.Fail(t, "Two events were appended, and a browser reads %d in %q.",
			"追加了两个事件，浏览器从 %[2]q 里读到 %[1]d 个。", len(events), got)
	}
}
