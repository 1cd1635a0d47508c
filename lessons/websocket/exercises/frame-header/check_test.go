//go:build exercise

package frameheader_test

import (
	"bytes"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/websocket/exercises/frame-header"
)

func TestHello(t *testing.T) {
	check.Wire(t, check.Frames, Append(nil, true, 1, []byte("Hello")), []byte("\x81\x05Hello"),
		"One text message in one frame: the RFC's own example.", "一帧就是一条文本消息：RFC 自己的例子。")
}

func TestFragment(t *testing.T) {
	check.Wire(t, check.Frames, Append(nil, false, 1, []byte("Hel")), []byte("\x01\x03Hel"),
		"The first fragment of a message does not have FIN: more is to come.", "消息的第一个分片没有 FIN：后面还有。")
	check.Wire(t, check.Frames, Append(nil, true, 0, []byte("lo")), []byte("\x80\x02lo"),
		"The last fragment is a continuation, opcode 0, with FIN.", "最后一个分片是延续帧，操作码 0，带 FIN。")
}

func TestBorders(t *testing.T) {
	for _, c := range []struct {
		n      int
		header string
		en, zh string
	}{
		{0, "\x82\x00", "An empty frame has a header and nothing else.", "空帧只有帧头。"},
		{125, "\x82\x7d", "125 is the last length that fits into seven bits.", "125 是七位装得下的最后一个长度。"},
		{126, "\x82\x7e\x00\x7e", "126 in the seven bits announces two more bytes, so the length 126 itself needs them.", "七位里的 126 表示后面还有两个字节，所以长度 126 本身就要用它们。"},
		{300, "\x82\x7e\x01\x2c", "300 is 0x012c, the high byte first: big-endian.", "300 是 0x012c，高位字节在前：大端。"},
		{65535, "\x82\x7e\xff\xff", "65535 is the last length that fits into two bytes: the shortest form must be used.", "65535 是两个字节装得下的最后一个长度：必须用最短的写法。"},
		{65536, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", "65536 needs the eight bytes.", "65536 要用八个字节。"},
	} {
		payload := bytes.Repeat([]byte{'x'}, c.n)
		check.Wire(t, check.Frames, Append(nil, true, 2, payload), append([]byte(c.header), payload...), c.en, c.zh)
	}
}

func TestAppends(t *testing.T) {
	check.Wire(t, check.Frames, Append([]byte("\x89\x00"), true, 1, nil), []byte("\x89\x00\x81\x00"),
		"Append adds to what is there.", "Append 要追加在已有内容之后。")
}
