package engineio

import (
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"realtimelab/lessons/socketio/eiopacket"
)

// Session is one client, whatever transport carries it. Its methods may be
// called from any goroutine.
type Session struct {
	server    *Server
	id        string
	dialect   *dialect // of the handshake
	handshake packedHandshake

	// Set in Config.OnSession, and not changed after.
	onMessage func(data []byte, binary bool)
	onClose   func(reason Reason, err error)

	reader *reader // while OnMessage's function runs on it; owned by it
	lent   *reader // while it runs something else; guarded by server.lender.mu
	last   bool    // OnClose's function runs on the last reader; owned by who ended the session

	beat    beat        // owned by server.beats
	awaited atomic.Bool // since its ping, nothing was heard of the client

	payload sync.Mutex // held while the packets of a POST are taken

	mu        sync.Mutex // guards all below; nothing blocks while it is held
	state     state
	ws        *wsConn                  // the transport; nil while it is polling
	probe     *wsConn                  // the WebSocket of an upgrade under way
	poll      *poll                    // the GET that waits
	posting   bool                     // a POST is being taken
	upload    *http.ResponseController // of the POST whose body is being read
	onUpgrade func(transport string)

	closeTimer *time.Timer // bounds stateClosing
	noop       *time.Timer // ends an idle poll during an upgrade

	queue      []*Message // waiting to be written
	queueBytes int
	inFlight   int        // bytes that the kernel would not take at once
	written    []*Message // the queue's spare half
	writing    bool       // one goroutine writes to ws
	scheduled  bool       // in the flusher's list
}

// state of a session. It only rises.
type state uint8

const (
	stateOpen state = iota
	// stateClosing: Close was called; what is queued and the close packet are
	// still to be fetched by a poll.
	stateClosing
	stateClosed
)

func newSession(server *Server, q request, sid string, ws *wsConn) *Session {
	s := &Session{
		server:    server,
		id:        sid,
		dialect:   q.dialect,
		ws:        ws,
		handshake: packHandshake(q.Request),
		onMessage: func([]byte, bool) {},
		onClose:   func(Reason, error) {},
	}
	s.beat.session = s
	return s
}

// ID is the session's sid: 128 random bits as 22 characters.
func (s *Session) ID() string { return s.id }

// Protocol is the revision of Engine.IO that the client speaks: 4, or 3.
func (s *Session) Protocol() int { return s.dialect.protocol }

// Handshake is what the client sent to open the session. It is made for each
// call, and the caller's.
func (s *Session) Handshake() *Handshake { return s.handshake.unpack() }

// OnMessage sets what takes the client's messages, one at a time and in order.
// It owns data. While it runs, nothing more is read from the client.
func (s *Session) OnMessage(f func(data []byte, binary bool)) { s.onMessage = f }

// OnClose sets what is called once when the session has ended. The error says
// more than the reason, and may be nil.
func (s *Session) OnClose(f func(reason Reason, err error)) { s.onClose = f }

// OnUpgrade sets what is called when the transport has changed.
func (s *Session) OnUpgrade(f func(transport string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onUpgrade = f
}

// Transport is the name of the transport in use.
func (s *Session) Transport() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.transport()
}

func (s *Session) transport() string {
	if s.ws != nil {
		return s.ws.transport()
	}
	return Polling
}

// receive takes one packet from the client's current transport.
func (s *Session) receive(p eiopacket.Packet) {
	if !s.isOpen() {
		return
	}
	if p.Type != eiopacket.Pong && s.awaited.CompareAndSwap(true, false) {
		s.server.beats.heard(&s.beat)
	}
	switch p.Type {
	case eiopacket.Message:
		s.deliver(p)
	case eiopacket.Ping, eiopacket.Pong:
		s.receiveBeat(p)
	}
}

// deliver calls OnMessage's function. If that ends its goroutine, another reads on.
func (s *Session) deliver(p eiopacket.Packet) {
	r, returned := s.reader, false
	defer func() {
		if !returned && r != nil && !r.gone {
			s.server.running.start(func() { s.readWebSocket(r.ws) })
		}
	}()
	s.tell(p)
	returned = true
}

func (s *Session) tell(p eiopacket.Packet) {
	defer s.guard()
	s.onMessage(p.Data, p.Binary)
}

// guard is deferred around the callbacks: it keeps a panic of theirs from ending the
// process, and ends the session.
func (s *Session) guard() {
	if v := recover(); v != nil {
		s.server.config.Log.Error("callback panicked", "sid", s.id, "panic", v, "stack", string(debug.Stack()))
		s.Close()
	}
}

// receiveBeat takes the client's part of the heartbeat: a pong, or in revision 3
// a ping.
func (s *Session) receiveBeat(p eiopacket.Packet) {
	switch fromClient := s.Protocol() == 3; {
	case fromClient != (p.Type == eiopacket.Ping):
		s.finish(TransportError, ErrHeartbeat)
	case fromClient:
		s.server.beats.start(&s.beat)
		s.Send(pongPacket) // an error is the session's end, which OnClose is told
	default:
		s.server.beats.pong(&s.beat)
	}
}

func (s *Session) isOpen() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == stateOpen
}

func (s *Session) ping() {
	s.mu.Lock()
	if s.state == stateOpen {
		s.push(pingPacket)
	}
	s.mu.Unlock()
	s.Flush()
}
