package engineio

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// clientFrame makes a frame as a client sends it: first byte, then length, mask
// and payload.
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

// streamConn reads from a stream.
type streamConn struct {
	net.Conn
	io.Reader
}

func (c streamConn) Read(p []byte) (int, error) { return c.Reader.Read(p) }

// readAll returns what a reader makes of a stream: its messages, its pings and
// its end.
func readAll(stream io.Reader, limit int64) (messages, pings []string, err error) {
	f := frameReader{limit: limit, onPing: func(data []byte) error { pings = append(pings, string(data)); return nil }}
	f.in.init(streamConn{Reader: stream})
	for {
		opcode, data, err := f.next()
		if err != nil {
			return messages, pings, err
		}
		messages = append(messages, string('0'+rune(opcode))+string(data))
	}
}

func TestFramesOnTheWire(t *testing.T) {
	long, longer := strings.Repeat("x", 126), strings.Repeat("y", 70_000)
	wire := clientFrame(0x81, "hello") + clientFrame(0x82, "\xff\x00") + clientFrame(0x81, "") +
		clientFrame(0x01, "a€"[:2]) + clientFrame(0x89, "between") + clientFrame(0x00, "a€"[2:]) + clientFrame(0x80, "z") +
		clientFrame(0x8a, "nobody asked") + clientFrame(0x81, long) + clientFrame(0x81, longer)
	want := []string{"1hello", "2\xff\x00", "1", "1a€z", "1" + long, "1" + longer}
	for name, stream := range map[string]io.Reader{
		"at once":     strings.NewReader(wire),
		"in bytes":    iotest.OneByteReader(strings.NewReader(wire)),
		"in halves":   iotest.HalfReader(strings.NewReader(wire)),
		"with an end": iotest.DataErrReader(strings.NewReader(wire)),
	} {
		messages, pings, err := readAll(stream, 1<<20)
		assert.Equal(t, io.EOF, err, name)
		assert.Equal(t, want, messages, name)
		assert.Equal(t, []string{"between"}, pings, name)
	}
}

func TestFramesThatCloseTheConnection(t *testing.T) {
	huge := "\x81\xff" + strings.Repeat("\xff", 8) + "mask"
	for name, c := range map[string]struct {
		wire string
		code int
	}{
		"without a mask":             {"\x81\x02hi", 1002},
		"RSV1 without the extension": {clientFrame(0xc1, "x"), 1002},
		"RSV2":                       {clientFrame(0xa1, "x"), 1002},
		"RSV3":                       {clientFrame(0x91, "x"), 1002},
		"opcode 3":                   {clientFrame(0x83, "x"), 1002},
		"opcode 11":                  {clientFrame(0x8b, "x"), 1002},
		"a ping that is too long":    {clientFrame(0x89, strings.Repeat("x", 126)), 1002},
		"a fragmented ping":          {clientFrame(0x09, "x"), 1002},
		"a continuation of nothing":  {clientFrame(0x80, "x"), 1002},
		"a message within a message": {clientFrame(0x01, "x") + clientFrame(0x81, "y"), 1002},
		"text that is not UTF-8":     {clientFrame(0x81, "\xff"), 1007},
		"text that ends in the middle of a character": {clientFrame(0x01, "\xe2") + clientFrame(0x80, "\x82"), 1007},
		"over the limit":              {clientFrame(0x81, strings.Repeat("x", 101)), 1009},
		"over the limit in fragments": {clientFrame(0x01, strings.Repeat("x", 100)) + clientFrame(0x80, "x"), 1009},
		"a length of 64 bits":         {huge, 1002},
		"a length of 62 bits":         {"\x81\xff\x3f" + strings.Repeat("\xff", 7) + "mask", 1009},
		"close without a code":        {clientFrame(0x88, ""), 1005},
		"close":                       {clientFrame(0x88, "\x03\xe8bye"), 1000},
		"close with half a code":      {clientFrame(0x88, "\x03"), 1002},
		"close with a reserved code":  {clientFrame(0x88, "\x03\xed"), 1002},
		"close with a bad reason":     {clientFrame(0x88, "\x03\xe8\xff"), 1007},
	} {
		messages, _, err := readAll(strings.NewReader(clientFrame(0x81, "before")+c.wire+clientFrame(0x81, "after")), 100)
		var closed *closeError
		require.ErrorAs(t, err, &closed, name)
		assert.Equal(t, c.code, closed.code, name)
		assert.Equal(t, []string{"1before"}, messages, name)
	}
}

func TestFramesThatAreCutShort(t *testing.T) {
	wire := clientFrame(0x01, "hello") + clientFrame(0x80, strings.Repeat("x", 200))
	for n := range len(wire) {
		messages, _, err := readAll(strings.NewReader(wire[:n]), 1000)
		assert.True(t, err == io.EOF || err == io.ErrUnexpectedEOF, "%d: %v", n, err)
		assert.Empty(t, messages)
	}
}

func TestFramesOfAnIdleConnectionHoldNoBuffer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	conn, err := listener.Accept()
	require.NoError(t, err)
	defer conn.Close()

	f := frameReader{limit: 100_000}
	f.in.init(conn)
	for _, text := range []string{"hello", strings.Repeat("x", 50_000)} {
		io.WriteString(client, clientFrame(0x81, text))
		_, data, err := f.next()
		require.NoError(t, err)
		assert.Equal(t, text, string(data))
		assert.Nil(t, f.in.buf)
	}
	io.WriteString(client, clientFrame(0x81, "one")+clientFrame(0x81, "two"))
	for _, want := range []string{"one", "two"} {
		_, data, err := f.next()
		require.NoError(t, err)
		assert.Equal(t, want, string(data))
	}
	assert.Nil(t, f.in.buf)
	require.NoError(t, conn.SetReadDeadline(time.Now()))
	_, _, err = f.next()
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded, "deadlines hold")
	require.NoError(t, conn.SetReadDeadline(time.Time{}))
	client.Close()
	_, _, err = f.next()
	assert.Equal(t, io.EOF, err)
	assert.Nil(t, f.in.buf)
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte(clientFrame(0x01, "hello")+clientFrame(0x80, strings.Repeat("x", 200))), false)
	f.Add([]byte(clientFrame(0x88, "\x03\xe8bye")), true)
	f.Add([]byte("\xc1\x85\x00\x00\x00\x00\xf2\x48\xcd\x00\x00"), true)
	f.Fuzz(func(t *testing.T, wire []byte, inflate bool) {
		r := frameReader{limit: 1000, inflate: inflate, onPing: func([]byte) error { return nil }}
		r.in.init(streamConn{Reader: bytes.NewReader(wire)})
		for range len(wire) + 1 {
			_, data, err := r.next()
			if err != nil {
				return
			}
			require.LessOrEqual(t, len(data), 1000)
		}
		t.Fatal("more messages than bytes")
	})
}
