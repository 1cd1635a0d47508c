package frame_test

import (
	"bytes"
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"realtimelab/lessons/websocket/frame"
)

// FuzzParse: what parses is written back to the very same bytes, and no prefix of it is a
// violation.
func FuzzParse(f *testing.F) {
	for _, h := range headers {
		f.Add(append(wire(f, h.wire), "Hello, 你好"...))
	}
	f.Add(wire(f, "827f8000000000000000"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, n, err := frame.Parse(data)
		if err != nil {
			var violation *frame.Error
			require.True(t, errors.Is(err, frame.ErrIncomplete) || errors.As(err, &violation))
			return
		}
		require.Equal(t, data[:n], got.Append(nil))
		require.Equal(t, n, got.Len()+len(got.Payload))
		for _, cut := range []int{0, 1, n / 2, n - 1} {
			_, _, err := frame.Parse(data[:cut])
			require.ErrorIs(t, err, frame.ErrIncomplete)
		}
	})
}

// FuzzDecoder: the pieces that a stream comes in change nothing.
func FuzzDecoder(f *testing.F) {
	f.Add(wire(f, "0103 48656c 8900 8002 6c6f 8802 03e8"), uint8(1), uint8(0), false)
	f.Add(wire(f, "8185 37fa213d 7f9f4d5158"), uint8(3), uint8(1), false)
	f.Add(wire(f, "4103 f248cd 8004 c9c90700"), uint8(2), uint8(2), true)
	f.Add(wire(f, "0102 e4bd 8002 a0c0"), uint8(2), uint8(0), false)
	f.Fuzz(func(t *testing.T, stream []byte, piece, from uint8, deflate bool) {
		rules := frame.Rules{From: frame.Sender(from % 3), Deflate: deflate, MaxMessage: 1 << 12}
		whole, wholeErr := read(rules, stream, len(stream)+1)
		pieces, piecesErr := read(rules, stream, int(piece)+1)
		require.Equal(t, whole, pieces)
		require.Equal(t, wholeErr, piecesErr)
		var violation *frame.Error
		if errors.As(wholeErr, &violation) {
			require.LessOrEqual(t, violation.Offset, int64(len(stream)))
			require.True(t, violation.Code.Sendable())
		}
	})
}

// FuzzUTF8: in pieces, the judgement is that of the standard library on the whole.
func FuzzUTF8(f *testing.F) {
	for _, s := range []string{"", "plain", "κόσμε", "你好", "😀", "\xed\xa0\x80",
		"\xf4\x90\x80\x80", "\xc0\xaf", "\xe4\xbd"} {
		f.Add([]byte(s), uint8(1))
	}
	f.Fuzz(func(t *testing.T, text []byte, piece uint8) {
		var u frame.UTF8
		size, at := int(piece)+1, 0
		for at < len(text) {
			n, ok := u.Write(text[at:min(at+size, len(text))])
			at += n
			if !ok {
				require.False(t, utf8.Valid(text))
				require.False(t, utf8.Valid(append(bytes.Clone(text[:at]), text[at])),
					"the byte refused is one that cannot follow")
				return
			}
		}
		require.Equal(t, utf8.Valid(text), u.Complete())
	})
}
