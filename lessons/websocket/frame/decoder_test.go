package frame_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/websocket/frame"
)

// read gives the stream to a Decoder in pieces and returns the frames and what ended them.
func read(rules frame.Rules, stream []byte, piece int) (frames []frame.Frame, err error) {
	d := frame.Decoder{Rules: rules}
	for {
		f, err := d.Next()
		switch {
		case err == nil:
			frames = append(frames, f)
		case err == frame.ErrIncomplete && len(stream) > 0:
			n := min(piece, len(stream))
			d.Write(stream[:n])
			stream = stream[n:]
		default:
			return frames, err
		}
	}
}

func TestDecoderAccepts(t *testing.T) {
	for _, tc := range []struct {
		name   string
		rules  frame.Rules
		wire   string
		frames int
	}{
		{"two messages", frame.Rules{}, "8101 61 8201 ff", 2},
		{"a fragmented message", frame.Rules{}, "0103 48656c 8002 6c6f", 2},
		{"a ping between fragments", frame.Rules{}, "0103 48656c 8900 8002 6c6f", 3},
		{"a character across fragments", frame.Rules{}, "0102 e4bd 8001 a0", 2},
		{"a character across a ping and an empty fragment", frame.Rules{},
			"0101 e4 8900 0000 8002 bda0", 4},
		{"binary needs no UTF-8", frame.Rules{}, "8202 fffe", 1},
		{"a text after a binary", frame.Rules{}, "0201 ff 8001 fe 8101 61", 3},
		{"close without a code", frame.Rules{}, "8800", 1},
		{"close 1000", frame.Rules{}, "8802 03e8", 1},
		{"close 4999 with a reason", frame.Rules{}, "8805 1387 627965", 1},
		{"masked from a client", frame.Rules{From: frame.FromClient},
			"8185 37fa213d 7f9f4d5158", 1},
		{"bare from a server", frame.Rules{From: frame.FromServer}, "8105 48656c6c6f", 1},
		{"compressed, RSV1 on the first fragment alone", frame.Rules{Deflate: true},
			"4103 f248cd 8004 c9c90700", 2},
		{"exactly the limit", frame.Rules{MaxMessage: 4}, "0202 0102 8002 0304", 2},
		{"the limit is for each message", frame.Rules{MaxMessage: 2}, "8202 0102 8202 0304", 2},
		{"a ping does not count", frame.Rules{MaxMessage: 2}, "0201 01 8903 010203 8001 02", 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			stream := wire(t, tc.wire)
			for piece := 1; piece <= len(stream); piece++ {
				frames, err := read(tc.rules, stream, piece)
				require.ErrorIs(t, err, frame.ErrIncomplete, "pieces of %d", piece)
				require.Len(t, frames, tc.frames)
				var again []byte
				for _, f := range frames {
					again = f.Append(again)
				}
				require.Equal(t, stream, again)
			}
		})
	}
}

func TestDecoderRefuses(t *testing.T) {
	client, server := frame.Rules{From: frame.FromClient}, frame.Rules{From: frame.FromServer}
	for _, tc := range []struct {
		name   string
		rules  frame.Rules
		wire   string
		offset int64
		code   frame.CloseCode
	}{
		{"not masked", client, "8105 48656c6c6f", 1, frame.ProtocolError},
		{"masked", server, "8185 37fa213d", 1, frame.ProtocolError},
		{"RSV1 without an extension", frame.Rules{}, "c101 61", 0, frame.ProtocolError},
		{"RSV2 with compression", frame.Rules{Deflate: true}, "a101 61", 0, frame.ProtocolError},
		{"RSV1 on a ping", frame.Rules{Deflate: true}, "c900", 0, frame.ProtocolError},
		{"RSV1 on a later fragment", frame.Rules{Deflate: true}, "4101 61 c001 62", 3,
			frame.ProtocolError},
		{"continuation of nothing", frame.Rules{}, "8001 61", 0, frame.ProtocolError},
		{"continuation after the last", frame.Rules{}, "0101 61 8001 62 8001 63", 6,
			frame.ProtocolError},
		{"text inside a text", frame.Rules{}, "0101 61 8101 62", 3, frame.ProtocolError},
		{"binary inside a text", frame.Rules{}, "0101 61 0201 62", 3, frame.ProtocolError},
		{"not minimal, second frame", frame.Rules{}, "8101 61 817e 0001", 5, frame.ProtocolError},
		{"a frame after close", frame.Rules{}, "8802 03e8 8900", 4, frame.ProtocolError},
		{"close with one byte", frame.Rules{}, "8801 03", 2, frame.ProtocolError},
		{"close 1005", frame.Rules{}, "8802 03ed", 2, frame.ProtocolError},
		{"close 999", frame.Rules{}, "8802 03e7", 2, frame.ProtocolError},
		{"close 2999", frame.Rules{}, "8802 0bb7", 2, frame.ProtocolError},
		{"close 5000", frame.Rules{}, "8802 1388", 2, frame.ProtocolError},
		{"close reason not UTF-8", frame.Rules{}, "8104 61626364 8804 03e8 61ff", 11,
			frame.InvalidPayload},
		{"close reason not UTF-8, masked", client, "8884 00000000 03e8 61ff", 9,
			frame.InvalidPayload},
		{"text not UTF-8", frame.Rules{}, "8103 61ff62", 3, frame.InvalidPayload},
		{"surrogate", frame.Rules{}, "8103 eda080", 3, frame.InvalidPayload},
		{"text ends inside a character", frame.Rules{}, "8102 e4bd", 4, frame.InvalidPayload},
		{"ends inside a character, fragmented", frame.Rules{}, "0102 e4bd 8000", 6,
			frame.InvalidPayload},
		{"bad in the second fragment", frame.Rules{}, "0102 e4bd 8002 a0c0", 7,
			frame.InvalidPayload},
		{"too big, by its header", frame.Rules{MaxMessage: 4}, "8205", 1, frame.MessageTooBig},
		{"too big, all fragments", frame.Rules{MaxMessage: 4}, "0203 010203 8002", 6,
			frame.MessageTooBig},
		{"too big, 2^63-1", frame.Rules{MaxMessage: 4}, "0203 010203 807f 7fffffffffffffff", 6,
			frame.MessageTooBig},
	} {
		t.Run(tc.name, func(t *testing.T) {
			stream := wire(t, tc.wire)
			for piece := 1; piece <= len(stream); piece++ {
				_, err := read(tc.rules, stream, piece)
				var violation *frame.Error
				require.ErrorAs(t, err, &violation, "pieces of %d", piece)
				assert.Equal(t, tc.offset, violation.Offset)
				assert.Equal(t, tc.code, violation.Code)
			}
		})
	}
}

func TestDecoderRemembersItsViolation(t *testing.T) {
	var d frame.Decoder
	d.Write(wire(t, "8101 61 8300"))
	_, err := d.Next()
	require.NoError(t, err)
	assert.EqualValues(t, 3, d.Offset())
	_, first := d.Next()
	d.Write(wire(t, "8101 61"))
	_, second := d.Next()
	require.EqualError(t, first, "frame: reserved opcode 0x3 at byte 3 (close 1002)")
	require.Equal(t, first, second)
}
