package xray

import (
	"encoding/binary"
	"fmt"

	"realtimelab/internal/tap"
	"realtimelab/lessons/websocket/frame"
)

const frameSpec = "RFC 6455 §5.2"

var (
	unmasked     = say("payload, unmasked", "去掉掩码后的载荷")
	framePayload = say("what the frame carries", "帧携带的内容")
)

// dressFrame completes the row of a frame, or of its first piece.
func dressFrame(r *Row, h frame.Header, payload []byte, w *websocket) {
	if h.Masked && len(payload) > 0 {
		r.Views = []View{{unmasked, payload}}
	}
	r.fields = func(r *Row) []Field { return frameFields(r.Data, h, payload) }
	switch {
	case h.Masked && r.Dir == tap.Out:
		r.explain(say("a server must not mask", "服务器不可以使用掩码"))
	case !h.Masked && r.Dir == tap.In:
		r.explain(say("a client must mask", "客户端必须使用掩码"))
	}
	r.Summary = frameSummary(h, payload, w)
	switch h.Opcode {
	case frame.Ping, frame.Pong:
		r.Kind = Heartbeat
	case frame.Close:
		r.Kind = Close
	}
}

func frameSummary(h frame.Header, payload []byte, w *websocket) Text {
	name, end, zhEnd := h.Opcode.String(), "", ""
	if h.Opcode == frame.Close {
		code, reason, err := frame.ParseClose(payload)
		if err != nil {
			return say("close, malformed: %v", "关闭帧，格式错误：%v", err)
		}
		return say("close: %s %s", "关闭：%s %s", code, printable(reason, shown))
	}
	if !h.Fin {
		end, zhEnd = ", more follow", "，后面还有"
	}
	compressed := w.message.compressed && !h.Opcode.Control()
	if compressed {
		return Text{
			EN: fmt.Sprintf("%s frame, %s compressed%s", name, inBytes(h.Length), end),
			ZH: fmt.Sprintf("%s 帧，%d 字节，已压缩%s", name, h.Length, zhEnd),
		}
	}
	return Text{
		EN: fmt.Sprintf("%s frame, %s%s · %s", name, inBytes(h.Length), end, preview(payload)),
		ZH: fmt.Sprintf("%s 帧，%d 字节%s · %s", name, h.Length, zhEnd, preview(payload)),
	}
}

// frameFields splits a frame into fields. data may end before the payload does.
func frameFields(data []byte, h frame.Header, payload []byte) []Field {
	var l fieldList
	firstByte(&l, data[0], h)
	lengthFields(&l, data, h)
	if h.Masked {
		l.add(4, "masking key", fmt.Sprintf("% x", h.Mask),
			say("the payload is XORed with these four bytes, again and again; they are random, "+
				"so that a page cannot choose what goes over the wire",
				"载荷与这四个字节循环异或；它们是随机的，这样页面就无法控制线路上出现的字节"),
			"RFC 6455 §5.3")
	}
	n := len(data) - l.at
	if h.Opcode == frame.Close && n >= 2 {
		code := frame.CloseCode(binary.BigEndian.Uint16(payload))
		l.add(2, "close code", code.String(), say("why the connection ends", "关闭连接的原因代码"),
			"RFC 6455 §7.4")
		l.add(n-2, "close reason", printable(payload[2:], shown),
			say("the reason as text", "文字说明"), "RFC 6455 §5.5.1")
		return l.all
	}
	meaning := framePayload
	if h.Masked {
		meaning = say("what the frame carries, masked; the value shows it unmasked",
			"帧携带的内容，带掩码；右边的值已去掉掩码")
	}
	l.add(n, "payload", printable(preview(payload), 4*shown), meaning, frameSpec)
	return l.all
}

func firstByte(l *fieldList, b byte, h frame.Header) {
	f := l.add(1, "FIN, RSV, opcode", fmt.Sprintf("%08b", b),
		say("what kind of frame this is", "这是哪一种帧"), frameSpec)
	fin := say("the last frame of its message", "消息的最后一帧")
	if !h.Fin {
		fin = say("more frames of this message follow", "这条消息后面还有帧")
	}
	rsv := say("reserved for extensions; this frame uses none", "留给扩展；这一帧没有用到扩展")
	if h.RSV&frame.RSV1 != 0 {
		rsv = say("RSV1: the message is compressed with permessage-deflate",
			"RSV1：消息用 permessage-deflate 压缩过")
	}
	f.Parts = []Field{
		{Name: "FIN", Start: f.Start, End: f.End, Value: fmt.Sprintf("%d... ....", b>>7),
			Meaning: fin, Spec: frameSpec},
		{Name: "RSV1-3", Start: f.Start, End: f.End, Value: fmt.Sprintf(".%03b ....", b>>4&7),
			Meaning: rsv, Spec: "RFC 7692 §6"},
		{Name: "opcode", Start: f.Start, End: f.End, Value: fmt.Sprintf(".... %04b = %s", b&15,
			h.Opcode), Meaning: opcodeMeanings[h.Opcode], Spec: "RFC 6455 §11.8"},
	}
}

var opcodeMeanings = map[frame.Opcode]Text{
	frame.Continuation: say("goes on with the message that an earlier frame began",
		"接着前面的帧继续同一条消息"),
	frame.Text:   say("text in UTF-8", "UTF-8 文本"),
	frame.Binary: say("bytes", "二进制数据"),
	frame.Close: say("the end: the other side answers with a close frame too",
		"结束：对方也会回一个关闭帧"),
	frame.Ping: say("are you there? The other side answers with a pong",
		"你还在吗？对方要回一个 pong"),
	frame.Pong: say("the answer to a ping", "对 ping 的回答"),
}

func lengthFields(l *fieldList, data []byte, h frame.Header) {
	short := data[1] & 0x7f
	f := l.add(1, "MASK, length", fmt.Sprintf("%08b", data[1]),
		say("whether the payload is masked, and how long it is", "载荷是否有掩码，以及有多长"),
		frameSpec)
	mask := say("not masked: a server sends so", "没有掩码：服务器这样发送")
	if h.Masked {
		mask = say("masked: a client must", "有掩码：客户端必须如此")
	}
	length := say("the length itself, up to 125", "长度本身，最大 125")
	switch short {
	case 126:
		length = say("126: the length follows in 2 bytes", "126：长度在后面 2 个字节里")
	case 127:
		length = say("127: the length follows in 8 bytes", "127：长度在后面 8 个字节里")
	}
	f.Parts = []Field{
		{Name: "MASK", Start: f.Start, End: f.End, Value: fmt.Sprintf("%d... ....", data[1]>>7),
			Meaning: mask, Spec: "RFC 6455 §5.1"},
		{Name: "length", Start: f.Start, End: f.End, Value: fmt.Sprintf(".%03b %04b = %d", short>>4,
			short&15, short), Meaning: length, Spec: frameSpec},
	}
	if short >= 126 {
		n := map[byte]int{126: 2, 127: 8}[short]
		l.add(n, "extended length", fmt.Sprint(h.Length),
			say("the length of the payload, highest byte first", "载荷的长度，高位在前"), frameSpec)
	}
}
