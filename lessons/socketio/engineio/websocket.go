package engineio

import (
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"realtimelab/lessons/socketio/eiopacket"
)

// wsConn is a WebSocket that carries packets. gorilla/websocket does the
// handshake and the reading; the frames of messages are already made, so they
// are written to the connection under it, whole frames at a time.
type wsConn struct {
	conn    *websocket.Conn
	try     tryWriter
	dialect *dialect

	deflateFrom int // messages of so many bytes are compressed; 0 is none
	maxPayload  int64

	session *Session // owned by the reader; nil while it is a probe
}

// closeFrame is a close frame without a status code, as the official server
// sends it.
var closeFrame = controlFrame(opClose, nil)

// readBuffer is enough for the packets of a chat; larger messages are read past
// it.
const readBuffer = 512

var writeBuffers sync.Pool

func isWebSocketUpgrade(r *http.Request) bool { return websocket.IsWebSocketUpgrade(r) }

// accept completes the handshake, with the headers that w has, or has answered
// why not.
func (s *Server) accept(w http.ResponseWriter, q request) *wsConn {
	upgrader := websocket.Upgrader{
		ReadBufferSize:  readBuffer,
		WriteBufferPool: &writeBuffers,
		CheckOrigin:     func(*http.Request) bool { return true },
	}
	ws := &wsConn{dialect: q.dialect, maxPayload: int64(s.config.MaxPayload)}
	if d := s.config.PerMessageDeflate; d != nil && offersDeflate(q.Request) {
		upgrader.EnableCompression = true
		ws.deflateFrom = d.Threshold
	}
	conn, err := upgrader.Upgrade(w, q.Request, w.Header())
	if err != nil {
		s.config.Log.Debug("websocket handshake refused", "remote", q.RemoteAddr, "err", err)
		return nil
	}
	conn.SetReadLimit(ws.maxPayload)
	conn.SetPingHandler(ws.pong)
	conn.SetCloseHandler(func(int, string) error { return nil }) // endWebSocket answers
	ws.conn, ws.try = conn, newTryWriter(conn.NetConn())
	return ws
}

// openWebSocket opens a session over WebSocket. Its reader is a goroutine of
// its own, with a stack of its own size: the handler's returns.
func (s *Server) openWebSocket(w http.ResponseWriter, q request) {
	sid := newSID()
	s.addInitialHeaders(w.Header(), q.Request, sid)
	ws := s.accept(w, q)
	if ws == nil {
		return
	}
	session := s.open(q, sid, ws)
	if session == nil {
		ws.closeNow()
		return
	}
	ws.session = session
	session.flush()
	s.running.start(func() { session.readWebSocket(ws) })
}

// readWebSocket is the session's one reader until the connection ends.
func (s *Session) readWebSocket(ws *wsConn) {
	for {
		p, err := ws.read()
		if err != nil {
			s.endWebSocket(ws, err)
			return
		}
		s.receive(p)
	}
}

// endWebSocket closes the connection, and the session if it has not ended.
func (s *Session) endWebSocket(ws *wsConn, err error) {
	var syntax *eiopacket.SyntaxError
	var closed *websocket.CloseError
	switch {
	case errors.As(err, &syntax):
		s.finish(ParseError, err)
		ws.drain()
	case errors.As(err, &closed):
		s.echoClose(closed.Code)
		s.finish(TransportClose, err)
	case errors.Is(err, io.EOF):
		s.finish(TransportClose, err)
	default:
		s.finish(TransportError, err)
		ws.drain()
	}
	ws.closeNow()
}

// echoClose answers the client's close frame with its own code, unless this side
// closed first.
func (s *Session) echoClose(code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != stateClosed {
		s.push(controlFrame(opClose, websocket.FormatCloseMessage(code, "")))
	}
}

// pong answers a ping frame. What gorilla/websocket would do, writing by itself
// and with a deadline for the connection, would come into the middle of a
// message that the client has taken half of.
func (w *wsConn) pong(data string) error {
	frame := controlFrame(opPong, []byte(data))
	if w.session == nil {
		return w.writeAll(frame.frame)
	}
	w.session.Send(frame) // an error shows at the next read
	return nil
}

