package engineio

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"realtimelab/lessons/socketio/eiopacket"
)

// wsConn is a WebSocket that carries packets, or a stream of WebTransport, which is
// the same with other frames. The frames of messages are already made; they are written
// as they are, whole frames at a time.
type wsConn struct {
	conn     net.Conn
	try      tryWriter
	dialect  *dialect
	streamed bool // over WebTransport

	greeting    []byte // the answer to the handshake, until it is written
	deflateFrom int    // messages of so many bytes are compressed; 0 is none
	deflateTo   int    // and of no more than these; 0 is any

	// Owned by the reader.
	frames  frameReader
	session *Session // nil while it is a probe
}

// closeFrame is a close frame without a status code, as the official server
// sends it.
var closeFrame = controlFrame(opClose, nil)

// openWebSocket opens a session over WebSocket.
func (s *Server) openWebSocket(w http.ResponseWriter, q request) {
	sid := newSID()
	s.addInitialHeaders(w.Header(), q.Request, sid)
	ws := s.accept(w, q)
	if ws == nil {
		return
	}
	s.running.add()
	defer s.running.done()
	session := s.open(q, sid, ws)
	if session == nil {
		ws.greet()
		ws.closeNow()
		return
	}
	ws.session = session
	session.Flush()
	session.readAsGuest(ws)
}

// readWebSocket is the session's one reader until the connection ends, or until
// another goroutine reads on.
func (s *Session) readWebSocket(ws *wsConn) {
	r := &reader{session: s, ws: ws}
	for r.readOne() {
	}
}

// endWebSocket closes the connection, and the session if it has not ended.
func (s *Session) endWebSocket(ws *wsConn, err error) {
	var syntax *eiopacket.SyntaxError
	var closed *closeError
	switch {
	case errors.As(err, &syntax):
		s.finish(ParseError, err)
		ws.drain()
	case errors.As(err, &closed) && closed.err != nil:
		s.finish(TransportError, err)
		ws.drain()
	default: // the client's close frame, or its connection's end, a reset too
		first := s.end(TransportClose, err)
		ws.closeNow()
		if first {
			s.last = true
			s.ended(TransportClose, err)
		}
		return
	}
	ws.closeNow()
}

// closeFrameFor the end of a session, or nil where it would reach nobody. It
// answers the client's own with its code and reason.
func closeFrameFor(reason Reason, err error) *Message {
	var e *closeError
	switch {
	case errors.As(err, &e) && e.code != closeNoStatus:
		return controlFrame(opClose, append(binary.BigEndian.AppendUint16(nil, uint16(e.code)), e.reason...))
	case e == nil && reason == TransportClose && err != nil: // the connection's end
		return nil
	}
	return closeFrame
}

// greet answers the handshake where there is no frame to go with it.
func (w *wsConn) greet() error {
	greeting := w.greeting
	w.greeting = nil
	return w.writeAll(greeting)
}

// pong answers a ping frame, when it is its turn.
func (w *wsConn) pong(data []byte) error {
	frame := controlFrame(opPong, data)
	if w.session == nil {
		return w.writeAll(frame.frame)
	}
	w.session.Send(frame) // an error shows at the next read
	return nil
}

// read returns the next packet. Its data is not shared.
func (w *wsConn) read() (eiopacket.Packet, error) {
	next := w.frames.next
	if w.streamed {
		next = w.frames.nextStreamed
	}
	opcode, data, err := next()
	if err != nil {
		return eiopacket.Packet{}, err
	}
	return w.dialect.parseFrame(opcode, data)
}

// maxDrain bounds what is read and thrown away so that the close frame arrives
// before the connection is reset.
const maxDrain = 4 << 20

// drain ends the writing side and lets the client finish.
func (w *wsConn) drain() {
	if half, ok := w.conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	w.conn.SetReadDeadline(time.Now().Add(shutdownGrace))
	io.Copy(io.Discard, io.LimitReader(w.conn, maxDrain))
}

// part closes a connection that carries no session.
func (w *wsConn) part(frame *Message) {
	if !w.streamed {
		w.expire(shutdownGrace)
		w.writeAll(frame.frame)
		w.drain()
	}
	w.closeNow()
}

// writeSome writes the frames as far as the kernel takes them without waiting,
// in one call, and returns what is left.
func (w *wsConn) writeSome(batch []*Message) (rest []byte, err error) {
	if w.greeting == nil && len(batch) == 1 {
		return w.try.write(w.frame(batch[0]))
	}
	scratch := scratches.Get().(*[]byte)
	defer scratches.Put(scratch)
	joined := append((*scratch)[:0], w.greeting...)
	w.greeting = nil
	for _, m := range batch {
		joined = append(joined, w.frame(m)...)
	}
	rest, err = w.try.write(joined)
	if cap(joined) <= maxScratch {
		*scratch = joined
	}
	return slices.Clone(rest), err
}

// scratches hold the joined frames of one write.
var scratches = sync.Pool{New: func() any { return new([]byte) }}

// maxScratch bounds what is kept between writes.
const maxScratch = 64 << 10

// frame of a message as this connection takes it.
func (w *wsConn) frame(m *Message) []byte {
	if w.streamed {
		return m.streamed()
	}
	if w.deflateFrom == 0 || m.plain || w.dialect.reframes(m) || m.packet.Type == 0 {
		return w.dialect.frame(m)
	}
	if size := len(m.payload()); size < w.deflateFrom || w.deflateTo > 0 && size > w.deflateTo {
		return m.frame
	}
	return m.deflated()
}

func (w *wsConn) framesOf(batch []*Message) [][]byte {
	frames := make([][]byte, len(batch))
	for i, m := range batch {
		frames[i] = w.frame(m)
	}
	return frames
}

// writeAll waits until all is written. It consumes frames.
func (w *wsConn) writeAll(frames ...[]byte) error {
	buffers := net.Buffers(frames)
	_, err := buffers.WriteTo(w.conn)
	return err
}

// expire bounds the rest of the connection's life.
func (w *wsConn) expire(after time.Duration) {
	w.conn.SetDeadline(time.Now().Add(after))
}

// persist takes expire back.
func (w *wsConn) persist() { w.conn.SetDeadline(time.Time{}) }

func (w *wsConn) closeNow() { w.conn.Close() }

// transport is the name of what the connection is.
func (w *wsConn) transport() string {
	if w.streamed {
		return WebTransport
	}
	return WebSocket
}

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
