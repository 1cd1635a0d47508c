package engineio

import (
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// clientFrame makes a frame as a client sends it: first byte, then length, mask and payload.
func clientFrame(first byte, payload string) string {
	frame := []byte{first}
	switch n := len(payload); {
	case n <= 125:
		frame = append(frame, 0x80|byte(n))
	case n <= 0xffff:
		frame = binary.BigEndian.AppendUint16(append(frame, 0x80|126), uint16(n))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, 0x80|127), uint64(n))
	}
	mask := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	masked := []byte(payload)
	for i := range masked {
		masked[i] ^= mask[i%4]
	}
	return string(append(append(frame, mask[:]...), masked...))
}

// readFrame reads a frame of the server's, which is no longer than 64 KiB.
func (r rude) readFrame(t testing.TB) (first byte, payload string) {
	r.conn.SetReadDeadline(time.Now().Add(time.Minute))
	head := make([]byte, 4)
	_, err := io.ReadFull(r.read, head[:2])
	require.NoError(t, err)
	n := int(head[1])
	if n == 126 {
		_, err = io.ReadFull(r.read, head[2:4])
		require.NoError(t, err)
		n = int(binary.BigEndian.Uint16(head[2:]))
	}
	data := make([]byte, n)
	_, err = io.ReadFull(r.read, data)
	require.NoError(t, err)
	return head[0], string(data)
}

// A message before the frame that breaks the protocol still reaches the program, and its answer
// the client.
func TestFramesThatCloseTheConnection(t *testing.T) {
	huge := "\x81\xff" + strings.Repeat("\xff", 8) + "mask"
	for name, c := range map[string]struct {
		wire   string
		code   int // 0: the connection is closed without one
		reason Reason
	}{
		"without a mask":             {"\x81\x02hi", 1002, TransportError},
		"RSV1 without the extension": {clientFrame(0xc1, "4x"), 1002, TransportError},
		"RSV2":                       {clientFrame(0xa1, "4x"), 1002, TransportError},
		"opcode 3":                   {clientFrame(0x83, "4x"), 1002, TransportError},
		"opcode 11":                  {clientFrame(0x8b, "4x"), 1002, TransportError},
		"a ping that is too long": {clientFrame(0x89, strings.Repeat("x", 126)), 1002,
			TransportError},
		"a fragmented ping":         {clientFrame(0x09, "x"), 1002, TransportError},
		"a continuation of nothing": {clientFrame(0x80, "x"), 1002, TransportError},
		"a message within a message": {clientFrame(0x01, "4x") + clientFrame(0x81, "4y"), 1002,
			TransportError},
		"text that is not UTF-8": {clientFrame(0x81, "4\xff"), 1007, TransportError},
		"text that ends in the middle of a character": {clientFrame(0x01,
			"4\xe2") + clientFrame(0x80, "\x82"), 1007, TransportError},
		"over the limit": {clientFrame(0x81, strings.Repeat("4", 101)), 1009,
			TransportError},
		"over the limit in fragments": {clientFrame(0x01,
			strings.Repeat("4", 100)) + clientFrame(0x80, "x"), 1009, TransportError},
		"a length of 64 bits":        {huge, 1002, TransportError},
		"close without a code":       {clientFrame(0x88, ""), 1005, TransportClose},
		"close":                      {clientFrame(0x88, "\x03\xe8bye"), 1000, TransportClose},
		"close with half a code":     {clientFrame(0x88, "\x03"), 1005, TransportClose},
		"close with a reserved code": {clientFrame(0x88, "\x03\xed"), 1002, TransportError},
		"close with a bad reason":    {clientFrame(0x88, "\x03\xe8\xff"), 1002, TransportError},
		"an unknown packet":          {clientFrame(0x81, "9"), 1005, ParseError},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, Config{MaxPayload: 100})
			conn := dialBench(t, l.http.Listener.Addr().String())
			defer conn.conn.Close()
			io.WriteString(conn.conn, clientFrame(0x81, "4before")+c.wire)
			_, text := conn.readFrame(t)
			assert.Equal(t, "4before", text)
			first, payload := conn.readFrame(t)
			require.Equal(t, byte(0x88), first)
			code := websocket.CloseNoStatusReceived
			if len(payload) >= 2 {
				code = int(binary.BigEndian.Uint16([]byte(payload)))
			}
			assert.Equal(t, c.code, code)
			l.endsWith(c.reason)
		})
	}
}

func TestFramesInFragments(t *testing.T) {
	l := newLab(t, Config{})
	conn := dialBench(t, l.http.Listener.Addr().String())
	defer conn.conn.Close()
	wire := clientFrame(0x01, "4a€"[:3]) + clientFrame(0x89, "between") + clientFrame(0x00,
		"4a€"[3:]) + clientFrame(0x80, "z")
	for i := range len(wire) {
		io.WriteString(conn.conn, wire[i:i+1])
	}
	first, text := conn.readFrame(t)
	assert.Equal(t, byte(0x8a), first)
	assert.Equal(t, "between", text)
	_, text = conn.readFrame(t)
	assert.Equal(t, "4a€z", text)
}
