package websocket

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/feed/feedtest"
	"realtimelab/internal/labtest/need"
	"realtimelab/lessons/websocket/frame"
)

// rawConn is a connection after its handshake, read with the frame codec instead of gorilla.
type rawConn struct {
	net.Conn
	frames frame.Decoder
	rest   io.Reader
}

// handshake sends a request and returns the answer and what follows it.
func handshake(t *testing.T, server *feedtest.Server, request string) (*http.Response, *rawConn) {
	t.Helper()
	conn := server.Dial(t, request)
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, nil)
	require.NoError(t, err)
	return resp, &rawConn{Conn: conn, rest: r,
		frames: frame.Decoder{Rules: frame.Rules{From: frame.FromServer, Deflate: true}}}
}

func nextFrame(t *testing.T, w *rawConn) frame.Frame {
	t.Helper()
	buf := make([]byte, 4<<10)
	for {
		f, err := w.frames.Next()
		if err == nil {
			return f
		}
		require.ErrorIs(t, err, frame.ErrIncomplete)
		n, err := w.rest.Read(buf)
		require.NoError(t, err)
		w.frames.Write(buf[:n])
	}
}

// expectClose reads up to the close frame, and then the end of the connection.
func expectClose(t *testing.T, w *rawConn, want frame.CloseCode) {
	t.Helper()
	for {
		f := nextFrame(t, w)
		if f.Opcode != frame.Close {
			continue
		}
		code, reason, err := frame.ParseClose(f.Payload)
		require.NoError(t, err)
		require.Equal(t, want, code, reason)
		_, err = io.Copy(io.Discard, w.rest)
		require.NoError(t, err, "the end is an end, not a reset")
		return
	}
}

func masked(op frame.Opcode, fin bool, payload string) []byte {
	return frame.Frame{Header: frame.Header{Fin: fin, Opcode: op, Masked: true,
		Mask: [4]byte{1, 2, 3, 4}}, Payload: []byte(payload)}.Append(nil)
}

func send(t *testing.T, w *rawConn, frames ...[]byte) {
	t.Helper()
	_, err := w.Write(bytes.Join(frames, nil))
	require.NoError(t, err)
}

func TestAccept(t *testing.T) {
	assert.Equal(t, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", Accept(key),
		"the example of RFC 6455, section 1.3")
	s := NewEcho(Config{})
	server := feedtest.Serve(t, s, s.Close)
	resp, w := handshake(t, server, upgrade("/ws"))
	require.Equal(t, 101, resp.StatusCode)
	assert.Equal(t, Accept(key), resp.Header.Get("Sec-WebSocket-Accept"))
	assert.Equal(t, "websocket", resp.Header.Get("Upgrade"))
	assert.Empty(t, resp.Header.Get("Sec-WebSocket-Extensions"))

	// The frames of the lesson text: "Hello" masked out, and back unmasked.
	hello, _ := hex.DecodeString("818537fa213d7f9f4d5158")
	send(t, w, hello)
	back := make([]byte, 7)
	_, err := io.ReadFull(w.rest, back)
	require.NoError(t, err)
	assert.Equal(t, "810548656c6c6f", hex.EncodeToString(back))
}

func TestEcho(t *testing.T) {
	s := NewEcho(Config{MaxMessage: 1 << 20})
	server := feedtest.Serve(t, s, s.Close)
	ws := dial(t, server, "")
	for _, size := range []int{0, 1, 125, 126, 127, 65535, 65536, 1 << 20} {
		for _, kind := range []int{websocket.TextMessage, websocket.BinaryMessage} {
			sent := bytes.Repeat([]byte("a"), size)
			require.NoError(t, ws.WriteMessage(kind, sent))
			gotKind, got, err := ws.ReadMessage()
			require.NoError(t, err)
			require.Equal(t, kind, gotKind)
			require.True(t, bytes.Equal(sent, got), size)
		}
	}
}

