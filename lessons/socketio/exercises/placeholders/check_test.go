//go:build exercise

package placeholders_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/socketio/exercises/placeholders"
)

// text is a value as JSON, which has its keys in order.
func text(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		return []byte(err.Error())
	}
	return data
}

func checkExtract(t *testing.T, value any, want string, count int, en, zh string) [][]byte {
	t.Helper()
	got, attachments := Extract(value)
	check.Wire(t, check.Chars, text(got), []byte(want), en, zh)
	check.Value(t, "attachments", len(attachments), count, en, zh)
	return attachments
}

func TestOne(t *testing.T) {
	attachments := checkExtract(t, []any{"photo", []byte{1, 2}},
		`["photo",{"_placeholder":true,"num":0}]`, 1,
		"The bytes are taken out, and a placeholder stays.", "字节被取出，留下一个占位符。")
	if !bytes.Equal(attachments[0], []byte{1, 2}) {
		check.Fail(t, "The bytes 01 02 became the attachment %x.", "字节 01 02 变成了附件 %x。",
			attachments[0])
	}
	placeholder, _ := Extract([]byte{1})
	if object, ok := placeholder.(map[string]any); ok {
		if _, ok := object["num"].(float64); !ok {
			check.Fail(t,
				"The num of the placeholder is a %T here: in values of encoding/json a number is "+
					"a float64, and Restore looks for one.",
				"占位符的 num 在这里是 %T：encoding/json 的值里，数字都是 "+
					"float64，Restore 找的也是它。", object["num"])
		}
	}
	checkExtract(t, []any{"text", 1.0, nil, true}, `["text",1,null,true]`, 0,
		"Without bytes nothing changes.", "没有字节就什么都不变。")
}

func TestDeep(t *testing.T) {
	checkExtract(t, []any{"x", map[string]any{"a": []any{map[string]any{"b": []byte{1}}}}},
		`["x",{"a":[{"b":{"_placeholder":true,"num":0}}]}]`, 1,
		"Bytes may be deep inside: in an object, in a list, in an object.",
		"字节可能藏得很深：对象里的列表里的对象里。")
}

func TestNumbers(t *testing.T) {
	attachments := checkExtract(t, []any{[]byte("a"), []any{[]byte("b")}, []byte("c")},
		`[{"_placeholder":true,"num":0},[{"_placeholder":true,"num":1}],{"_placeholder":true,"num":2}]`, 3,
		"Each of the three has a number of its own, counted through the whole value.",
		"三个各有自己的编号，在整个值里统一计数。")
	if got := string(bytes.Join(attachments, nil)); got != "abc" {
		check.Fail(t,
			"The attachments are %q, but number 0 is a, 1 is b, 2 is c: they are "+
				"sent in the order of their numbers.",
			"附件是 %q，可 0 号是 a，1 号是 b，2 号是 c：它们按编号顺序发送。", got)
	}
}

func TestTheCallersValueStays(t *testing.T) {
	value := map[string]any{"data": []byte{1}, "list": []any{[]byte{2}}}
	Extract(value)
	_, data := value["data"].([]byte)
	_, inList := value["list"].([]any)[0].([]byte)
	if !data || !inList {
		check.Fail(t,
			"Extract has changed the caller's value to %s: sent a second time, its bytes are gone.",
			"Extract 把调用者的值改成了 %s：再发一次，字节就没了。", text(value))
	}
}

func TestEmptyBytes(t *testing.T) {
	checkExtract(t, []any{"x", []byte{}}, `["x",{"_placeholder":true,"num":0}]`, 1,
		"Empty bytes are bytes, too: they are an attachment of length 0.",
		"空的字节也是字节：它是长度为 0 的附件。")
}

func TestTheReceivedValueStays(t *testing.T) {
	received := []any{"x", map[string]any{"_placeholder": true, "num": 0.0},
		[]any{map[string]any{"_placeholder": true, "num": 0.0}}}
	before := string(text(received))
	if _, err := Restore(received, [][]byte{{1}}); err != nil {
		check.Fail(t, "%s was refused: %v.", "%s 被拒绝了：%v。", before, err)
	}
	if after := string(text(received)); after != before {
		check.Fail(t,
			"Restore has changed the value that was given to it, from %s to %s: return a copy.",
			"Restore 把交给它的值从 %s 改成了 %s：要返回拷贝。", before, after)
	}
}

func TestThereAndBack(t *testing.T) {
	for _, value := range []any{
		[]any{"photo", []byte("cat")},
		[]any{"x", map[string]any{"a": []byte("1"), "b": []any{[]byte("2"), "s", 1.5, nil}}},
		[]any{"none", map[string]any{}},
	} {
		taken, attachments := Extract(value)
		back, err := Restore(taken, attachments)
		if err != nil || !reflect.DeepEqual(back, value) {
			check.Fail(t, "%s went out and came back as %s (error: %v).",
				"%s 发出去，回来变成了 %s（错误：%v）。", text(value), text(back), err)
		}
	}
}

func TestLies(t *testing.T) {
	for _, lie := range []struct{ packet, en, zh string }{
		{`["x",{"_placeholder":true,"num":1}]`, "There is one attachment, number 0; 1 is beyond.",
			"只有一个附件，编号 0；1 越界了。"},
		{`["x",{"_placeholder":true,"num":-1}]`, "The number is negative.", "编号是负数。"},
		{`["x",{"_placeholder":true,"num":0.5}]`, "The number is not whole.", "编号不是整数。"},
		{`["x",{"_placeholder":true,"num":"0"}]`, "The number is a text.", "编号是文本。"},
		{`["x",{"_placeholder":true}]`, "The number is missing.", "没有编号。"},
		{`["x",{"_placeholder":true,"num":1e300}]`, "The number is larger than any list.",
			"编号比任何列表都大。"},
	} {
		var value any
		if err := json.Unmarshal([]byte(lie.packet), &value); err != nil {
			t.Fatal(err)
		}
		if got, err := restore(t, lie.packet, value); !errors.Is(err, ErrPlaceholder) {
			check.Fail(t, "%s was restored to %s (error: %v). "+lie.en,
				"%s 被还原成了 %s（错误：%v）。"+lie.zh, lie.packet, text(got), err)
		}
	}
	var deep any
	_ = json.Unmarshal([]byte(`["x",{"a":[{"_placeholder":true,"num":5}]}]`), &deep)
	if got, err := restore(t, "a deep lie", deep); !errors.Is(err, ErrPlaceholder) {
		check.Fail(t,
			"A placeholder deep inside names attachment 5, and there is one; "+
				"it was restored to %s (error: %v).",
			"藏在深处的占位符要的是 5 号附件，而附件只有一个；它被还原成了 %s（错误：%v）。",
			text(got), err)
	}
	var value any
	_ = json.Unmarshal([]byte(`["x",{"_placeholder":false,"num":7}]`), &value)
	if got, err := Restore(value, nil); err != nil || !reflect.DeepEqual(got, value) {
		check.Fail(t,
			"An object of the user's that only looks like a placeholder came back as %s "+
				"(error: %v): it is one only with \"_placeholder\": true.",
			"用户自己的、只是看着像占位符的对象，回来变成了 %s（错误：%v）：只有 "+
				"\"_placeholder\": true 才是占位符。", text(got), err)
	}
}

// restore makes a panic a lesson.
func restore(t *testing.T, packet string, value any) (got any, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			check.Panicked(t, problem,
				"%s comes from the network, and the server is gone: Restore panicked with %v.",
				"%s 从网络上来，服务器就没了：Restore panic 了，%v。", packet, problem)
		}
	}()
	return Restore(value, [][]byte{{1}})
}
