package blackbox

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"realtimelab/internal/exercise/check"
	"realtimelab/lessons/websocket/frame"
)

// sampleKey is the key of RFC 6455, section 1.3.
const sampleKey = "dGhlIHNhbXBsZSBub25jZQ=="

const otherKey = "x3JJHMbDL1EzLkh9GBhXDw=="

func acceptOf(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// socket is a WebSocket connection, byte by byte.
type socket struct {
	*attack
	conn   net.Conn
	reader *bufio.Reader
}

// knock sends an upgrade request and returns the response without reading its body.
func (a *attack) knock(path, key, origin string) (*socket, *http.Response) {
	conn, err := (&net.Dialer{}).DialContext(a.ctx, "tcp", a.host)
	if err != nil {
		check.Fail(a, "No connection: %v.", "连不上：%v。", err)
	}
	a.conns = append(a.conns, conn)
	deadline, _ := a.ctx.Deadline()
	_ = conn.SetDeadline(deadline) // a closed connection fails in the next write
	s := &socket{a, conn, bufio.NewReader(conn)}
	request := "GET " + path + " HTTP/1.1\r\nHost: " + a.host + "\r\n"
	if origin != "" {
		request += "Origin: " + origin + "\r\n"
	}
	s.write([]byte(request +
		"Connection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + "\r\n\r\n"))
	res, err := http.ReadResponse(s.reader, nil)
	if err != nil {
		check.Fail(a, "The response to the handshake with %s is not HTTP: %v.",
			"和 %s 的握手没有得到 HTTP 应答：%v。", path, err)
	}
	return s, res
}

// dial shakes hands, or fails.
func (a *attack) dial(path string) *socket {
	s, res := a.knock(path, otherKey, "http://"+a.host)
	a.switched(res, otherKey)
	return s
}

func (a *attack) switched(res *http.Response, key string) {
	var yours strings.Builder
	yours.WriteString("HTTP/1.1 " + res.Status + "\r\n")
	for _, name := range []string{"Upgrade", "Connection", "Sec-WebSocket-Accept"} {
		if value := res.Header.Get(name); value != "" {
			yours.WriteString(name + ": " + value + "\r\n")
		}
	}
	want := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" +
		"Connection: Upgrade\r\nSec-WebSocket-Accept: " + acceptOf(key) + "\r\n\r\n"
	if res.StatusCode != 101 || res.Header.Get("Sec-WebSocket-Accept") != acceptOf(key) ||
		!strings.EqualFold(res.Header.Get("Upgrade"), "websocket") ||
		!strings.Contains(strings.ToLower(res.Header.Get("Connection")), "upgrade") {
		check.Found(a, check.Finding{
			EN: "Answer the handshake with 101 and three headers (RFC 6455, 4.2.2); the " +
				"browser compares Sec-WebSocket-Accept with what it computes itself.",
			ZH: "握手要用 101 和三个头部来应答（RFC 6455，4.2.2）；浏览器会把 " +
				"Sec-WebSocket-Accept 和自己算的比较。",
			Fields: check.Compare(check.HTTP, []byte(yours.String()+"\r\n"), []byte(want)),
		})
	}
}

func (s *socket) write(b []byte) {
	if _, err := s.conn.Write(b); err != nil {
		check.Fail(s, "The server closed the connection while the client was still sending: %v.",
			"客户端还在发送，服务器就关闭了连接：%v。", err)
	}
}

// mask is the masking key of every frame that the attack sends. The examples in RFC 6455 use it.
var mask = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// masked returns a client's frame.
func masked(fin bool, opcode frame.Opcode, payload []byte) []byte {
	header := frame.Header{Fin: fin, Opcode: opcode, Masked: true, Mask: mask}
	return frame.Frame{Header: header, Payload: payload}.Append(nil)
}

// maxFrame bounds the payload of a frame that the attack reads.
const maxFrame = 1 << 20

var errTooLong = errors.New("it announces more than a mebibyte")

// read reads one frame of the server and returns its bytes as on the wire. With an error it returns
// the bytes read so far.
func (s *socket) read() (got []byte, err error) {
	var header frame.Header
	for {
		var b byte
		if b, err = s.reader.ReadByte(); err != nil {
			return got, err
		}
		got = append(got, b)
		if header, _, err = frame.ParseHeader(got); err == nil {
			break
		}
		if !errors.Is(err, frame.ErrIncomplete) {
			return got, err
		}
	}
	if header.Length > maxFrame {
		return got, errTooLong
	}
	payload := make([]byte, header.Length)
	n, err := io.ReadFull(s.reader, payload)
	return append(got, payload[:n]...), err
}

// wants reads a frame and fails unless it is the given one.
func (s *socket) wants(want []byte, en, zh string) {
	_ = s.conn.SetReadDeadline(time.Now().Add(quick)) // as in knock
	got, err := s.read()
	if err != nil && len(got) == 0 {
		check.Fail(s, en+" No frame came: %v.", zh+"可是没有帧到来：%v。", err)
	}
	check.Wire(s, check.Frames, got, want, strings.ReplaceAll(en, "%", "%%"),
		strings.ReplaceAll(zh, "%", "%%"))
}
