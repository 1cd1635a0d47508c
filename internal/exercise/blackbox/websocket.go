package blackbox

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"realtimelab/internal/exercise/check"
	"realtimelab/lessons/websocket/frame"
)

func shakesHands(a *attack) {
	for _, key := range []string{sampleKey, otherKey} {
		_, res := a.knock("/ws", key, "http://"+a.host)
		a.switched(res, key)
	}
	if _, res := a.knock("/ws", sampleKey, ""); res.StatusCode != 101 {
		check.Fail(a, "A program other than a browser sends no Origin, but was refused with %d.",
			"不是浏览器的程序不发 Origin，却被 %d 拒绝了。", res.StatusCode)
	}
}

func refusesPlainHTTP(a *attack) {
	got := a.ask("GET", "/ws", "")
	if got.status < 400 || got.status > 499 {
		check.Fail(a,
			"GET /ws without an upgrade got %d: it is the "+
				"client's mistake, 4xx (426 fits best).",
			"不带升级的 GET /ws 得到 %d：这是客户端的错，应该是 4xx（426 最合适）。", got.status)
	}
}

func refusesOtherOrigins(a *attack) {
	for _, origin := range []string{"http://evil.example", "http://" + a.host + ".evil.example",
		"null"} {
		_, res := a.knock("/ws", sampleKey, origin)
		if res.StatusCode == 101 {
			check.Fail(a,
				"A page of %s opened a WebSocket to this server, with the user's cookies: "+
					"compare Origin with Host, and answer 403.",
				"%s 的页面带着用户的 cookie 打开了到这台服务器的 WebSocket："+
					"比较 Origin 和 Host，用 403 应答。", origin)
		}
	}
}

func echoes(a *attack) {
	s := a.dial("/ws")
	s.write(masked(true, frame.Text, []byte("Hello")))
	s.wants([]byte("\x81\x05Hello"),
		"A text message must come back unchanged: one frame, FIN, text, not masked.",
		"文本消息原样返回：一帧，FIN，文本，不加掩码。")
	s.write(masked(true, frame.Binary, []byte{0, 1, 255}))
	s.wants([]byte("\x82\x03\x00\x01\xff"), "A binary message must come back as binary.",
		"二进制消息以二进制返回。")
	s.write(masked(true, frame.Text, []byte("你好")))
	s.wants([]byte("\x81\x06你好"), "The length counts bytes, not characters.",
		"长度数的是字节，不是字符。")
}

func echoesAllLengths(a *attack) {
	s := a.dial("/ws")
	for _, n := range []int{0, 125, 126, 1000} {
		payload := bytes.Repeat([]byte{'x'}, n)
		s.write(masked(true, frame.Text, payload))
		header := []byte{0x81, byte(n)}
		if n > 125 {
			header = binary.BigEndian.AppendUint16([]byte{0x81, 126}, uint16(n))
		}
		s.wants(append(header, payload...),
			fmt.Sprintf("A text of length %d must come back, with its length in the "+
				"shortest form.", n),
			fmt.Sprintf("%d 字节的文本原样返回，长度用最短的写法。", n))
	}
}

// readsAnyPieces sends frames as a network may deliver them: two at once, and one byte by byte.
func readsAnyPieces(a *attack) {
	s := a.dial("/ws")
	s.write(append(masked(true, frame.Text, []byte("one")),
		masked(true, frame.Text, []byte("two"))...))
	en, zh := "Two frames came in one piece of the stream: both are messages. A read may end "+
		"anywhere, not at the end of a frame.",
		"两帧在字节流里一起到来：两条都是消息。一次读取会停在任何地方，不会正好停在帧的末尾。"
	s.wants([]byte("\x81\x03one"), en, zh)
	s.wants([]byte("\x81\x03two"), en, zh)
	for _, b := range masked(true, frame.Text, []byte("slow")) {
		s.write([]byte{b})
		// so that it is sent alone; together with the next one it is legal, too
		time.Sleep(time.Millisecond)
	}
	s.wants([]byte("\x81\x04slow"), "A frame came byte by byte: read on until it is complete.",
		"一帧一个字节一个字节地到来：要一直读到它完整为止。")
}

func servesTwoClients(a *attack) {
	idle, busy := a.dial("/ws"), a.dial("/ws")
	for _, s := range []*socket{busy, idle} {
		s.write(masked(true, frame.Text, []byte("Hello")))
		s.wants([]byte("\x81\x05Hello"),
			"Two clients are connected, and one of them sends nothing: the other "+
				"must still get its message back.",
			"连着两个客户端，其中一个什么都不说：另一个照样要收回自己的消息。")
	}
}

func putsFragmentsTogether(a *attack) {
	s := a.dial("/ws")
	s.write(masked(false, frame.Text, []byte("Hel")))
	s.write(masked(true, frame.Ping, []byte("you there?")))
	s.wants([]byte("\x8a\x0ayou there?"),
		"A ping came between two fragments. Answer it at once with a pong that has the same bytes.",
		"两个分片之间来了一个 ping。要立刻用带同样字节的 pong 应答。")
	s.write(masked(true, frame.Continuation, []byte("lo")))
	s.wants([]byte("\x81\x05Hello"), "Two fragments are one message, and must come back as one.",
		"两个分片是一条消息，作为一条返回。")
	for _, f := range [][]byte{masked(false, frame.Binary, []byte{1}),
		masked(false, frame.Continuation, []byte{2}), masked(true, frame.Continuation, []byte{3})} {
		s.write(f)
	}
	s.wants([]byte("\x82\x03\x01\x02\x03"),
		"Three fragments are one message, of the kind that the first one "+
			"names; the earlier message has ended.",
		"三个分片是一条消息，类型由第一个分片决定；前一条消息已经结束。")
}

// ended fails unless the server closes, with that code or without a close frame.
func (s *socket) ended(code uint16, en, zh string) {
	_ = s.conn.SetReadDeadline(time.Now().Add(quick)) // as in knock
	got, err := s.read()
	if err != nil && len(got) == 0 && s.ctx.Err() == nil && !isTimeout(err) {
		return
	}
	if len(got) >= 4 && got[0] == 0x88 && binary.BigEndian.Uint16(got[2:]) == code {
		return
	}
	check.Wire(s, check.Frames, got, binary.BigEndian.AppendUint16([]byte{0x88, 2}, code), en, zh)
}

func isTimeout(err error) bool {
	t, ok := err.(interface{ Timeout() bool })
	return ok && t.Timeout()
}

func refusesUnmasked(a *attack) {
	s := a.dial("/ws")
	s.write([]byte("\x81\x05Hello"))
	s.ended(1002,
		"A client's frame without a mask must end the connection, with 1002 (RFC 6455, 5.1).",
		"客户端的帧没有掩码，必须用 1002 结束连接（RFC 6455，5.1）。")
}

func saysGoodbye(a *attack) {
	s := a.dial("/ws")
	s.write(masked(true, frame.Close, []byte{0x03, 0xe8}))
	s.wants([]byte{0x88, 2, 0x03, 0xe8},
		"The client closed with 1000. The server must answer with a close frame of the same code.",
		"客户端用 1000 关闭。服务器用重复该关闭码的关闭帧应答。")
	_ = s.conn.SetReadDeadline(time.Now().Add(quick)) // as in knock
	if got, err := s.read(); err == nil || isTimeout(err) {
		check.Fail(a,
			"After both close frames the server must close the TCP connection; it is open (%s).",
			"双方的关闭帧之后，服务器要结束 TCP 连接；它还开着（%s）。", check.Hex(got))
	}
}
