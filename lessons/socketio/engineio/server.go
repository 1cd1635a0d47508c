package engineio

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strconv"
	"sync"
	"time"

	"realtimelab/lessons/socketio/eiopacket"
)

// Server is an http.Handler for one path, "/engine.io/" or "/socket.io/". It
// does not look at the path itself.
type Server struct {
	config   Config
	upgrades string // as they stand in the open packet
	beats    heartbeat
	flusher  flusher
	lender   lender

	mu       sync.Mutex
	sessions map[string]*Session
	closed   bool

	running tasks // the sessions' goroutines, and those of Go
}

// NewServer makes a server. Close ends it.
func NewServer(config Config) *Server {
	config = config.withDefaults()
	return &Server{
		config:   config,
		upgrades: config.upgrades(),
		beats:    heartbeat{interval: config.PingInterval, timeout: config.PingTimeout},
		sessions: map[string]*Session{},
	}
}

// Len is the number of open sessions.
func (s *Server) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// ServeHTTP takes polling requests and WebSocket handshakes.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.config.CORS.Handle(w, r) {
		return
	}
	q := newRequest(r)
	session, refused := s.admit(q)
	if r.ContentLength != 0 && (refused != nil || r.Method != http.MethodPost) {
		http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.patience())) // of a body that nobody wants
	}
	switch {
	case refused != nil:
		s.refuse(w, r, refused)
	case q.transport == WebSocket && session != nil:
		s.serveProbe(w, q, session)
	case q.transport == WebSocket:
		s.openWebSocket(w, q)
	case session != nil:
		session.servePolling(w, r)
	default:
		s.openPolling(w, q)
	}
}

// patience is the longest that a session lives without a sign of its client, and a
// moment for its end: a body or an answer that takes longer is on its way to nobody.
func (s *Server) patience() time.Duration {
	return s.config.PingInterval + 2*s.config.PingTimeout + shutdownGrace
}

// boundWrite keeps a client that does not read a large answer from holding its
// connection, until done, which the caller calls when it has written all. Where
// deadlines cannot be, it can.
func (s *Server) boundWrite(w http.ResponseWriter) (done func()) {
	control := http.NewResponseController(w)
	control.SetWriteDeadline(time.Now().Add(s.patience()))
	return func() {
		control.Flush()
		control.SetWriteDeadline(time.Time{}) // the connection's next answers are others'
	}
}

// admit finds the session that the request belongs to, nil for a handshake, or
// the reason to refuse it.
func (s *Server) admit(q request) (*Session, *refusal) {
	upgrade := isWebSocketUpgrade(q.Request)
	switch {
	case q.transport != Polling && q.transport != WebSocket, !s.config.offers(q.transport):
		return nil, unknownTransport.with("transport", q.transport)
	case upgrade && q.transport != WebSocket:
		return nil, badRequest.with("name", "TRANSPORT_MISMATCH", "transport", q.transport)
	case q.sid == "":
		return nil, s.admitHandshake(q, upgrade)
	}
	session := s.session(q.sid)
	if session == nil {
		return nil, unknownSID.with("sid", q.sid)
	}
	if previous := session.Transport(); !upgrade && previous != q.transport {
		return nil, badRequest.with("name", "TRANSPORT_MISMATCH", "transport", q.transport, "previousTransport", previous)
	}
	if protocol := session.Protocol(); q.dialect.protocol != protocol {
		return nil, badRequest.with("name", "PROTOCOL_MISMATCH", "protocol", q.dialect.protocol, "previousProtocol", protocol)
	}
	return session, nil
}

// admitHandshake returns the reason to refuse a handshake, or nil. The hook
// comes before the version, as in the official server.
func (s *Server) admitHandshake(q request, upgrade bool) *refusal {
	switch {
	case q.Method != http.MethodGet:
		return badHandshakeMethod.with("method", q.Method)
	case q.transport == WebSocket && !upgrade:
		return badRequest.with("name", "TRANSPORT_HANDSHAKE_ERROR")
	}
	if refused := s.ask(q.Request); refused != nil {
		return refused
	}
	if q.dialect.protocol != 4 && !s.config.AllowEIO3 {
		return unsupportedVersion.with("protocol", q.dialect.protocol)
	}
	return nil
}

// ask asks the hook.
func (s *Server) ask(r *http.Request) *refusal {
	if s.config.AllowRequest == nil {
		return nil
	}
	err := s.config.AllowRequest(r)
	if err == nil {
		return nil
	}
	e := forbidden.with("message", err.Error())
	e.detail = err.Error()
	return e
}

func (s *Server) session(sid string) *Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[sid]
}

// open makes a session, tells OnSession, and starts its heartbeat. It returns
// nil when the server is closed.
func (s *Server) open(q request, sid string, ws *wsConn) *Session {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return nil
	}
	session := newSession(s, q, sid, ws)
	session.Queue(s.openPacket(session))
	s.introduce(session)
	if !s.enter(session) {
		session.finish(ServerClose, nil)
		return nil
	}
	s.beats.start(&session.beat)
	return session
}

func (s *Server) introduce(session *Session) {
	defer session.guard()
	s.config.OnSession(session)
}

// enter puts the session into the map, if it has not ended already: from here on,
// others may end it. It reports false when the server is closed.
func (s *Server) enter(session *Session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	session.mu.Lock()
	defer session.mu.Unlock()
	if session.state != stateClosed {
		s.sessions[session.id] = session
	}
	return true
}

func (s *Server) openPacket(session *Session) *Message {
	upgrades := ""
	if session.ws == nil {
		upgrades = s.upgrades
	}
	return newText(eiopacket.Open, 128, func(dst []byte) []byte {
		dst = append(dst, `{"sid":"`+session.id+`","upgrades":[`+upgrades...)
		dst = strconv.AppendInt(append(dst, `],"pingInterval":`...), s.config.PingInterval.Milliseconds(), 10)
		dst = strconv.AppendInt(append(dst, `,"pingTimeout":`...), s.config.PingTimeout.Milliseconds(), 10)
		dst = strconv.AppendInt(append(dst, `,"maxPayload":`...), int64(s.config.MaxPayload), 10)
		return append(dst, '}')
	})
}

// forget takes a session out of the map: nothing else does.
func (s *Server) forget(session *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, session.id)
}

// Close tells every client that its session ends, refuses new ones, and waits
// until all that the server started has ended, or for ctx.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	open := make([]*Session, 0, len(s.sessions))
	for _, session := range s.sessions {
		open = append(open, session)
	}
	s.mu.Unlock()
	for _, session := range open {
		session.finish(ServerClose, nil)
	}
	s.beats.close()

	defer s.lender.rest()
	return s.running.wait(ctx)
}

// Go runs f in a goroutine that Close waits for.
func (s *Server) Go(f func()) { s.running.start(f) }

func newSID() string {
	var bits [16]byte
	rand.Read(bits[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(bits[:])
}

// shutdownGrace is how long a WebSocket may take to answer a close frame while
// the server closes.
const shutdownGrace = 2 * time.Second
