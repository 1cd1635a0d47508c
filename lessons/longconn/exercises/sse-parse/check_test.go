//go:build exercise

package sseparse_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/longconn/exercises/sse-parse"
)

// feed feeds the pieces to a new parser. If again is set they come in one buffer, as from a
// connection.
func feed(pieces []string, again bool) (got []Event) {
	var p Parser
	buffer := make([]byte, 256)
	for _, piece := range pieces {
		if !again {
			buffer = make([]byte, len(piece))
		}
		got = append(got, p.Feed(buffer[:copy(buffer, piece)])...)
		if again {
			copy(buffer, "the next piece overwrites this one")
		}
	}
	return got
}

func expect(t *testing.T, pieces []string, want []Event, en, zh string) {
	t.Helper()
	got := feed(pieces, false)
	if slices.Equal(got, want) {
		if got = feed(pieces, true); slices.Equal(got, want) {
			return
		}
		en = "Feed keeps a part of a piece, and the next piece has overwritten it: the caller " +
			"reads every piece into the same buffer. Copy the bytes that you keep."
		zh = "Feed 留着一段的一部分，它却被下一段覆盖了：" +
			"调用者把每一段都读进同一个缓冲区。要留下的字节必须复制。"
	}
	f := check.Finding{EN: en, ZH: zh,
		Fields: []check.Field{{Name: "pieces", Want: shown(pieces), OK: true}}}
	for i := range max(len(got), len(want)) {
		yours, wanted := "missing", "nothing"
		if i < len(got) {
			yours = show(got[i])
		}
		if i < len(want) {
			wanted = show(want[i])
		}
		f.Fields = append(f.Fields, check.Field{Name: fmt.Sprintf("event %d", i+1), Yours: yours,
			Want: wanted, OK: yours == wanted, Spec: "HTML, 9.2.6"})
	}
	check.Found(t, f)
}

func shown(pieces []string) string {
	if len(pieces) > 10 {
		return fmt.Sprintf("%q, byte by byte", strings.Join(pieces, ""))
	}
	var all []string
	for _, piece := range pieces {
		all = append(all, fmt.Sprintf("%q", piece))
	}
	return strings.Join(all, ", ")
}

func show(e Event) string { return fmt.Sprintf("id %q, name %q, data %q", e.ID, e.Name, e.Data) }

// Step: whole events / 完整的事件
func TestOneEvent(t *testing.T) {
	expect(t, []string{"data: hello\n\n"}, []Event{{"", "message", "hello"}},
		"One event in one piece. An event without a name is called message.",
		"一段里有一个事件。没有名字的事件叫 message。")
	expect(t, []string{"id: 7\nevent: chat\ndata: hello\n\n"}, []Event{{"7", "chat", "hello"}},
		"One event with an id and a name, in one piece.", "一段里有一个带编号和名字的事件。")
	expect(t, []string{"data: a\n\ndata: b\n\n"},
		[]Event{{"", "message", "a"}, {"", "message", "b"}}, "Two events came in one piece.",
		"一段里来了两个事件。")
}

// Step: pieces / 分段
func TestPieces(t *testing.T) {
	expect(t, []string{"data: hello\n", "\n"}, []Event{{"", "message", "hello"}},
		"The empty line came in the next piece: the event ends there, "+
			"not at the end of the first piece.",
		"空行在下一段里：事件到那里才结束，而不是在第一段的末尾。")
	expect(t, []string{"da", "ta: hel", "lo\n\n"}, []Event{{"", "message", "hello"}},
		"A line came in three pieces: it is a line when its end has come.",
		"一行分三段到来：换行到了才算一行。")
	expect(t, []string{"data: a\n\nda", "ta: b\n\n"},
		[]Event{{"", "message", "a"}, {"", "message", "b"}},
		"A piece held one event and the beginning of the next. That beginning "+
			"must survive until the next piece.",
		"一段里有一个事件和下一个事件的开头。这个开头要保留到下一段。")
	expect(t, []string{"data: \xe4\xbd", "\xa0\n\n"}, []Event{{"", "message", "你"}},
		"A piece ended within a character: put the bytes together before you read them as text.",
		"一段在字符中间结束：先把字节拼起来，再当作文本来读。")
}

// Step: line ends / 换行
func TestReturns(t *testing.T) {
	expect(t, []string{"data: a\r\n\r\n"}, []Event{{"", "message", "a"}},
		`The lines of this stream end with \r\n.`, `这个流的行以 \r\n 结束。`)
	expect(t, []string{"data: a\r", "\n\r\n"}, []Event{{"", "message", "a"}},
		`The cut was between \r and \n: together they are one line end.`,
		`切口正好在 \r 和 \n 之间：它们合起来是一个换行。`)
}

// Step: spaces / 空格
func TestOneSpace(t *testing.T) {
	expect(t, []string{"data:a\n\n"}, []Event{{"", "message", "a"}},
		"The space after the colon may be missing.", "冒号后的空格可以没有。")
	expect(t, []string{"data:  b \n\n"}, []Event{{"", "message", " b "}},
		"One space after the colon belongs to the format; any other belongs to the data.",
		"冒号后的一个空格属于格式，其他空格都属于数据。")
	expect(t, []string{"data: a: b\n\n"}, []Event{{"", "message", "a: b"}},
		"Only the first colon divides the line.", "只有第一个冒号起分隔作用。")
}

