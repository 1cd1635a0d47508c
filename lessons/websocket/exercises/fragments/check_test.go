//go:build exercise

package fragments_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/websocket/exercises/fragments"
)

func frame(fin bool, opcode byte, payload string) Frame {
	return Frame{fin, opcode, []byte(payload)}
}

// add adds the frames and returns the messages, with the first error.
func add(a *Assembler, frames ...Frame) (messages []*Message, err error) {
	for _, f := range frames {
		m, err := a.Add(f)
		if err != nil {
			return messages, err
		}
		if m != nil {
			messages = append(messages, m)
		}
	}
	return messages, nil
}

// expect fails unless the frames make one message.
func expect(t *testing.T, opcode byte, text string, frames []Frame, en, zh string) {
	t.Helper()
	messages, err := add(&Assembler{}, frames...)
	if err != nil {
		check.Fail(t, en+" But there was an error: %v.", zh+"可是出了错：%v。", err)
	}
	if len(messages) != 1 {
		check.Fail(t, en+" But there were %d messages.", zh+"可是得到了 %d 条消息。", len(messages))
	}
	check.Value(t, "data", string(messages[0].Data), text, en, zh)
	check.Value(t, "opcode", messages[0].Opcode, opcode,
		"The first frame says what the message is: a continuation has opcode 0 and says nothing.",
		"消息是什么，由第一帧说了算：延续帧的操作码是 0，什么也没说。")
}

func TestWhole(t *testing.T) {
	expect(t, Text, "hello", []Frame{frame(true, Text, "hello")},
		"One frame with FIN is a whole message.", "带 FIN 的一帧就是一条完整的消息。")
	expect(t, Binary, "", []Frame{frame(true, Binary, "")}, "A message may be empty.",
		"消息可以是空的。")
}

func TestFragments(t *testing.T) {
	expect(t, Binary, "hello", []Frame{frame(false, Binary, "he"), frame(false, Continuation, "ll"),
		frame(true, Continuation, "o")},
		"Three fragments are one message.", "三个分片是一条消息。")
}

func TestEmptyFragments(t *testing.T) {
	expect(t, Text, "hi", []Frame{frame(false, Text, ""), frame(false, Continuation, "hi"),
		frame(true, Continuation, "")},
		"An empty fragment is a fragment: it may come first, and it may carry the FIN.",
		"空的分片也是分片：它可以是第一个，也可以带着 FIN。")
}

// TestTheCallersBytes: the reader uses one buffer for all frames.
func TestTheCallersBytes(t *testing.T) {
	var a Assembler
	buffer := []byte("hel")
	_, _ = a.Add(Frame{false, Text, buffer})
	copy(buffer, "???")
	m, err := a.Add(Frame{true, Continuation, []byte("lo")})
	if err != nil || m == nil {
		check.Fail(t, "Two fragments made no message (error: %v).",
			"两个分片没有得到消息（错误：%v）。", err)
	}
	check.Value(t, "data", string(m.Data), "hello",
		"The reader has used its buffer for the next frame meanwhile: the "+
			"assembler must copy the bytes of the frame.",
		"读取方在这期间把缓冲区用在了下一帧上：要把这一帧的字节复制下来。")
}

func TestControlFramesBetween(t *testing.T) {
	expect(t, Text, "hello", []Frame{frame(false, Text, "hel"), frame(true, Ping, "are you there"),
		frame(true, Continuation, "lo")},
		"A ping stands between the fragments: it does not belong to "+
			"the message, and does not end it.",
		"分片之间夹着一个 ping：它不是消息的一部分，也不会结束消息。")
	for opcode, name := range map[byte]string{0x8: "close", Ping: "ping", 0xA: "pong"} {
		if messages, _ := add(&Assembler{}, frame(true, opcode, "x")); len(messages) != 0 {
			check.Fail(t, "A %s was taken for a message.", "%s 被当成了消息。", name)
		}
	}
}

func TestTwoMessages(t *testing.T) {
	messages, err := add(&Assembler{}, frame(false, Text, "a"), frame(true, Continuation, "b"),
		frame(true, Binary, "c"))
	if err != nil || len(messages) != 2 || string(messages[1].Data) != "c" {
		check.Fail(t,
			"After a message in two fragments came another one: the second must begin with "+
				"nothing left of the first (error: %v).",
			"两个分片的消息之后又来了一条：第二条开始时，前一条不能有剩余（错误：%v）。", err)
	}
	if string(messages[0].Data) != "ab" {
		check.Fail(t,
			"A message that was already returned has changed to %q when the next one came: give "+
				"each message bytes of its own.",
			"已经返回的消息在下一条到来时变成了 %q：每条消息要有自己的字节。", messages[0].Data)
	}
}

func TestOrder(t *testing.T) {
	wants(t, ErrNoMessage, "A continuation came without a message before it.",
		"来了延续帧，却没有可以延续的消息。", frame(true, Continuation, "x"))
	wants(t, ErrNoMessage, "The message was over with its FIN, and then came another continuation.",
		"消息已经随 FIN 结束，又来了一个延续帧。",
		frame(true, Text, "a"), frame(true, Continuation, "b"))
	wants(t, ErrNotOver,
		"A new message began in the middle of another: messages do "+
			"not interleave on one connection.",
		"一条消息还没完就开始了另一条：同一条连接上的消息不会交错。",
		frame(false, Text, "a"), frame(true, Text, "b"))
}

func TestControlFrames(t *testing.T) {
	wants(t, ErrControl, "A ping without FIN: control frames are never cut up.",
		"没有 FIN 的 ping：控制帧从不分片。", frame(false, Ping, "x"))
	wants(t, ErrControl, "A ping of 126 bytes: control frames have 125 at most.",
		"126 字节的 ping：控制帧最多 125 字节。", frame(true, Ping, strings.Repeat("x", 126)))
	if _, err := add(&Assembler{}, frame(true, Ping, strings.Repeat("x", 125))); err != nil {
		check.Fail(t, "A ping of 125 bytes is allowed, but: %v.",
			"125 字节的 ping 是允许的，却报错：%v。", err)
	}
}

func TestTooLarge(t *testing.T) {
	wants(t, ErrTooLarge, "One frame of Max+1 bytes.", "一帧就有 Max+1 字节。",
		Frame{true, Binary, bytes.Repeat([]byte{0}, Max+1)})
	if _, err := add(&Assembler{}, Frame{true, Binary, bytes.Repeat([]byte{0}, Max)}); err != nil {
		check.Fail(t, "Exactly Max bytes are allowed, but: %v.",
			"恰好 Max 字节是允许的，却报错：%v。", err)
	}
	endless := []Frame{frame(false, Binary, "")}
	for range Max {
		endless = append(endless, frame(false, Continuation, "xx"))
	}
	wants(t, ErrTooLarge,
		"Somebody sends one small continuation after the other and never FIN: all frames of the "+
			"message count together, or they fill the memory.",
		"有人一个接一个地发小小的延续帧，从不带 FIN：消息的所有帧要合起来算，否则内存会被塞满。",
		endless...)
}

func wants(t *testing.T, want error, en, zh string, frames ...Frame) {
	t.Helper()
	if _, err := add(&Assembler{}, frames...); !errors.Is(err, want) {
		check.Fail(t, en+" The error must be %q, but was: %v.", zh+"应该报 %q，得到的却是：%v。",
			want, err)
	}
}
