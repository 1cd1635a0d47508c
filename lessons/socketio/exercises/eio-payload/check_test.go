//go:build exercise

package eiopayload_test

import (
	"slices"
	"strings"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/socketio/exercises/eio-payload"
)

var payloads = []struct {
	body    string
	packets []Packet
	en, zh  string
}{
	{"4hello", []Packet{{4, false, "hello"}}, "One message: its type is a digit of text.",
		"一条消息：类型是一个数字字符。"},
	{"4hello\x1e2\x1e4world", []Packet{{4, false, "hello"}, {2, false, ""}, {4, false, "world"}},
		`Between two packets stands \x1e, and nowhere else.`, `两个数据包之间是 \x1e，别处没有。`},
	{"bAQIDBA==", []Packet{{4, true, "\x01\x02\x03\x04"}}, "A binary message: b and base64, no 4.",
		"二进制消息：b 加 base64，没有 4。"},
	{"4a\x1eb\x1eb+/8=", []Packet{{4, false, "a"}, {4, true, ""}, {4, true, "\xfb\xff"}},
		"Text and binary mix, and bytes may be none. The base64 is the " +
			"standard one, with + and / and padding.",
		"文本和二进制可以混在一起，字节也可以为空。base64 是标准的，用 + 和 /，带填充。"},
	{"0{}\x1e1\x1e3probe\x1e5\x1e6", []Packet{{0, false, "{}"}, {1, false, ""}, {3, false, "probe"},
		{5, false, ""}, {6, false, ""}},
		"The types 0 to 6 all have their digit, and may have no data.",
		"类型 0 到 6 各有自己的数字，可以没有数据。"},
	{"4你好", []Packet{{4, false, "你好"}}, "Text is text, and needs no base64.",
		"文本就是文本，不需要 base64。"},
}

func TestEncode(t *testing.T) {
	for _, c := range payloads {
		got, en, zh := Encode(c.packets), c.en, c.zh
		switch strings.ReplaceAll(c.body, "=", "") {
		case strings.ReplaceAll(got, "=", ""):
			en, zh = "The = at the end of the base64 are missing: it is written with padding.",
				"base64 结尾少了 =：它带填充。"
		case strings.NewReplacer("=", "", "-", "+", "_", "/").Replace(got):
			en, zh = "This is the base64 for URLs, with - and _: here it is "+
				"the standard one, with + and /.",
				"这是 URL 用的 base64，里面是 - 和 _：这里用标准的，里面是 + 和 /。"
		case strings.NewReplacer("=", "", "b4", "b").Replace(got):
			en, zh = "The b replaces the 4: a binary message does not have both.",
				"b 代替了 4：二进制消息不会两个都有。"
		}
		check.Wire(t, check.Payload, []byte(got), []byte(c.body), en, zh)
	}
}

func TestDecode(t *testing.T) {
	for _, c := range payloads {
		got, err := Decode(c.body)
		if err != nil {
			check.Fail(t, "Reading %q: %v. "+c.en, "读取 %q：%v。"+c.zh, c.body, err)
		}
		if !slices.Equal(got, c.packets) {
			check.Fail(t, "%q was read as %+v, and is %+v. "+c.en,
				"%q 读成了 %+v，其实是 %+v。"+c.zh, c.body, got, c.packets)
		}
	}
}

func TestNonsense(t *testing.T) {
	for _, c := range []struct{ body, en, zh string }{
		{"", "a packet has at least its type", "一个数据包至少要有类型"},
		{"4a\x1e", "the packet after the separator is missing",
			"分隔符后面要有一个数据包，这里没有"},
		{"7", "7 is not a type", "7 不是类型"},
		{"hello", "h is not a type", "h 不是类型"},
		{"bnot base64", "this is invalid base64", "这不是 base64"},
		{"4a\x1e\x1e4b", "the packet between two separators is missing",
			"两个分隔符之间要有一个数据包，这里没有"},
		{"\x1e4a", "the packet before the separator is missing",
			"分隔符前面要有一个数据包，这里没有"},
		{"4a\x1eb!!!!", "the second packet is not base64", "第二个数据包不是 base64"},
		{"b4AQID", "a binary packet has no 4, and with it this is no base64 of whole bytes",
			"二进制数据包没有 4，带上它就不是整字节的 base64"},
	} {
		if p, err := read(t, c.body); err == nil {
			check.Fail(t, "%q was taken for a payload (%+v), but "+c.en+".",
				"%q 被当成了载荷（%+v），可是"+c.zh+"。", c.body, p)
		}
	}
}

// read decodes, and makes a panic a lesson.
func read(t *testing.T, body string) (p []Packet, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			check.Panicked(t, problem,
				"%q comes from the network, and the server is gone: Decode panicked with %v.",
				"%q 从网络上来，服务器就没了：Decode panic 了，%v。", body, problem)
		}
	}()
	return Decode(body)
}