func TestEchoOfFragmentsAndPings(t *testing.T) {
	s := NewEcho(Config{})
	server := feedtest.Serve(t, s, s.Close)
	_, w := handshake(t, server, upgrade("/ws"))
	send(t, w, masked(frame.Text, false, "\xe4\xbd"), masked(frame.Ping, true, "p"),
		masked(frame.Continuation, false, ""), masked(frame.Continuation, true, "\xa0"))
	pong := nextFrame(t, w)
	assert.Equal(t, frame.Pong, pong.Opcode)
	assert.Equal(t, "p", string(pong.Payload))
	assert.Equal(t, "你", string(nextFrame(t, w).Payload), "a character across fragments")

	send(t, w, masked(frame.Close, true, string(frame.AppendClose(nil, 4001, "bye"))))
	expectClose(t, w, 4001)
}

// TestViolations: frames that break the RFC, or the lesson's own rules, and the code they are
// closed with.
func TestViolations(t *testing.T) {
	echo, chat := NewEcho(Config{MaxMessage: 1000}), NewChat(Config{MaxMessage: 1000})
	servers := map[string]*feedtest.Server{
		"echo": feedtest.Serve(t, echo, echo.Close),
		"chat": feedtest.Serve(t, chat, chat.Close),
	}
	raw := func(s string) []byte {
		b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		require.NoError(t, err)
		return b
	}
	big := strings.Repeat("a", 1001)
	type violation struct {
		name   string
		server string
		frames []byte
		code   frame.CloseCode
	}
	var table []violation
	for _, code := range []uint16{0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535} {
		table = append(table, violation{fmt.Sprintf("close %d", code), "echo",
			masked(frame.Close, true, string(binary.BigEndian.AppendUint16(nil, code))), 1002})
	}
	for _, tc := range append(table, []violation{
		{"not masked", "echo", raw("8101 61"), 1002},
		{"reserved opcode", "echo", raw("8380 01020304"), 1002},
		{"reserved bit", "echo", raw("c181 01020304 60"), 1002},
		{"fragmented ping", "echo", raw("0980 01020304"), 1002},
		{"ping of 126 bytes", "echo", raw("89fe 007e 01020304"), 1002},
		{"continuation of nothing", "echo", masked(frame.Continuation, true, "a"), 1002},
		{"text inside a text", "echo",
			append(masked(frame.Text, false, "a"), masked(frame.Text, true, "b")...), 1002},
		{"125 bytes with a length of 16 bits", "echo",
			append(raw("82fe 007d 00000000"), big[:125]...), 1002},
		{"one byte with a length of 64 bits", "echo",
			raw("82ff 0000000000000001 00000000 61"), 1002},
		{"not the shortest length, byte by byte", "chat", raw("81fe 0002 00000000 7b7d"), 1002},
		{"a close frame of one byte", "echo", masked(frame.Close, true, "\x03"), 1002},
		{"a close reason that is not UTF-8", "echo",
			masked(frame.Close, true, "\x03\xe8\xff"), 1007},
		{"text not UTF-8", "echo", masked(frame.Text, true, "a\xff"), 1007},
		{"text ends inside a character", "echo", masked(frame.Text, true, "\xe4\xbd"), 1007},
		{"not UTF-8, known before the message is whole", "echo",
			masked(frame.Text, false, "\xc0"), 1007},
		{"not UTF-8 over two fragments", "chat", append(masked(frame.Text, false, "\xe4"),
			masked(frame.Continuation, true, "a")...), 1007},
		{"too large", "echo", masked(frame.Binary, true, big), 1009},
		{"too large, and the client goes on sending", "echo",
			bytes.Repeat(masked(frame.Text, true, strings.Repeat(big, 10)), 50), 1009},
		{"too large in fragments", "chat", append(masked(frame.Text, false, big[:600]),
			masked(frame.Continuation, true, big[:600])...), 1009},
		{"2^63-1 bytes", "echo", raw("82ff 7fffffffffffffff 01020304"), 1009},
		{"binary to the chat", "chat", masked(frame.Binary, true, "{}"), 1003},
	}...) {
		t.Run(tc.name, func(t *testing.T) {
			server := servers[tc.server]
			witness := dial(t, server, "")
			_, w := handshake(t, server, upgrade("/ws"))
			if strings.HasSuffix(tc.name, "byte by byte") {
				for i := range tc.frames {
					send(t, w, tc.frames[i:i+1])
				}
			} else {
				send(t, w, tc.frames)
			}
			expectClose(t, w, tc.code)
			require.NoError(t, witness.WriteMessage(websocket.TextMessage,
				[]byte(`{"from":"w","text":"`+tc.name+`"}`)))
			for !strings.Contains(receive(t, witness), tc.name) {
			}
		})
	}
}

