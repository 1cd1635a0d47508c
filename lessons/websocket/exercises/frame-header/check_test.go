//go:build exercise

package frameheader_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/websocket/exercises/frame-header"
)

// expect fails unless Append makes that header. A known mistake has its own sentence; en and zh say
// what the case is about.
func expect(t *testing.T, fin bool, opcode byte, payload, header, en, zh string) {
	t.Helper()
	got, want := Append(nil, fin, opcode, []byte(payload)), []byte(header+payload)
	if known := mistake(got, fin, opcode, payload); known != nil && !bytes.Equal(got, want) {
		en, zh = known[0], known[1]
	}
	check.Wire(t, check.Frames, got, want, en, zh)
}

// fins says what is wrong with the other FIN than the one that was asked for.
var fins = map[bool][2]string{
	true: {"FIN is missing, the highest bit of byte 0: the browser " +
		"waits for the rest of the message.",
		"少了 FIN，也就是字节 0 的最高位：浏览器会一直等消息的其余部分。"},
	false: {"FIN is set on a fragment that is not the last: the browser " +
		"takes half a message for a whole one.",
		"不是最后一个分片却带了 FIN：浏览器会把半条消息当成整条。"},
}

// mistake recognizes what comes out when one step is done differently.
func mistake(got []byte, fin bool, opcode byte, payload string) []string {
	n := len(payload)
	first := opcode
	if fin {
		first |= 0x80
	}
	two, eight := binary.BigEndian.AppendUint16([]byte{first, 126}, uint16(n)),
		binary.BigEndian.AppendUint64([]byte{first, 127}, uint64(n))
	for _, m := range []struct {
		header []byte
		en, zh string
	}{
		{[]byte{first}, "The frame has no length at all.", "这一帧根本没有长度。"},
		{[]byte{first ^ 0x80, byte(n)}, fins[fin][0], fins[fin][1]},
		{[]byte{first, 0x80 | byte(n)},
			"The MASK bit is set: only a client's frames are masked, and " +
				"the browser closes the connection.",
			"MASK 位被置上了：只有客户端的帧才加掩码，浏览器会关闭连接。"},
		{[]byte{first, byte(n)},
			fmt.Sprintf(
				"The length %d does not fit into seven bits: the byte says %d, and its values "+
					"from 126 up mean something else.", n, byte(n)),
			fmt.Sprintf("长度 %d 装不进七位：这个字节写的是 %d，而 126 以上的值另有含义。", n,
				byte(n))},
		{binary.LittleEndian.AppendUint16([]byte{first, 126}, uint16(n)),
			"The two bytes of the length are the wrong way round: the " +
				"high byte comes first (big-endian).",
			"长度的两个字节写反了：高位字节在前（大端）。"},
		{binary.LittleEndian.AppendUint64([]byte{first, 127}, uint64(n)),
			"The eight bytes of the length are the wrong way round: the " +
				"high byte comes first (big-endian).",
			"长度的八个字节写反了：高位字节在前（大端）。"},
		{binary.BigEndian.AppendUint16([]byte{first}, uint16(n)),
			"The two bytes of the length are not announced: byte 1 has to say 126 first.",
			"那两个字节的长度没有预告：字节 1 要先写 126。"},
		{binary.BigEndian.AppendUint32([]byte{first, 127}, uint32(n)),
			"127 announces eight bytes of length, and only four came.",
			"127 预告的是八个字节的长度，来的只有四个。"},
		{binary.BigEndian.AppendUint16([]byte{first, 127}, uint16(n)),
			"127 announces eight bytes of length, and only two came: two are announced by 126.",
			"127 预告的是八个字节的长度，来的只有两个：两个字节要用 126 预告。"},
		{two, fmt.Sprintf(
			"%d is written in two bytes, and that is not the right form "+
				"for it: they hold 126 to 65535.", n),
			fmt.Sprintf("%d 写成了两个字节，可这个写法不对：两个字节写的是 126 到 65535。", n)},
		{eight, fmt.Sprintf(
			"%d is written in eight bytes: the shortest form that fits must be used.", n),
			fmt.Sprintf("%d 写成了八个字节：必须用装得下的最短写法。", n)},
		{binary.BigEndian.AppendUint16([]byte{first, 126}, uint16(n+4)),
			"The length counts the header, too: it is that of the payload alone.",
			"长度把帧头也算进去了：它只是载荷的长度。"},
	} {
		if bytes.Equal(got, append(m.header, payload...)) {
			return []string{m.en, m.zh}
		}
	}
	return nil
}

func TestHello(t *testing.T) {
	expect(t, true, 1, "Hello", "\x81\x05", "One text message in one frame: the RFC's own example.",
		"一帧就是一条文本消息：RFC 自己的例子。")
}

func TestFragment(t *testing.T) {
	expect(t, false, 1, "Hel", "\x01\x03",
		"The first fragment of a message has its opcode and no FIN.",
		"消息的第一个分片有操作码，没有 FIN。")
	expect(t, true, 0, "lo", "\x80\x02", "The last fragment is a continuation, opcode 0, with FIN.",
		"最后一个分片是延续帧，操作码 0，带 FIN。")
}

func TestCharacters(t *testing.T) {
	expect(t, true, 1, "你好", "\x81\x06", "The length counts bytes: 你好 are six.",
		"长度数的是字节：“你好”是六个。")
}

func TestBorders(t *testing.T) {
	for _, c := range []struct {
		n      int
		header string
		en, zh string
	}{
		{0, "\x82\x00", "An empty frame has a header and nothing else.", "空帧只有帧头。"},
		{125, "\x82\x7d", "125 is the last length that fits into seven bits.",
			"125 是七位装得下的最后一个长度。"},
		{126, "\x82\x7e\x00\x7e",
			"126 needs two bytes of length: in the seven bits, 126 only announces them.",
			"126 要用两个字节写长度：七位里的 126 只是预告它们。"},
		{127, "\x82\x7e\x00\x7f",
			"127 needs two bytes of length: in the seven bits, 127 announces eight.",
			"127 要用两个字节写长度：七位里的 127 预告的是八个。"},
		{300, "\x82\x7e\x01\x2c", "300 is 0x012c, in two bytes.", "300 是 0x012c，写成两个字节。"},
		{65535, "\x82\x7e\xff\xff", "65535 is the last length that fits into two bytes.",
			"65535 是两个字节装得下的最后一个长度。"},
		{65536, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", "65536 needs the eight bytes.",
			"65536 要用八个字节。"},
	} {
		expect(t, true, 2, string(bytes.Repeat([]byte{'x'}, c.n)), c.header, c.en, c.zh)
	}
}

func TestAppends(t *testing.T) {
	check.Wire(t, check.Frames, Append([]byte("\x89\x00"), true, 1, nil),
		[]byte("\x89\x00\x81\x00"),
		"A ping stood in dst already: Append adds to it.",
		"dst 里已经有一个 ping：Append 要追加在它后面。")
	payload := []byte("Hello")
	Append(make([]byte, 0, 64), true, 1, payload)
	check.Wire(t, check.Chars, payload, []byte("Hello"),
		"The payload belongs to the caller, and Append has changed it.",
		"载荷是调用者的，Append 却改了它。")
}
