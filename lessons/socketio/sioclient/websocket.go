package sioclient

import (
	"context"
	"io"
	"net"
	"time"

	"github.com/gorilla/websocket"

	"realtimelab/lessons/socketio/eiopacket"
)

// webSocket is the transport over one WebSocket, with a message for each packet.
type webSocket struct {
	conn *websocket.Conn
	v3   bool // packets of revision 3
}

// dialWebSocket connects, for a new session if sid is empty.
func dialWebSocket(ctx context.Context, e *endpoint, sid string) (transport, error) {
	stop := func() bool { return true }
	dialer := websocket.Dialer{TLSClientConfig: e.config.TLS, Jar: e.config.Jar,
		ReadBufferSize: bufferSize, WriteBufferSize: bufferSize}
	type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)
	bounded := func(dial dialFunc) dialFunc {
		return func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(ctx, network, addr)
			if err == nil { // gorilla checks ctx only while dialing; later only its deadline
				stop = context.AfterFunc(ctx, func() { conn.Close() })
			}
			return conn, err
		}
	}
	dialer.NetDialContext = bounded(e.config.NetDialContext)
	if e.config.NetDialTLSContext != nil {
		dialer.NetDialTLSContext = bounded(e.config.NetDialTLSContext)
	}
	header := e.config.Header.Clone()
	for _, own := range []string{"Upgrade", "Connection", "Sec-Websocket-Key",
		"Sec-Websocket-Version", "Sec-Websocket-Extensions"} {
		header.Del(own)
	}
	conn, res, err := dialer.DialContext(ctx, e.url(WebSocket, sid), header)
	switch {
	case !stop():
		return nil, ctx.Err()
	case err != nil && res != nil:
		body, _ := io.ReadAll(io.LimitReader(res.Body, 4096))
		return nil, handshakeError(res.StatusCode, body)
	case err != nil:
		return nil, err
	}
	conn.SetReadLimit(int64(e.config.MaxMessage))
	return &webSocket{conn, e.config.isV3()}, nil
}

func (w *webSocket) name() string { return WebSocket }

func (w *webSocket) abort() { w.conn.Close() }

func (w *webSocket) read() ([]eiopacket.Packet, error) {
	kind, data, err := w.conn.ReadMessage()
	if err != nil {
		return nil, err
	}
	if kind == websocket.BinaryMessage && w.v3 {
		p, err := eiopacket.ParseBinaryV3(data)
		return []eiopacket.Packet{p}, err
	}
	if kind == websocket.BinaryMessage {
		return []eiopacket.Packet{eiopacket.ParseBinary(data)}, nil
	}
	p, err := eiopacket.ParseText(data)
	return []eiopacket.Packet{p}, err
}

// During a write, the server must accept writeChunk bytes within each writeTimeout. So a slow
// server is tolerated, but not one that has stopped reading.
const (
	writeTimeout = 30 * time.Second
	writeChunk   = 4 << 10
)

// write sends one packet.
func (w *webSocket) write(packets []eiopacket.Packet) (int, error) {
	p := packets[0]
	kind, data := websocket.TextMessage, p.Data
	if p.Binary {
		kind = websocket.BinaryMessage
		if w.v3 {
			data = p.AppendBinaryV3(make([]byte, 0, 1+len(p.Data)))
		}
	} else {
		data = p.AppendText(make([]byte, 0, p.TextLen()))
	}
	message, err := w.conn.NextWriter(kind)
	for err == nil && len(data) > 0 {
		n := min(len(data), writeChunk)
		w.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
		_, err = message.Write(data[:n])
		data = data[n:]
	}
	if err == nil {
		w.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
		err = message.Close()
	}
	if err != nil {
		return 0, err
	}
	return 1, nil
}

// close ends the session with a close frame.
func (w *webSocket) close(last []eiopacket.Packet) {
	for len(last) > 0 {
		if _, err := w.write(last); err != nil {
			break
		}
		last = last[1:]
	}
	w.conn.WriteControl(websocket.CloseMessage, nil, time.Now().Add(time.Second))
	w.abort()
}