// read returns the next packet. Its data is not shared.
func (w *wsConn) read() (eiopacket.Packet, error) {
	kind, data, err := w.readMessage()
	switch {
	case err != nil:
		return eiopacket.Packet{}, err
	case kind == websocket.TextMessage && !utf8.Valid(data):
		w.sayWhy(websocket.CloseInvalidFramePayloadData)
		return eiopacket.Packet{}, ErrNotUTF8
	}
	return w.dialect.parseFrame(kind, data)
}

// readMessage bounds a message by its size after decompression too.
func (w *wsConn) readMessage() (kind int, data []byte, err error) {
	if w.deflateFrom == 0 {
		return w.conn.ReadMessage()
	}
	kind, r, err := w.conn.NextReader()
	if err != nil {
		return kind, nil, err
	}
	data, err = io.ReadAll(io.LimitReader(r, w.maxPayload+1))
	if err == nil && int64(len(data)) > w.maxPayload {
		w.sayWhy(websocket.CloseMessageTooBig)
		err = websocket.ErrReadLimit
	}
	return kind, data, err
}

// sayWhy sends a close frame with a code, before the connection is closed.
func (w *wsConn) sayWhy(code int) {
	w.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second))
}

// maxDrain bounds what is read and thrown away so that the close frame arrives
// before the connection is reset.
const maxDrain = 4 << 20

// drain ends the writing side and lets the client finish.
func (w *wsConn) drain() {
	nc := w.conn.NetConn()
	if half, ok := nc.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	nc.SetReadDeadline(time.Now().Add(shutdownGrace))
	io.Copy(io.Discard, io.LimitReader(nc, maxDrain))
}

// writeSome writes the frames as far as the kernel takes them without waiting,
// in one call, and returns what is left.
func (w *wsConn) writeSome(batch []*Message) (rest []byte, err error) {
	if len(batch) == 1 {
		return w.try.write(w.frame(batch[0]))
	}
	return w.try.write(w.joinFrames(batch))
}

// frame of a message as this connection takes it.
func (w *wsConn) frame(m *Message) []byte {
	if w.deflateFrom == 0 || m.plain || m.packet.Binary && w.dialect.protocol == 3 || m.packet.Type == 0 || len(m.payload()) < w.deflateFrom {
		return w.dialect.frame(m)
	}
	return m.deflated()
}

func (w *wsConn) frames(batch []*Message) [][]byte {
	frames := make([][]byte, len(batch))
	for i, m := range batch {
		frames[i] = w.frame(m)
	}
	return frames
}

func (w *wsConn) joinFrames(batch []*Message) []byte {
	size := 0
	for _, m := range batch {
		size += len(w.frame(m))
	}
	joined := make([]byte, 0, size)
	for _, m := range batch {
		joined = append(joined, w.frame(m)...)
	}
	return joined
}

// writeAll waits until all is written. It consumes frames.
func (w *wsConn) writeAll(frames ...[]byte) error {
	buffers := net.Buffers(frames)
	_, err := buffers.WriteTo(w.conn.NetConn())
	return err
}

// expire bounds the rest of the connection's life.
func (w *wsConn) expire(after time.Duration) {
	w.conn.NetConn().SetDeadline(time.Now().Add(after))
}

func (w *wsConn) closeNow() { w.conn.Close() }

// tryWriter writes to a connection what it takes without blocking: the socket
// itself, a connection that can do so, or else nothing.
type tryWriter struct {
	conn interface {
		TryWrite(frames []byte) (int, error)
	}
}

func newTryWriter(nc net.Conn) tryWriter {
	if conn, ok := nc.(interface {
		TryWrite(frames []byte) (int, error)
	}); ok {
		return tryWriter{conn}
	}
	return tryWriter{newSocketWriter(nc)}
}

func (t tryWriter) write(frames []byte) (rest []byte, err error) {
	n, err := t.conn.TryWrite(frames)
	return frames[n:], err
}
