//go:build exercise

package unmask_test

import (
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/websocket/exercises/unmask"
)

var key = [4]byte{0x37, 0xfa, 0x21, 0x3d}

func TestTheExampleOfTheRFC(t *testing.T) {
	data := []byte{0x7f, 0x9f, 0x4d, 0x51, 0x58}
	Unmask(key, 0, data)
	check.Wire(t, check.Chars, data, []byte("Hello"), "7f 9f 4d 51 58 under the key 37 fa 21 3d is \"Hello\": the key begins anew after each four bytes, and the result replaces the bytes.",
		"7f 9f 4d 51 58 用 key 37 fa 21 3d 还原是 \"Hello\"：key 每四个字节重新开始，结果写回原来的字节。")
}

func masked(text string) []byte {
	data := []byte(text)
	for i := range data {
		data[i] ^= key[i%4]
	}
	return data
}

func TestPieces(t *testing.T) {
	const text = "a message that comes in several pieces, 你好"
	for _, size := range []int{1, 2, 3, 5, 7} {
		data := masked(text)
		pos := 0
		for start := 0; start < len(data); start += size {
			pos = Unmask(key, pos, data[start:min(start+size, len(data))])
			if pos < 0 || pos > 3 {
				check.Fail(t, "After %d bytes the position in the key is %d: the key has four bytes, 0 to 3.", "%d 个字节之后，key 里的位置是 %d：key 只有四个字节，0 到 3。", start+size, pos)
			}
		}
		check.Wire(t, check.Chars, data, []byte(text), "The payload came in pieces of %d bytes: each piece goes on in the key where the last one ended.",
			"载荷分成每段 %d 个字节到来：每一段都从上一段在 key 里停下的地方接着用。", size)
	}
}

func TestNothing(t *testing.T) {
	check.Value(t, "position", Unmask(key, 2, nil), 2, "An empty piece moves nothing.", "空的一段什么都不移动。")
}
