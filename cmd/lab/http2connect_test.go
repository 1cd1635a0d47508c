package main

import (
	"bufio"
	"crypto/tls"
	encoding "encoding/binary"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Parts of HTTP/2 (RFC 9113) and HPACK (RFC 7541).
const (
	headersFrame, settingsFrame = 1, 4

	endStream, ack, endHeaders = 1, 1, 4    // flags
	enableConnect              = 8          // a setting, RFC 8441 section 3
	status400, status200       = 0x8c, 0x88 // entries of the static table
	connectionPreface          = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
)

// An http2Frame is a frame with its type, flags and stream.
type http2Frame struct {
	kind, flags byte
	stream      uint32
	payload     []byte
}

func writeFrame(t *testing.T, w io.Writer, f http2Frame) {
	t.Helper()
	head := encoding.BigEndian.AppendUint32(nil, uint32(len(f.payload)))[1:]
	head = encoding.BigEndian.AppendUint32(append(head, f.kind, f.flags), f.stream)
	_, err := w.Write(append(head, f.payload...))
	require.NoError(t, err)
}

// readFrame reads until a frame of that type. It skips acknowledgements of settings.
func readFrame(t *testing.T, r io.Reader, kind byte) http2Frame {
	t.Helper()
	for {
		head := make([]byte, 9)
		_, err := io.ReadFull(r, head)
		require.NoError(t, err)
		f := http2Frame{head[3], head[4], encoding.BigEndian.Uint32(head[5:]),
			make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))}
		_, err = io.ReadFull(r, f.payload)
		require.NoError(t, err)
		if f.kind == kind && !(kind == settingsFrame && f.flags&ack != 0) {
			return f
		}
	}
}

// settings returns the values of a SETTINGS frame.
func settings(f http2Frame) map[uint16]uint32 {
	values := map[uint16]uint32{}
	for p := f.payload; len(p) >= 6; p = p[6:] {
		values[encoding.BigEndian.Uint16(p)] = encoding.BigEndian.Uint32(p[2:])
	}
	return values
}

// fields encodes header fields as literals.
func fields(pairs ...string) (block []byte) {
	for i := 0; i < len(pairs); i += 2 {
		block = append(block, 0)
		for _, text := range pairs[i : i+2] {
			block = append(append(block, byte(len(text))), text...)
		}
	}
	return block
}

// TestWebSocketOverHTTP2: the lab announces WebSocket over HTTP/2 only with
// GODEBUG=http2xconnect=1, and then refuses it with 400, as the lesson on TLS says.
func TestWebSocketOverHTTP2(t *testing.T) {
	for _, c := range []struct {
		name, setting string
		announced     bool
	}{{"by default", "", false}, {"with the setting", "http2xconnect=1", true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("GODEBUG", c.setting)
			_, line, _ := start(t, "run", "broadcast", "--tls", "--plain", "--addr", "127.0.0.1:0")
			addr := strings.TrimPrefix(line[1], "https://")
			conn, err := tls.Dial("tcp", addr,
				&tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
			require.NoError(t, err)
			defer conn.Close()
			require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
			_, err = io.WriteString(conn, connectionPreface)
			require.NoError(t, err)
			writeFrame(t, conn, http2Frame{kind: settingsFrame})
			r := bufio.NewReader(conn)
			values := settings(readFrame(t, r, settingsFrame))
			assert.NotEmpty(t, values)
			assert.Equal(t, c.announced, values[enableConnect] == 1)
			if !c.announced {
				return
			}
			ask := func(stream uint32, flags byte, pairs ...string) byte {
				block := fields(append(pairs, ":scheme", "https", ":authority", addr)...)
				writeFrame(t, conn, http2Frame{kind: headersFrame, flags: flags | endHeaders,
					stream: stream, payload: block})
				f := readFrame(t, r, headersFrame)
				require.Equal(t, stream, f.stream)
				return f.payload[0]
			}
			assert.Equal(t, byte(status200), ask(1, endStream, ":method", "GET", ":path", "/"),
				"ordinary requests work")
			assert.Equal(t, byte(status400), ask(3, 0, ":method", "CONNECT", ":protocol",
				"websocket", ":path", "/socket.io/?EIO=4&transport=websocket"))
		})
	}
}