// Step: data / 数据
func TestDataLines(t *testing.T) {
	expect(t, []string{"data: one\ndata: two\n\n"}, []Event{{"", "message", "one\ntwo"}},
		`Several data fields are the lines of one data, joined by \n.`,
		`多个 data 字段是同一份数据的各行，用 \n 连接。`)
	expect(t, []string{"data\n\n"}, []Event{{"", "message", ""}},
		"A line without a colon is a field with an empty value, so "+
			"this event has data: empty data.",
		"没有冒号的行是值为空的字段，所以这个事件有数据：空的数据。")
	expect(t, []string{"data:\ndata:\n\n"}, []Event{{"", "message", "\n"}},
		`Two empty data fields are two empty lines, joined by \n.`,
		`两个空的 data 字段是两个空行，用 \n 连接。`)
	expect(t, []string{"data: one\ndata:\n\n"}, []Event{{"", "message", "one\n"}},
		`The last line of the data is empty, and it counts.`, `数据的最后一行是空的，它也算数。`)
	expect(t, []string{": heartbeat\n\n", "\n\n", "id: 7\n\n"}, nil,
		"Without a data field the empty line delivers nothing.",
		"没有 data 字段，空行就什么都不派发。")
}

// Step: comments and other fields / 注释和其他字段
func TestCommentsAndOthers(t *testing.T) {
	expect(t, []string{"data: a\n: heartbeat\n: data: b\n\n"}, []Event{{"", "message", "a"}},
		"A line that begins with a colon is a comment, and the event goes on.",
		"以冒号开头的行是注释，事件继续。")
	expect(t, []string{"data: a\nretry: 3\ncolour: red\ndatabase: b\n\n"},
		[]Event{{"", "message", "a"}},
		"Unknown fields are ignored, and the event goes on. A field is "+
			"data only if its whole name is data.",
		"不认识的字段直接忽略，事件继续。整个名字是 data 的字段才是数据。")
	expect(t, []string{"data: a\nData: b\n data: c\ndata : d\n\n"}, []Event{{"", "message", "a"}},
		"A field's name is compared exactly: Data, and data with a space "+
			"before or after it, are other fields.",
		"字段名要完全一致：Data，还有前面或后面带空格的 data，都是别的字段。")
}

// Step: the id / 编号
func TestTheIDStays(t *testing.T) {
	expect(t, []string{"id: 7\ndata: a\n\n", "data: b\n\n"},
		[]Event{{"7", "message", "a"}, {"7", "message", "b"}},
		"The second event has no id, and the stream still stands at 7: "+
			"the id stays until another comes.",
		"第二个事件没有编号，而流仍然停在 7：编号一直保留到下一个出现。")
	expect(t, []string{"id: 7\n\ndata: a\n\n"}, []Event{{"7", "message", "a"}},
		"An id counts even if its event had no data and was not delivered.",
		"即使那个事件没有数据、没有派发，它的编号也算数。")
	expect(t, []string{"id: 7\ndata: a\n\nid\ndata: b\n\n"},
		[]Event{{"7", "message", "a"}, {"", "message", "b"}},
		"The second event has an id field, an empty one: it sets the id to the empty string.",
		"第二个事件有 id 字段，值是空的：它把编号设成空串。")
}

// Step: the name / 名字
func TestTheNameGoes(t *testing.T) {
	expect(t, []string{"event: x\ndata: a\n\n", "data: b\n\n"},
		[]Event{{"", "x", "a"}, {"", "message", "b"}},
		"The second event has no name: the name of the first does not stay.",
		"第二个事件没有名字：第一个的名字不会保留。")
	expect(t, []string{"event: x\n\n", "data: b\n\n"}, []Event{{"", "message", "b"}},
		"The first event had a name but no data, and was not "+
			"delivered. Its name is gone all the same.",
		"第一个事件有名字，没有数据，没有派发。它的名字照样不保留。")
}

// Step: byte by byte / 逐字节
func TestByteByByte(t *testing.T) {
	expect(t, strings.Split("id: 7\nevent: chat\ndata: a\ndata: b\n\ndata: c\n\n", ""),
		[]Event{{"7", "chat", "a\nb"}, {"7", "message", "c"}},
		"The stream came byte by byte: the events are the same, however it is cut.",
		"流一个字节一个字节地到来：不管怎么切，事件都一样。")
}

// Step: two streams / 两个流
func TestParsersAreIndependent(t *testing.T) {
	var one, two Parser
	one.Feed([]byte("id: 7\ndata: on"))
	two.Feed([]byte("data: tw"))
	got := append(one.Feed([]byte("e\n\n")), two.Feed([]byte("o\n\n"))...)
	if want := []Event{{"7", "message", "one"}, {"", "message", "two"}}; !slices.Equal(got, want) {
		check.Fail(t,
			"Two parsers read two streams in turns, and their events "+
				"are %q: each must keep its own state.",
			"两个 Parser 交替读两个流，得到的事件是 %q：每个都要保存自己的状态。", got)
	}
}
