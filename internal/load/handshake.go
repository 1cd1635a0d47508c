package load

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"realtimelab/lessons/websocket/frame"
)

// maxMessage bounds a message that a client receives.
const maxMessage = 16 << 20

// readers are the buffers of handshakes. A connection keeps none.
var readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 4096) }}

// openWebSocket dials the server and sends the opening handshake (RFC 6455, section 4). The caller
// returns the reader to readers. The connection has the deadline of the attempt.
func (r *run) openWebSocket(ctx context.Context, c *client, uri string) (net.Conn, *bufio.Reader,
	error) {
	conn, err := r.dial(ctx, c.number, c.slow)
	if err != nil {
		return nil, nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if r.tls != nil {
		secure := tls.Client(conn, r.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, nil, &failure{CauseTLS, err}
		}
		conn = secure
	}
	in := readers.Get().(*bufio.Reader)
	in.Reset(conn)
	if err := c.upgrade(conn, in, uri); err != nil {
		conn.Close()
		readers.Put(in)
		return nil, nil, err
	}
	return conn, in, nil
}

// upgrade asks for the upgrade and checks the answer.
func (c *client) upgrade(conn net.Conn, in *bufio.Reader, uri string) error {
	r := c.run
	u, err := r.config.target.Parse(uri)
	if err != nil {
		return err
	}
	var nonce [16]byte
	rand.Read(nonce[:])
	key := base64.StdEncoding.EncodeToString(nonce[:])
	header := c.header(u)
	var request strings.Builder
	fmt.Fprintf(&request,
		"GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n", uri,
		cmp.Or(header.Get("Host"), r.config.target.Host), key)
	for name, values := range header {
		for _, value := range values {
			if name != "Host" {
				fmt.Fprintf(&request, "%s: %s\r\n", name, value)
			}
		}
	}
	request.WriteString("\r\n")
	if _, err := io.WriteString(conn, request.String()); err != nil {
		return err
	}
	r.tally.out.Add(int64(request.Len()))
	answer, err := http.ReadResponse(in, nil)
	if err != nil {
		if strings.Contains(err.Error(), "malformed HTTP") {
			return failf(CauseProtocol, "the answer is not HTTP: %w", "应答不是 HTTP：%w", err)
		}
		return err
	}
	c.keep(u, answer)
	if answer.StatusCode != http.StatusSwitchingProtocols {
		return statusError(answer)
	}
	accept := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	if answer.Header.Get("Sec-WebSocket-Accept") != base64.StdEncoding.EncodeToString(accept[:]) {
		return failf(CauseProtocol,
			"the answer to the upgrade has the wrong Sec-WebSocket-Accept",
			"升级的响应里 Sec-WebSocket-Accept 不对")
	}
	return nil
}

// statusError describes an answer that is not the one that was asked for.
func statusError(answer *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(answer.Body, 200))
	answer.Body.Close()
	text := strings.Join(strings.Fields(string(body)), " ")
	if text != "" {
		text = ": " + text
	}
	return failf(CauseStatus, "%s%s", "%s%s", answer.Status, text)
}

// readText reads the next text or binary message during a handshake, and answers pings.
func (s *socket) readText(in *bufio.Reader) ([]byte, error) {
	for {
		head, err := in.Peek(2)
		if err != nil {
			return nil, err
		}
		if head[1]&0x80 != 0 {
			return nil, failf(CauseProtocol, "a frame of the server is masked",
				"服务器的帧带有掩码")
		}
		if head, err = in.Peek(frame.Header{Length: shortest(head[1] & 0x7f)}.Len()); err != nil {
			return nil, err
		}
		h, n, err := frame.ParseHeader(head)
		switch {
		case err != nil:
			return nil, err
		case h.RSV != 0 || !h.Fin || h.Length > maxMessage:
			return nil, failf(CauseProtocol, "unexpected frame during the handshake: %+v",
				"握手期间收到意外的帧：%+v", h)
		}
		data := make([]byte, n+int(h.Length))
		if _, err := io.ReadFull(in, data); err != nil {
			return nil, err
		}
		s.client.run.tally.in.Add(int64(len(data)))
		switch payload := data[n:]; h.Opcode {
		case frame.Text, frame.Binary:
			return payload, nil
		case frame.Ping:
			s.write(frame.Pong, payload)
		case frame.Close:
			return nil, closed(payload)
		}
	}
}

// shortest returns a length whose header is as long as that of a frame with these seven bits.
func shortest(bits byte) int64 {
	return map[byte]int64{126: 126, 127: 1 << 16}[bits]
}

// closed describes a close frame.
func closed(payload []byte) error {
	code, reason, err := frame.ParseClose(payload)
	if err != nil {
		return err
	}
	if reason != "" {
		reason = ": " + reason
	}
	return failf(CauseClose, "%s%s", "%s%s", code, reason)
}

var noDeadline time.Time
