//go:build exercise

package ssewrite_test

import (
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/longconn/exercises/sse-write"
)

func wire(t *testing.T, e Event, want, en, zh string) {
	t.Helper()
	check.Wire(t, check.Events, Append(nil, e), []byte(want), en, zh)
}

func TestTheEnd(t *testing.T) {
	wire(t, Event{Data: "hello"}, "data: hello\n\n", "An event ends with an empty line: before it comes, the browser delivers nothing.",
		"事件以空行结束：在它到来之前，浏览器什么都不派发。")
}

func TestIDAndName(t *testing.T) {
	wire(t, Event{ID: "7", Name: "chat", Data: "hello"}, "id: 7\nevent: chat\ndata: hello\n\n", "The id, the name and the data, each on its line: with the id the browser can resume.",
		"编号、名字、数据各占一行：有了编号，浏览器才能断点续传。")
	wire(t, Event{Data: "a"}, "data: a\n\n", "There is no id and no name, so there is no line for them: an empty id would make the browser forget the one it has.",
		"没有编号和名字，就不要写那一行：空的编号会让浏览器忘掉它手里的那个。")
}

func TestEmptyData(t *testing.T) {
	wire(t, Event{ID: "7"}, "id: 7\ndata: \n\n", "The data is empty, but there must be a data line: without one the browser drops the event.",
		"数据是空的，但 data 这一行不能少：没有它，浏览器会丢掉这个事件。")
}

func TestLinesOfData(t *testing.T) {
	wire(t, Event{Data: "one\ntwo"}, "data: one\ndata: two\n\n", "The data has two lines, so it needs two data fields: the second line would be a field that nobody knows.",
		"数据有两行，就需要两个 data 字段：否则第二行会变成一个没人认识的字段。")
	wire(t, Event{Data: "one\r\ntwo\rthree"}, "data: one\ndata: two\ndata: three\n\n", `\r\n and \r end a line of the stream, too.`,
		`\r\n 和单独的 \r 在事件流里也是换行。`)
	wire(t, Event{Data: "a\n\nb"}, "data: a\ndata: \ndata: b\n\n", "An empty line within the data must not end the event.", "数据里的空行不能结束事件。")
}

func TestNoForgery(t *testing.T) {
	wire(t, Event{Name: "chat\ndata: you are fired\n\n", Data: "hello"}, "event: chat\ndata: hello\n\n", "A user chose this name, and with it wrote an event of their own: nothing after a line end in a name may reach the wire.",
		"这个名字是用户起的，他借此写了一个自己的事件：名字里换行之后的内容不能上线路。")
	wire(t, Event{ID: "7\r\nretry: 1", Data: "a"}, "id: 7\ndata: a\n\n", "The id carries a line end: what follows it would be a field of its own, here one that makes the browser reconnect without pause.",
		"编号里带着换行：后面的内容会成为独立的字段，这里是让浏览器不停重连的字段。")
}

func TestAppends(t *testing.T) {
	got := Append([]byte(": hi\n"), Event{Data: "a"})
	check.Wire(t, check.Events, got, []byte(": hi\ndata: a\n\n"), "Append adds to what is there.", "Append 要追加在已有内容之后。")
}
