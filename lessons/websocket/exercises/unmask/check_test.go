//go:build exercise

package unmask_test

import (
	"fmt"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/websocket/exercises/unmask"
)

var key = [4]byte{0x37, 0xfa, 0x21, 0x3d}

func masked(key [4]byte, text string) []byte {
	data := []byte(text)
	for i := range data {
		data[i] ^= key[i%4]
	}
	return data
}

// receive unmasks a frame that arrives in pieces of these sizes. The last piece is the rest.
func receive(t *testing.T, u *Unmasker, key [4]byte, text string, sizes ...int) string {
	t.Helper()
	defer func() {
		if problem := recover(); problem != nil {
			check.Panicked(t, problem,
				"A frame of %d bytes in pieces of %v bytes makes the server panic: %v.",
				"%d 字节的帧，分成 %v 字节的几段，让服务器 panic 了：%v。", len(text), sizes,
				problem)
		}
	}()
	data := masked(key, text)
	u.Frame(key)
	rest := data
	for _, n := range sizes {
		u.Unmask(rest[:n])
		rest = rest[n:]
	}
	u.Unmask(rest)
	return string(data)
}

const text = "a long message in several"

func TestOnePiece(t *testing.T) {
	got := receive(t, new(Unmasker), key, text)
	unchanged := string(masked(key, text)) == got
	if unchanged {
		check.Fail(t,
			"The bytes are as they came: Unmask changes the bytes that it is given, in place.",
			"字节和来的时候一样：Unmask 要就地修改收到的字节。")
	}
	check.Value(t, "text", got, text, "Try 1, the whole payload in one piece, used to be right.",
		"第 1 次，整个载荷是一段，原来是对的。")
}

func TestTwoPieces(t *testing.T) {
	for first := range len(text) {
		got := receive(t, new(Unmasker), key, text, first)
		check.Value(t, "text", got, text, "The frame came in two pieces, of %d and %d bytes.",
			"这一帧分成两段到来，分别是 %d 和 %d 字节。", first, len(text)-first)
	}
}

func TestManyPieces(t *testing.T) {
	for _, sizes := range [][]int{{8, 5}, {1, 1, 1, 1, 1, 1}, {3, 3, 3, 3}, {5, 7, 2, 9},
		{2, 0, 0, 7}} {
		got := receive(t, new(Unmasker), key, text, sizes...)
		check.Value(t, "text", got, text,
			"Two pieces are right now, but this frame came in more: %v bytes, then the rest.",
			"分成两段是对了，可这一帧分了更多段：%v 字节，然后是剩下的。", fmt.Sprint(sizes))
	}
}

func TestNextFrame(t *testing.T) {
	u := new(Unmasker)
	for n, frame := range []struct {
		key  [4]byte
		text string
	}{{key, "Hello"}, {key, "one byte of the key is left over"},
		{[4]byte{1, 2, 3, 4}, "another key"}, {key, ""}, {key, "after an empty frame"}} {
		got := receive(t, u, frame.key, frame.text, min(len(frame.text), 3))
		check.Value(t, "text", got, frame.text,
			"Frame %d of one connection, after frames whose length is not a multiple of four.",
			"同一条连接上的第 %d 帧，前面各帧的长度不是四的倍数。", n+1)
	}
}

func TestTwoConnections(t *testing.T) {
	one, two := new(Unmasker), new(Unmasker)
	a, b := masked(key, "Hello"), masked([4]byte{9, 8, 7, 6}, "World")
	one.Frame(key)
	two.Frame([4]byte{9, 8, 7, 6})
	for i := range a {
		one.Unmask(a[i : i+1])
		two.Unmask(b[i : i+1])
	}
	check.Value(t, "both texts", string(a)+" "+string(b), "Hello World",
		"Two connections receive a frame at the same time, byte by "+
			"byte: they must not share state.",
		"两条连接同时各收一帧，一个字节一个字节地来：一条连接记住的东西和另一条无关。")
}

func TestLargeFrame(t *testing.T) {
	large := make([]byte, 70001)
	for i := range large {
		large[i] = byte(i / 7)
	}
	got := receive(t, new(Unmasker), key, string(large), 255, 3, 65536)
	if got != string(large) {
		check.Fail(t, "A frame of 70001 bytes is not as it was sent.",
			"70001 字节的帧和发出的不一样。")
	}
}
