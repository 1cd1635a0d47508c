package engineio

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"

	"realtimelab/lessons/socketio/eiopacket"
)

// ServeWebTransport takes the bidirectional stream that a client of WebTransport has
// opened in its session: another server speaks HTTP/3. The first packet says what the
// stream is for, and must come within UpgradeTimeout:
//
//	0                a new session
//	0{"sid":"…"}     the upgrade of one that polls; 2probe, 3probe and 5 follow
//
// Each packet has a header of 1, 3 or 9 bytes before it, which is that of a WebSocket
// frame without its first byte: the length, and in the highest bit whether the packet
// is binary.
//
// The server owns conn, whose Close ends the WebTransport session, and Close is how a
// session of the server's ends: there is no close frame. r is the request that opened
// the WebTransport session. AllowRequest is asked about it; no answer can refuse a
// stream, so one that no session takes is closed. ServeWebTransport returns when it has
// no more use for the calling goroutine.
func (s *Server) ServeWebTransport(conn net.Conn, r *http.Request) {
	ws := &wsConn{conn: conn, try: newTryWriter(conn), dialect: current, streamed: true}
	ws.frames.limit = int64(s.config.MaxPayload)
	ws.frames.in.init(conn)
	ws.expire(s.config.UpgradeTimeout)
	p, err := ws.read()
	switch {
	case err != nil || p.Type != eiopacket.Open || p.Binary:
		ws.closeNow()
	case len(p.Data) == 0:
		s.openStream(ws, request{Request: r, transport: WebTransport, dialect: current})
	default:
		s.probeStream(ws, r, p.Data)
	}
}

// openStream opens a session over WebTransport.
func (s *Server) openStream(ws *wsConn, q request) {
	s.running.add()
	defer s.running.done()
	var session *Session
	defer func() {
		if session == nil { // refused, or a hook has panicked
			ws.closeNow()
		}
	}()
	if refused := s.admitStream(q); refused != nil {
		s.tellRefusal(q.Request, refused)
		return
	}
	ws.persist()
	if session = s.open(q, newSID(), ws); session == nil {
		return
	}
	ws.session = session
	session.Flush()
	session.readAsGuest(ws)
}

func (s *Server) admitStream(q request) *refusal {
	if !s.config.offers(WebTransport) {
		return unknownTransport.with("transport", WebTransport)
	}
	return s.ask(q.Request)
}

// probeStream takes a stream that wants to become a session's transport.
func (s *Server) probeStream(ws *wsConn, r *http.Request, data []byte) {
	var handshake struct {
		SID string `json:"sid"`
	}
	s.running.add()
	defer s.running.done()
	err := json.Unmarshal(data, &handshake)
	session := s.session(handshake.SID)
	if err == nil && session != nil && s.config.offers(WebTransport) && session.begin(ws) {
		ws.expire(s.config.UpgradeTimeout)
		session.upgrade(ws)
		return
	}
	ws.closeNow()
	if err != nil || session == nil {
		s.tellRefusal(r, unknownSID.with("sid", handshake.SID))
	}
}

// nextStreamed is next for a stream of WebTransport.
func (f *frameReader) nextStreamed() (opcode byte, data []byte, err error) {
	defer f.in.release()
	head, err := f.in.next(1)
	if err != nil {
		return 0, nil, err
	}
	h := frameHeader{opcode: opText}
	if head[0]&streamBinaryBit != 0 {
		h.opcode = opBinary
	}
	if err := f.length(&h, head[0]&^streamBinaryBit); err != nil {
		return 0, nil, err
	}
	if h.length == 0 || h.length > f.limit {
		return 0, nil, &eiopacket.SyntaxError{Reason: "packet that is empty, or over MaxPayload"}
	}
	data, err = f.payload(h, nil)
	if h.opcode == opText {
		data = bytes.ToValidUTF8(data, []byte("\ufffd"))
	}
	return h.opcode, data, err
}

// streamBinaryBit stands where a WebSocket frame says that it is masked.
const streamBinaryBit = 0x80

// streamed is the message as a stream of WebTransport carries it; nothing, if it is one
// of WebSocket's own.
func (m *Message) streamed() []byte {
	if m.packet.Type == 0 {
		return nil
	}
	return m.variant(streamFrame, func() []byte {
		if m.packet.Binary && len(m.payload()) == 0 {
			return emptyBinary
		}
		frame := putHeader(append(make([]byte, maxHeader, maxHeader+len(m.payload())), m.payload()...), 0)[1:]
		if m.packet.Binary {
			frame[0] |= streamBinaryBit
		}
		return frame
	})
}

// emptyBinary is the text of no bytes in base64: no packet has the length 0.
var emptyBinary = []byte("\x01b")

// hangUp closes a stream whose session has ended, when all is written. The caller holds
// mu.
func (s *Session) hangUp() {
	if s.state == stateClosed && s.ws != nil && s.ws.streamed && !s.writing && len(s.queue) == 0 {
		s.ws.closeNow()
	}
}
