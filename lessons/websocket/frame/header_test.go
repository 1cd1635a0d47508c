package frame_test

import (
	"bytes"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/websocket/frame"
)

// wire is bytes written as hex; blanks are for the reader.
func wire(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

var key = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// The examples of RFC 6455, section 5.7, and one header of each form.
var headers = []struct {
	name string
	wire string
	want frame.Header
}{
	{"text", "81 05", frame.Header{Fin: true, Opcode: frame.Text, Length: 5}},
	{"text, masked", "81 85 37fa213d",
		frame.Header{Fin: true, Opcode: frame.Text, Masked: true, Mask: key, Length: 5}},
	{"first fragment", "01 03", frame.Header{Opcode: frame.Text, Length: 3}},
	{"middle fragment", "00 02", frame.Header{Opcode: frame.Continuation, Length: 2}},
	{"last fragment", "80 02", frame.Header{Fin: true, Opcode: frame.Continuation, Length: 2}},
	{"ping", "89 05", frame.Header{Fin: true, Opcode: frame.Ping, Length: 5}},
	{"pong, masked", "8a 85 37fa213d",
		frame.Header{Fin: true, Opcode: frame.Pong, Masked: true, Mask: key, Length: 5}},
	{"close, empty", "88 00", frame.Header{Fin: true, Opcode: frame.Close}},
	{"compressed text", "c1 07", frame.Header{Fin: true, RSV: frame.RSV1, Opcode: frame.Text,
		Length: 7}},
	{"125 bytes", "82 7d", frame.Header{Fin: true, Opcode: frame.Binary, Length: 125}},
	{"126 bytes", "82 7e 007e", frame.Header{Fin: true, Opcode: frame.Binary, Length: 126}},
	{"256 bytes", "82 7e 0100", frame.Header{Fin: true, Opcode: frame.Binary, Length: 256}},
	{"65535 bytes", "82 7e ffff", frame.Header{Fin: true, Opcode: frame.Binary, Length: 65535}},
	{"65536 bytes", "82 7f 0000000000010000",
		frame.Header{Fin: true, Opcode: frame.Binary, Length: 65536}},
	{"2^63-1 bytes, masked", "82 ff 7fffffffffffffff 37fa213d",
		frame.Header{Fin: true, Opcode: frame.Binary, Masked: true, Mask: key,
			Length: math.MaxInt64}},
}

func TestHeader(t *testing.T) {
	for _, tc := range headers {
		t.Run(tc.name, func(t *testing.T) {
			data := wire(t, tc.wire)
			assert.Equal(t, data, tc.want.Append(nil))
			assert.Equal(t, len(data), tc.want.Len())

			got, n, err := frame.ParseHeader(append(data, "payload"...))
			require.NoError(t, err)
			assert.Equal(t, tc.want, got)
			assert.Equal(t, len(data), n)

			for cut := range data {
				_, _, err := frame.ParseHeader(data[:cut])
				assert.ErrorIs(t, err, frame.ErrIncomplete, "after %d bytes", cut)
			}
		})
	}
}

func TestHeaderRefused(t *testing.T) {
	for _, tc := range []struct {
		name   string
		wire   string
		offset int64
	}{
		{"reserved opcode 3", "83 00", 0},
		{"reserved opcode 7, one byte is enough", "87", 0},
		{"reserved control opcode 11", "8b 00", 0},
		{"fragmented ping", "09 00", 0},
		{"fragmented close, one byte is enough", "08", 0},
		{"ping of 126 bytes", "89 7e 007e", 1},
		{"pong with a 64 bit length", "8a 7f", 1},
		{"125 in 16 bits", "82 7e 007d", 2},
		{"0 in 16 bits", "82 7e 0000", 2},
		{"65535 in 64 bits", "82 7f 000000000000ffff", 2},
		{"5 in 64 bits", "82 7f 0000000000000005", 2},
		{"2^63", "82 7f 8000000000000000", 2},
		{"2^64-1", "82 7f ffffffffffffffff", 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := frame.ParseHeader(wire(t, tc.wire))
			var violation *frame.Error
			require.ErrorAs(t, err, &violation)
			assert.Equal(t, tc.offset, violation.Offset)
			assert.Equal(t, frame.ProtocolError, violation.Code)
		})
	}
}

func TestFrameExamples(t *testing.T) {
	for _, tc := range []struct {
		name string
		wire string
		want frame.Frame
	}{
		{"Hello", "81 05 48 65 6c 6c 6f",
			frame.Frame{Header: headers[0].want, Payload: []byte("Hello")}},
		{"Hello, masked", "81 85 37fa213d 7f9f4d5158",
			frame.Frame{Header: headers[1].want, Payload: []byte("Hello")}},
		{"Hel", "01 03 48 65 6c", frame.Frame{Header: headers[2].want, Payload: []byte("Hel")}},
		{"lo", "80 02 6c 6f", frame.Frame{Header: headers[4].want, Payload: []byte("lo")}},
		{"ping", "89 05 48 65 6c 6c 6f",
			frame.Frame{Header: headers[5].want, Payload: []byte("Hello")}},
		{"pong", "8a 85 37fa213d 7f9f4d5158",
			frame.Frame{Header: headers[6].want, Payload: []byte("Hello")}},
		{"close", "88 00", frame.Frame{Header: headers[7].want, Payload: []byte{}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			data := wire(t, tc.wire)
			kept := bytes.Clone(data)
			got, n, err := frame.Parse(data)
			require.NoError(t, err)
			assert.Equal(t, len(data), n)
			assert.Equal(t, tc.want, got)
			assert.Equal(t, kept, data, "Parse must not unmask what it was given")
			assert.Equal(t, kept, tc.want.Append(nil))
			for cut := range data {
				_, _, err := frame.Parse(data[:cut])
				assert.ErrorIs(t, err, frame.ErrIncomplete)
			}
		})
	}
}

func TestFrameSizes(t *testing.T) {
	for _, size := range []int{0, 1, 125, 126, 127, 65535, 65536, 1 << 20} {
		for _, masked := range []bool{false, true} {
			payload := bytes.Repeat([]byte{0xA5}, size)
			f := frame.Frame{Header: frame.Header{Fin: true, Opcode: frame.Binary, Masked: masked},
				Payload: payload}
			if masked {
				f.Mask = key
			}
			data := f.Append(nil)
			got, n, err := frame.Parse(data)
			require.NoError(t, err)
			require.Equal(t, len(data), n)
			require.Equal(t, int64(size), got.Length)
			require.Equal(t, len(data), got.Len()+size)
			require.True(t, bytes.Equal(payload, got.Payload))
			require.Equal(t, masked, got.Masked)
		}
	}
}

func TestMaskInPieces(t *testing.T) {
	plain := []byte("a payload that is longer than two machine words")
	whole := bytes.Clone(plain)
	frame.Mask(key, 0, whole)
	for i, c := range plain {
		require.Equal(t, c^key[i%4], whole[i])
	}
	for size := 1; size < len(plain); size++ {
		pieces := bytes.Clone(whole)
		for pos := 0; pos < len(pieces); {
			pos = frame.Mask(key, pos, pieces[pos:min(pos+size, len(pieces))])
		}
		require.Equal(t, plain, pieces, "pieces of %d", size)
	}
}

func TestOpcodeString(t *testing.T) {
	assert.Equal(t, "continuation", frame.Continuation.String())
	assert.Equal(t, "pong", frame.Pong.String())
	assert.Equal(t, "reserved(0xB)", frame.Opcode(0xB).String())
}
