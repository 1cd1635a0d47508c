package websocket

import (
	"bytes"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"realtimelab/lessons/websocket/frame"
)

// script is a connection that gives its bytes in pieces of one size.
type script struct {
	net.Conn
	bytes []byte
	piece int
}

func (s *script) Read(p []byte) (int, error) {
	n := copy(p, s.bytes[:min(s.piece, len(s.bytes))])
	if s.bytes = s.bytes[n:]; n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// TestGuard: good frames pass unchanged, however the bytes are cut. A bad frame never passes whole.
func TestGuard(t *testing.T) {
	good := bytes.Join([][]byte{
		masked(frame.Text, false, "a"), masked(frame.Ping, true, ""),
		masked(frame.Continuation, true, ""),
		masked(frame.Binary, true, string(make([]byte, 126))),
		masked(frame.Binary, true, string(make([]byte, 65536))),
	}, nil)
	closing := masked(frame.Close, true, string(frame.AppendClose(nil, 1000, "你好")))
	for _, tc := range []struct {
		name  string
		bytes []byte
		code  frame.CloseCode
	}{
		{"nothing wrong", closing, 0},
		{"bytes behind a close frame are ignored", append(bytes.Clone(closing), 0x83, 0xff), 0},
		{"a close frame without a code", masked(frame.Close, true, ""), 0},
		{"125 in 16 bits", []byte{0x82, 0xfe, 0, 125, 1, 2, 3, 4}, frame.ProtocolError},
		{"65535 in 64 bits", []byte{0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4},
			frame.ProtocolError},
		{"close of one byte", masked(frame.Close, true, "\x03"), frame.ProtocolError},
		{"close 1006", masked(frame.Close, true, "\x03\xee"), frame.ProtocolError},
		{"close reason", masked(frame.Close, true, "\x03\xe8\xff"), frame.InvalidPayload},
	} {
		t.Run(tc.name, func(t *testing.T) {
			stream := append(bytes.Clone(good), tc.bytes...)
			for _, piece := range []int{1, 2, 3, 7, 1 << 10, 1 << 20} {
				got, err := io.ReadAll(&guard{Conn: &script{bytes: stream, piece: piece}})
				if tc.code == 0 {
					require.NoError(t, err)
					require.True(t, bytes.Equal(stream, got))
					continue
				}
				var violation *frame.Error
				require.ErrorAs(t, err, &violation)
				require.Equal(t, tc.code, violation.Code)
				require.GreaterOrEqual(t, len(got), len(good))
				require.Less(t, len(got), len(stream))
				require.True(t, bytes.HasPrefix(stream, got))
			}
		})
	}
}
