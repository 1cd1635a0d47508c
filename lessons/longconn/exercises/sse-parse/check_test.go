//go:build exercise

package sseparse_test

import (
	"fmt"
	"slices"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/longconn/exercises/sse-parse"
)

// expect feeds the pieces to a new parser.
func expect(t *testing.T, pieces []string, want []Event, en, zh string) {
	t.Helper()
	var p Parser
	var got []Event
	for _, piece := range pieces {
		got = append(got, p.Feed([]byte(piece))...)
	}
	if slices.Equal(got, want) {
		return
	}
	f := check.Finding{EN: en, ZH: zh, Fields: []check.Field{{Name: "stream", Yours: fmt.Sprintf("%q", pieces), Want: fmt.Sprintf("%q", pieces), OK: true}}}
	for i := range max(len(got), len(want)) {
		yours, wanted := "missing", "nothing"
		if i < len(got) {
			yours = fmt.Sprintf("%+q", got[i])
		}
		if i < len(want) {
			wanted = fmt.Sprintf("%+q", want[i])
		}
		f.Fields = append(f.Fields, check.Field{Name: fmt.Sprintf("event %d", i+1), Yours: yours, Want: wanted, OK: yours == wanted, Spec: "HTML, 9.2.6"})
	}
	check.Found(t, f)
}

func TestOneEvent(t *testing.T) {
	expect(t, []string{"id: 7\nevent: chat\ndata: hello\n\n"}, []Event{{"7", "chat", "hello"}}, "One whole event in one piece.", "一段里有一个完整的事件。")
	expect(t, []string{"data: a\n\ndata: b\n\n"}, []Event{{"", "message", "a"}, {"", "message", "b"}}, "Two events may come in one piece, and an event without a name is called message.",
		"一段里可能有两个事件；没有名字的事件叫 message。")
}

func TestPieces(t *testing.T) {
	expect(t, []string{"da", "ta: hel", "lo\n", "\n"}, []Event{{"", "message", "hello"}}, "The network cuts where it likes: a line is a line when its end has come, and an event at the empty line.",
		"网络想在哪里切就在哪里切：换行到了才算一行，空行到了才算一个事件。")
	expect(t, []string{"data: \xe4\xbd", "\xa0\n\n"}, []Event{{"", "message", "你"}}, "A piece may end within a character: put the bytes together before you read them as text.",
		"一段可能在字符中间结束：先把字节拼起来，再当作文本来读。")
}

func TestReturns(t *testing.T) {
	expect(t, []string{"data: a\r\n\r\n"}, []Event{{"", "message", "a"}}, `A line may end with \r\n.`, `一行也可能以 \r\n 结束。`)
	expect(t, []string{"data: a\r", "\n\r\n"}, []Event{{"", "message", "a"}}, `The cut may be between \r and \n.`, `切口可能正好在 \r 和 \n 之间。`)
}

func TestDataLines(t *testing.T) {
	expect(t, []string{"data: one\ndata: two\n\n"}, []Event{{"", "message", "one\ntwo"}}, `Several data fields are the lines of one data, joined by \n.`, `多个 data 字段是同一份数据的各行，用 \n 连接。`)
	expect(t, []string{"data\n\n", "data:\ndata:\n\n"}, []Event{{"", "message", ""}, {"", "message", "\n"}}, "A line without a colon is a field with an empty value, and empty data is data.",
		"没有冒号的行是值为空的字段；空的数据也是数据。")
	expect(t, []string{"id: 7\n\n", ": nobody reads this\n\n"}, nil, "Without a data field there is nothing to deliver.", "没有 data 字段，就没有可派发的东西。")
}

func TestOneSpace(t *testing.T) {
	expect(t, []string{"data:a\n\n", "data:  b \n\n"}, []Event{{"", "message", "a"}, {"", "message", " b "}}, "One space after the colon belongs to the format; any other belongs to the data.",
		"冒号后的一个空格属于格式，其他空格都属于数据。")
	expect(t, []string{"data: a: b\n\n"}, []Event{{"", "message", "a: b"}}, "Only the first colon divides the line.", "只有第一个冒号起分隔作用。")
}

func TestCommentsAndOthers(t *testing.T) {
	expect(t, []string{": heartbeat\ndata: a\n: data: b\nretry: 3\ncolour: red\n\n"}, []Event{{"", "message", "a"}}, "Comments and unknown fields are passed over, and the event goes on.",
		"注释和不认识的字段直接跳过，事件继续。")
}

func TestTheIDStays(t *testing.T) {
	expect(t, []string{"id: 7\ndata: a\n\n", "data: b\n\n"}, []Event{{"7", "message", "a"}, {"7", "message", "b"}}, "The second event has no id, and the stream still stands at 7: the id stays until another comes.",
		"第二个事件没有编号，而流仍然停在 7：编号一直保留到下一个出现。")
	expect(t, []string{"id: 7\n\ndata: a\n\n"}, []Event{{"7", "message", "a"}}, "An id counts even if its event had no data and was not delivered.",
		"即使那个事件没有数据、没有派发，它的编号也算数。")
	expect(t, []string{"event: x\ndata: a\n\n", "data: b\n\n"}, []Event{{"", "x", "a"}, {"", "message", "b"}}, "The name, unlike the id, does not stay.", "名字和编号不同，不会保留。")
}
