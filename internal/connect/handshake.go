package connect

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/gorilla/websocket"

	"realtimelab/internal/lang"
)

// handshakeFailed is an answer to the handshake of WebSocket other than 101.
type handshakeFailed struct {
	status int
	header http.Header
	body   string
}

func (e *handshakeFailed) Error() string { return e.In(lang.English) }

// In returns the message in a language.
func (e *handshakeFailed) In(l lang.Lang) string {
	return fmt.Sprintf(l.Say("the server answered the handshake of WebSocket with %d %s",
		"服务器对 WebSocket 握手的响应是 %d %s"), e.status, http.StatusText(e.status))
}

// dialWebSocket opens a WebSocket. The error may be a *handshakeFailed.
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
		HandshakeTimeout: c.Timeout, Subprotocols: c.Subprotocols,
	}
	conn, res, err := dialer.DialContext(ctx, address, c.Header)
	switch {
	case !stop():
		return nil, nil, context.Cause(ctx)
	case err != nil && res != nil:
		body, _ := io.ReadAll(io.LimitReader(res.Body, 4096))
		return nil, nil, &handshakeFailed{res.StatusCode, res.Header, string(body)}
	}
	return conn, res, err
}
