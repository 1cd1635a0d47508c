package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/gorilla/websocket"

	"realtimelab/internal/lang"
)

// handshakeFailed is an answer to the handshake of WebSocket that opens none: another status than
// 101, or a 101 without the headers that belong to it.
type handshakeFailed struct {
	status int
	header http.Header
	body   string
}

func (e *handshakeFailed) Error() string { return e.In(lang.English) }

// In returns the message in a language.
func (e *handshakeFailed) In(l lang.Lang) string {
	if e.status == http.StatusSwitchingProtocols {
		return l.Say("the server's 101 has a wrong Upgrade, Connection or Sec-WebSocket-Accept "+
			"header", "服务器返回了 101，但 Upgrade、Connection 或 Sec-WebSocket-Accept 头部不对")
	}
	return fmt.Sprintf(l.Say("the server answered the handshake of WebSocket with %d %s",
		"服务器对 WebSocket 握手的响应是 %d %s"), e.status, http.StatusText(e.status))
}

// errTakeover says that the server accepts permessage-deflate without the parameters that
// gorilla/websocket needs (RFC 7692, section 7.1.1).
var errTakeover = lang.Errorf("the server accepts permessage-deflate only with context takeover, "+
	"which this client does not support",
	"服务器接受 permessage-deflate，但要求跨消息保留压缩上下文（context takeover），本客户端不支持")

// dialWebSocket opens a WebSocket. The error may be a *handshakeFailed or errTakeover.
func dialWebSocket(ctx context.Context, address string, c Config, w *wire) (*websocket.Conn,
	*http.Response, error) {
	stop := func() bool { return true }
	ending := func(conn net.Conn, err error) (net.Conn, error) {
		if err == nil { // gorilla heeds the end of ctx only while it dials
			stop = context.AfterFunc(ctx, func() { conn.Close() })
		}
		return conn, err
	}
	dialer := websocket.Dialer{
		NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return ending(w.dial(ctx, network, addr))
		},
		NetDialTLSContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return ending(w.dialTLS(ctx, network, addr))
		},
		HandshakeTimeout: c.Timeout, Subprotocols: c.Subprotocols, EnableCompression: c.Deflate,
	}
	conn, res, err := dialer.DialContext(ctx, address, c.Header)
	switch {
	case !stop():
		return nil, nil, context.Cause(ctx)
	case err != nil && res != nil && !errors.Is(err, websocket.ErrBadHandshake):
		return nil, nil, errTakeover // the only other thing that it refuses in an answer
	case err != nil && res != nil:
		body, _ := io.ReadAll(io.LimitReader(res.Body, 4096))
		return nil, nil, &handshakeFailed{res.StatusCode, res.Header, string(body)}
	}
	return conn, res, err
}