// TestWhatCameBeforeTheEndIsEchoed: a message is echoed although the next frame ends the
// connection.
func TestWhatCameBeforeTheEndIsEchoed(t *testing.T) {
	s := NewEcho(Config{})
	server := feedtest.Serve(t, s, s.Close)
	valid := masked(frame.Text, true, "valid")
	for name, end := range map[string]struct {
		frame []byte
		code  frame.CloseCode
	}{
		"a reserved opcode, which gorilla finds": {[]byte{0x83, 0x80, 1, 2, 3, 4}, 1002},
		"not the shortest length, which the guard finds": {[]byte{0x81, 0xfe, 0, 1, 0, 0, 0, 0,
			'a'}, 1002},
		"text that is not UTF-8, which the reader finds": {masked(frame.Text, true, "\xff"), 1007},
		"the client's close frame, which gorilla answers": {masked(frame.Close, true,
			string(frame.AppendClose(nil, 4001, "bye"))), 4001},
	} {
		t.Run(name, func(t *testing.T) {
			for range 50 {
				_, w := handshake(t, server, upgrade("/ws"))
				send(t, w, append(bytes.Repeat(valid, 3), end.frame...))
				for range 3 {
					require.Equal(t, "valid", string(nextFrame(t, w).Payload))
				}
				expectClose(t, w, end.code)
			}
		})
	}
}

// TestInflatedTooLarge: the limit counts what a message becomes, not what it is on the wire.
func TestInflatedTooLarge(t *testing.T) {
	s := NewEcho(Config{Compression: true, MaxMessage: 64 << 10})
	server := feedtest.Serve(t, s, s.Close)
	resp, w := handshake(t, server, upgrade("/ws", "Sec-WebSocket-Extensions: permessage-deflate"))
	require.Contains(t, resp.Header.Get("Sec-WebSocket-Extensions"), "permessage-deflate")
	var bomb bytes.Buffer
	deflate, err := flate.NewWriter(&bomb, flate.BestCompression)
	require.NoError(t, err)
	_, err = deflate.Write(make([]byte, 10<<20))
	require.NoError(t, err)
	require.NoError(t, deflate.Flush())
	payload := bytes.TrimSuffix(bomb.Bytes(), []byte{0, 0, 0xff, 0xff})
	require.Less(t, len(payload), 64<<10)
	send(t, w, frame.Frame{Header: frame.Header{Fin: true, RSV: frame.RSV1, Opcode: frame.Binary,
		Masked: true}, Payload: payload}.Append(nil))
	expectClose(t, w, frame.MessageTooBig)
}

func TestCompressionFromAThreshold(t *testing.T) {
	s := NewEcho(Config{Compression: true})
	server := feedtest.Serve(t, s, s.Close)
	_, w := handshake(t, server, upgrade("/ws", "Sec-WebSocket-Extensions: permessage-deflate"))
	send(t, w, masked(frame.Text, true, "short"),
		masked(frame.Text, true, strings.Repeat("long ", 100)))
	assert.Zero(t, nextFrame(t, w).RSV)
	long := nextFrame(t, w)
	assert.EqualValues(t, frame.RSV1, long.RSV)
	assert.Less(t, long.Length, int64(50))
}

// TestEchoHoldsBack: a client that sends without reading is stopped by TCP, and costs a bounded
// queue.
func TestEchoHoldsBack(t *testing.T) {
	need.Time(t)
	s := NewEcho(Config{})
	server := feedtest.Serve(t, s, s.Close)
	_, w := handshake(t, server, upgrade("/ws"))
	message := masked(frame.Binary, true, strings.Repeat("a", 60<<10))
	stop := errors.New("stop")
	sent := make(chan error, 1)
	go func() {
		for range 2000 {
			if _, err := w.Write(message); err != nil {
				sent <- err
				return
			}
		}
		sent <- stop
	}()
	got := 0
	for got < 2000*60<<10 { // whoever reads at last gets all of it
		got += int(nextFrame(t, w).Length)
	}
	require.ErrorIs(t, <-sent, stop)
}
