package engineio

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"realtimelab/lessons/socketio/eiopacket"
	"realtimelab/lessons/socketio/internal/gather"
)

// A webSocket is the transport over one WebSocket. gorilla/websocket implements RFC 6455 and RFC
// 7692, but does not check that text is UTF-8.
type webSocket struct {
	stream
	ws          *websocket.Conn
	codec       eiopacket.Codec
	limit       int64 // maximum size of a message, in bytes
	deflateFrom int   // minimum size of a compressed message; -1: off
}

// bufferSize is the buffer size of each direction of a WebSocket, in bytes. Larger messages need
// more reads. Write buffers come from a shared pool.
const bufferSize = 512

var writeBuffers sync.Pool

// serveWebSocket opens a session over WebSocket, or upgrades a polling session. It closes a second
// connection to a session that has been or is being upgraded.
func (s *Server) serveWebSocket(w http.ResponseWriter, q request, session *Session) {
	if session != nil {
		defer session.endIfPanicking()
	}
	ws := s.accept(w, q, session == nil)
	switch {
	case ws == nil:
	case session == nil:
		s.start(q, ws)
	case !session.upgradeTo(ws):
		s.tasks.Go(func() { ws.reject(nil) })
	}
}

// ownHeaders lists the headers of a handshake's answer that accept and gorilla/websocket set.
var ownHeaders = []string{"Connection", "Upgrade", "Sec-Websocket-Accept",
	"Sec-Websocket-Extensions", "Sec-Websocket-Protocol", "Content-Length", "Transfer-Encoding"}

// accept hijacks the connection of a WebSocket handshake. It returns nil if it has refused the
// handshake. The answer is sent together with the first frame. The hooks for its headers are called
// after the connection is hijacked, so never for a bad handshake.
func (s *Server) accept(w http.ResponseWriter, q request, opens bool) (ws *webSocket) {
	header := http.Header{}
	deflate := s.config.PerMessageDeflate
	h := &gather.Hijacker{ResponseWriter: w, Set: &s.conns, OnTaken: func() {
		maps.Copy(header, w.Header())
		s.addHeaders(header, q.Request, q.sid, opens)
		protocol := header.Get("Sec-Websocket-Protocol")
		if protocol == "" { // a browser fails if none is chosen
			protocol, _, _ = strings.Cut(q.Header.Get("Sec-Websocket-Protocol"), ",")
		}
		for _, name := range ownHeaders {
			header.Del(name)
		}
		if protocol != "" { // gorilla/websocket would leave out the canonical spelling
			header["Sec-WebSocket-Protocol"] = []string{strings.TrimSpace(protocol)}
		}
	}}
	defer func() {
		if ws == nil && h.Conn != nil { // also if a hook panics
			h.Conn.Close()
		}
	}()
	upgrader := websocket.Upgrader{
		ReadBufferSize: bufferSize, WriteBufferSize: bufferSize, WriteBufferPool: &writeBuffers,
		CheckOrigin: func(*http.Request) bool { return true }, // see Config.AllowRequest
		EnableCompression: deflate != nil && // gorilla/websocket ignores a limit of the window
			!strings.Contains(strings.Join(q.Header["Sec-Websocket-Extensions"], ","),
				"server_max_window_bits"),
		Error: func(w http.ResponseWriter, r *http.Request, status int, reason error) {
			if h.Err != nil {
				s.config.Log.Error("engineio: no WebSocket", "err", h.Err)
				w.WriteHeader(status)
				return
			}
			w.Header().Set("Sec-Websocket-Version", "13")
			s.refuse(w, r, refusal(badRequest, "name", "TRANSPORT_HANDSHAKE_ERROR", "error",
				reason.Error()))
		},
	}
	conn, err := upgrader.Upgrade(h, q.Request, header)
	if err != nil {
		return nil
	}
	ws = &webSocket{stream: stream{conn: h.Conn}, ws: conn, codec: q.codec,
		limit: int64(s.config.MaxPayload), deflateFrom: -1}
	conn.SetReadLimit(ws.limit)
	if upgrader.EnableCompression {
		ws.deflateFrom = max(0, deflate.Threshold)
		conn.SetReadLimit(ws.limit + ws.limit/100 + 100) // incompressible data grows a little
	}
	conn.SetPingHandler(ws.pong)
	conn.SetCloseHandler(func(int, string) error { return nil }) // lastMessage answers
	return ws
}

func (ws *webSocket) name() string { return WebSocket }

// read implements source.
func (ws *webSocket) read() (eiopacket.Packet, error) {
	kind, message, err := ws.ws.NextReader()
	if err != nil {
		return eiopacket.Packet{}, ws.readError(err)
	}
	return ws.packet(kind, message)
}

