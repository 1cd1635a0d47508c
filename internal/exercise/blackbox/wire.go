package blackbox

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"realtimelab/internal/exercise/check"
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

// knock sends an upgrade request and returns the answer; its body is not read.
func (a *attack) knock(path, key, origin string) (*socket, *http.Response) {
	conn, err := (&net.Dialer{}).DialContext(a.ctx, "tcp", a.host)
	if err != nil {
		check.Fail(a, "No connection: %v.", "连不上：%v。", err)
	}
	a.conns = append(a.conns, conn)
	deadline, _ := a.ctx.Deadline()
	_ = conn.SetDeadline(deadline) // a connection that is gone is found out by what follows
	s := &socket{a, conn, bufio.NewReader(conn)}
	request := "GET " + path + " HTTP/1.1\r\nHost: " + a.host + "\r\n"
	if origin != "" {
		request += "Origin: " + origin + "\r\n"
	}
	s.write([]byte(request + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + "\r\n\r\n"))
	res, err := http.ReadResponse(s.reader, nil)
	if err != nil {
		check.Fail(a, "The handshake with %s was not answered with HTTP: %v.", "和 %s 的握手没有得到 HTTP 回答：%v。", path, err)
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
	want := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + acceptOf(key) + "\r\n\r\n"
	if res.StatusCode != 101 || res.Header.Get("Sec-WebSocket-Accept") != acceptOf(key) ||
		!strings.EqualFold(res.Header.Get("Upgrade"), "websocket") || !strings.Contains(strings.ToLower(res.Header.Get("Connection")), "upgrade") {
		check.Found(a, check.Finding{
			EN:     "The handshake is answered with 101 and three headers (RFC 6455, 4.2.2); the browser compares Sec-WebSocket-Accept with what it computes itself.",
			ZH:     "握手要用 101 和三个头部来回答（RFC 6455，4.2.2）；浏览器会把 Sec-WebSocket-Accept 和自己算的比较。",
			Fields: check.Compare(check.HTTP, []byte(yours.String()+"\r\n"), []byte(want)),
		})
	}
}

func (s *socket) write(b []byte) {
	if _, err := s.conn.Write(b); err != nil {
		check.Fail(s, "The server closed the connection while the client was still speaking: %v.", "客户端还在说话，服务器就关了连接：%v。", err)
	}
}

// frame makes a client's frame, masked.
func frame(first byte, payload []byte) []byte {
	out := []byte{first}
	switch n := len(payload); {
	case n <= 125:
		out = append(out, 0x80|byte(n))
	case n <= 65535:
		out = binary.BigEndian.AppendUint16(append(out, 0x80|126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, 0x80|127), uint64(n))
	}
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	out = append(out, key[:]...)
	for i, b := range payload {
		out = append(out, b^key[i%4])
	}
	return out
}

var errTooLong = errors.New("it announces more than a mebibyte")

// read reads one frame of the server's as it is on the wire.
func (s *socket) read() ([]byte, error) {
	head := make([]byte, 2, 14)
	if _, err := io.ReadFull(s.reader, head); err != nil {
		return nil, err
	}
	size := uint64(head[1] & 0x7f)
	extra := map[uint64]int{126: 2, 127: 8}[size]
	if head[1]&0x80 != 0 {
		extra += 4
	}
	more := make([]byte, extra)
	if _, err := io.ReadFull(s.reader, more); err != nil {
		return head, err
	}
	switch size {
	case 126:
		size = uint64(binary.BigEndian.Uint16(more))
	case 127:
		size = binary.BigEndian.Uint64(more)
	}
	if size > 1<<20 {
		return append(head, more...), errTooLong
	}
	payload := make([]byte, size)
	n, err := io.ReadFull(s.reader, payload)
	return append(append(head, more...), payload[:n]...), err
}

// wants reads a frame and fails unless it is that one.
func (s *socket) wants(want []byte, en, zh string) {
	_ = s.conn.SetReadDeadline(time.Now().Add(quick)) // as in knock
	got, err := s.read()
	if err != nil && len(got) == 0 {
		check.Fail(s, en+" But no frame came: %v.", zh+"可是没有帧到来：%v。", err)
	}
	check.Wire(s, check.Frames, got, want, strings.ReplaceAll(en, "%", "%%"), strings.ReplaceAll(zh, "%", "%%"))
}
