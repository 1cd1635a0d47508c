//go:build exercise

package eiopayload_test

import (
	"slices"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/socketio/exercises/eio-payload"
)

var payloads = []struct {
	body    string
	packets []Packet
	en, zh  string
}{
	{"4hello", []Packet{{4, false, "hello"}}, "One message: its type is a digit of text.", "一条消息：类型是一个数字字符。"},
	{"4hello\x1e2\x1e4world", []Packet{{4, false, "hello"}, {2, false, ""}, {4, false, "world"}}, `Between two packets stands \x1e, and nowhere else.`, `两个包之间是 \x1e，别处没有。`},
	{"bAQIDBA==", []Packet{{4, true, "\x01\x02\x03\x04"}}, "A binary message: b and base64, no 4.", "二进制消息：b 加 base64，没有 4。"},
	{"4a\x1eb\x1eb+/8=", []Packet{{4, false, "a"}, {4, true, ""}, {4, true, "\xfb\xff"}}, "Text and binary mix, and bytes may be none. The base64 is the standard one, with + and / and padding.", "文本和二进制可以混在一起，字节也可以为空。base64 是标准的，用 + 和 /，带填充。"},
	{"4你好", []Packet{{4, false, "你好"}}, "Text is text, and needs no base64.", "文本就是文本，不需要 base64。"},
}

func TestEncode(t *testing.T) {
	for _, c := range payloads {
		check.Wire(t, check.Payload, []byte(Encode(c.packets)), []byte(c.body), c.en, c.zh)
	}
}

func TestDecode(t *testing.T) {
	for _, c := range payloads {
		got, err := Decode(c.body)
		if err != nil {
			check.Fail(t, "Reading %q: %v. "+c.en, "读取 %q：%v。"+c.zh, c.body, err)
		}
		if !slices.Equal(got, c.packets) {
			check.Fail(t, "%q was read as %+v, and is %+v. "+c.en, "%q 读成了 %+v，其实是 %+v。"+c.zh, c.body, got, c.packets)
		}
	}
}

func TestNonsense(t *testing.T) {
	for body, why := range map[string][2]string{
		"":            {"a packet has at least its type", "一个包至少要有类型"},
		"4a\x1e":      {"after the separator comes a packet, and there is none", "分隔符后面要有一个包，这里没有"},
		"7":           {"7 is no type", "7 不是类型"},
		"hello":       {"h is no type", "h 不是类型"},
		"bnot base64": {"this is no base64", "这不是 base64"},
	} {
		if p, err := read(t, body); err == nil {
			check.Fail(t, "%q was taken for a payload (%+v), but "+why[0]+".", "%q 被当成了载荷（%+v），可是"+why[1]+"。", body, p)
		}
	}
}

// read decodes, and makes a panic a lesson.
func read(t *testing.T, body string) (p []Packet, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			check.Fail(t, "%q comes from the network, and the server is gone: %v.", "%q 从网络上来，服务器就没了：%v。", body, problem)
		}
	}()
	return Decode(body)
}