// packet reads a message. It is separate from read, so that a reader needs only a small stack while
// it waits: every client has one.
func (ws *webSocket) packet(kind int, message io.Reader) (eiopacket.Packet, error) {
	data, err := io.ReadAll(io.LimitReader(message, ws.limit+1))
	switch {
	case err != nil:
		return eiopacket.Packet{}, ws.readError(err)
	case int64(len(data)) > ws.limit: // inflated
		return eiopacket.Packet{}, ws.violation(websocket.CloseMessageTooBig,
			websocket.ErrReadLimit)
	case kind == websocket.TextMessage && !utf8.Valid(data):
		return eiopacket.Packet{}, ws.violation(websocket.CloseInvalidFramePayloadData, ErrNotUTF8)
	}
	return ws.codec.ParseFrame(kind == websocket.BinaryMessage, data)
}

// A violation is a client's violation of RFC 6455. Its close frame is already in the buffer.
type violation struct{ error }

func (v *violation) Unwrap() error { return v.error }

func (ws *webSocket) violation(code int, err error) error {
	ws.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Time{})
	return &violation{err}
}

// readError distinguishes the end of the connection and the client's close frame from a violation,
// for which gorilla/websocket has in most cases buffered a close frame.
func (ws *webSocket) readError(err error) error {
	if _, closed := errors.AsType[*websocket.CloseError](err); closed || ws.conn.ReadErr() != nil {
		return err
	}
	return ws.violation(websocket.CloseProtocolError, err)
}

// ended implements source. The client has time to read the close frame, unless it has closed the
// connection.
func (ws *webSocket) ended(err error) {
	defer ws.conn.Close()
	var wrong *violation
	var syntax *eiopacket.SyntaxError
	reason := TransportClose
	switch {
	case errors.As(err, &syntax):
		reason = ParseError
	case errors.As(err, &wrong):
		reason = TransportError
	}
	ws.session.end(reason, err)
	if ws.conn.ReadErr() != nil {
		return
	}
	ws.conn.Expire(shutdownGrace)
	<-ws.session.written()                                        // or Expire makes the write fail
	if reason != TransportClose && ws.conn.FlushAll(nil) == nil { // else the client reads no more
		ws.conn.Drain()
	}
}

// pong answers a ping frame, after the queued messages.
func (ws *webSocket) pong(data string) error {
	if ws.session != nil {
		// an error appears at the next read
		ws.session.Send(controlMessage(websocket.PongMessage, []byte(data)))
		return nil
	}
	ws.ws.WriteControl(websocket.PongMessage, []byte(data), time.Time{})
	ws.conn.FlushAll(nil)
	return nil
}

func controlMessage(opcode int, payload []byte) *Message {
	return &Message{packet: eiopacket.Packet{Data: payload}, control: opcode}
}

// write implements transport.
func (ws *webSocket) write(messages []*Message) (done bool, err error) {
	for _, m := range messages {
		opcode, payload := m.frame(ws.codec)
		ws.ws.EnableWriteCompression(!m.plain && ws.deflateFrom >= 0 &&
			len(payload) >= ws.deflateFrom)
		switch {
		case m.control != 0:
			err = ws.ws.WriteControl(m.control, m.packet.Data, time.Time{})
		case m.prepared != nil && ws.codec == eiopacket.Codec{}:
			err = ws.ws.WritePreparedMessage(m.prepared)
		default:
			err = ws.ws.WriteMessage(opcode, payload)
		}
		if err != nil && !errors.Is(err, websocket.ErrCloseSent) {
			return false, err
		}
	}
	return ws.conn.Flush()
}

// lastMessage returns the close frame: without a status code, like the official server's, or with
// the client's own.
func (ws *webSocket) lastMessage(reason Reason, err error) *Message {
	var closed *websocket.CloseError
	var wrong *violation
	var payload []byte
	switch {
	// CloseAbnormalClosure means a broken connection
	case errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure:
		payload = websocket.FormatCloseMessage(closed.Code, closed.Text)
	// a close frame has been sent, or would not arrive
	case errors.As(err, &wrong), reason == TransportClose && err != nil, ws.conn.WriteErr() != nil:
		return nil
	}
	return controlMessage(websocket.CloseMessage, payload)
}

// reject implements connection.
func (ws *webSocket) reject(err error) {
	defer ws.conn.Close()
	ws.conn.Persist()
	ws.conn.Expire(shutdownGrace)
	if m := ws.lastMessage(ForcedClose, err); m != nil {
		ws.ws.WriteControl(m.control, m.packet.Data, time.Time{})
	}
	if ws.conn.FlushAll(nil) == nil {
		ws.conn.Drain()
	}
}
