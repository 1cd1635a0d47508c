// Package engineio is an Engine.IO server, revision 4: sessions that carry messages over HTTP
// long-polling, WebSocket or WebTransport, and move from the first to one of the others. It follows
// the protocol document and, where that is silent, the official server. It is independent of
// Socket.IO.
//
// NewServer returns an http.Handler that calls Config.OnSession with a Session for each client. The
// example is an echo server.
//
// # Opening
//
// Server.ServeHTTP (server.go) reads the query and admits or refuses the request (handshake.go). A
// handshake creates a Session (session.go) on a transport: polling.go, websocket.go or
// webtransport.go. The transport is an interface, and the session does not know which one it has.
//
// # Reading
//
// One goroutine at a time reads each connection, and each POST's body: reader.run (read.go). It
// also runs OnMessage's function, so TCP slows down a client that sends faster than its messages
// are handled. The path of an incoming message:
//
//	webSocket.read     (websocket.go)  gorilla/websocket reads the frames, codec reads the packet
//	reader.run         (read.go)       the goroutine that reads this connection
//	Session.receive    (read.go)       heartbeat, backpressure
//	the function that OnMessage has set
//
// # Writing
//
// The sender appends the message to the session's queue (queue.go), and writes as much as the
// connection accepts at once. It does not wait for the client: another goroutine, which exists only
// for that, writes the rest. The path of an outgoing message:
//
//	Session.Send       (write.go)      into the queue; Enqueue leaves the rest to another goroutine
//	Session.flush      (write.go)      one writer at a time
//	webSocket.write    (websocket.go)  gorilla/websocket writes the frames
//	gather.Conn.Flush  (internal/gather) several frames in one system call, which does not wait
//
// # Upgrading
//
// A session that polls moves to a WebSocket or a WebTransport stream that the client has probed:
// upgrade.go lists the packets. Polling continues until the last of them.
//
// # Ending
//
// A session ends by Session.Close, Server.Close, the client's close packet in a POST or its close
// frame, the end of its connection, a violation of the protocol, or silence (heartbeat.go). Only
// Session.end (close.go) ends a session, and it calls OnClose's function once.
package engineio

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"realtimelab/internal/tasks"
	"realtimelab/lessons/socketio/internal/body"
	"realtimelab/lessons/socketio/internal/gather"
)

// A Server is an http.Handler to be mounted at a path, such as "/engine.io/" or "/socket.io/". It
// does not check the path. Its methods may be called from any goroutine.
type Server struct {
	config   Config
	upgrades string // as in the open packet
	tasks    tasks.Group
	conns    gather.Set           // open connections, even if the session has ended
	pending  tasks.List[*Session] // with messages that Enqueue has queued
	open     tasks.Group          // counts sessions, for Shutdown

	mu       sync.Mutex // guards what follows
	sessions map[string]*Session
	closed   bool  // new sessions are refused
	past     Stats // of sessions that have ended, and Opened
}

// NewServer returns a server. It starts no goroutine before the first request. Close must be called
// when the HTTP server stops. NewServer panics if Config.OnSession is nil.
func NewServer(config Config) *Server {
	if config.OnSession == nil {
		panic("engineio: Config.OnSession is nil: it has to set what a " +
			"session does with its messages")
	}
	config = config.withDefaults()
	var upgrades []string
	for _, transport := range []string{WebSocket, WebTransport} {
		if config.offers(transport) && !config.NoUpgrades {
			upgrades = append(upgrades, `"`+transport+`"`)
		}
	}
	s := &Server{config: config, upgrades: strings.Join(upgrades, ","),
		sessions: map[string]*Session{}, past: Stats{Closed: map[Reason]uint64{}}}
	s.pending.Group, s.pending.Do = &s.tasks, (*Session).flushScheduled
	return s
}

// Len returns the number of open sessions. A session counts from the return of OnSession until
// OnClose's function is called.
func (s *Server) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// ServeHTTP serves polling requests and WebSocket handshakes. An invalid request is refused as the
// protocol says: see ConnectionError. A call for a GET returns when there is a packet, and a call
// for a POST when the packets have been handled. For a WebSocket, it returns after the handshake,
// and other goroutines serve the connection. The ResponseWriter must support Hijack, deadlines and
// Flush, itself or through Unwrap.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		body.Skip(w, r)
	}
	if s.config.CORS.Handle(w, r) {
		return
	}
	q := newRequest(r)
	session, refused := s.admit(&q, Polling, WebSocket)
	switch {
	case refused != nil:
		s.refuse(w, r, refused)
	case q.transport == WebSocket:
		s.serveWebSocket(w, q, session)
	case session != nil:
		session.servePolling(w, r)
	default:
		s.openPolling(w, q)
	}
}

// newSession creates a session on a transport, calls OnSession, and starts the heartbeat. If the
// server has closed meanwhile, or the sid is in use, it ends the session and returns the refusal.
func (s *Server) newSession(q request, t transport) (*Session, *ConnectionError) {
	first := q.WithContext(context.WithoutCancel(q.Context()))
	first.Body, first.Trailer = http.NoBody, nil
	session := &Session{
		server:    s,
		id:        q.sid,
		codec:     q.codec,
		request:   first,
		opened:    time.Now(),
		onMessage: func([]byte, bool) {},
		onClose:   func(Reason, error) {},
		onUpgrade: func(string) {},
		transport: t,
		out:       queue{limit: s.config.MaxQueue, stall: s.config.StallTimeout},
	}
	session.heartbeat.session = session
	t.attach(session)
	if t.name() != Polling { // whose handshake is answered with these
		for _, m := range s.openPackets(q.sid, "") {
			session.out.push(m)
		}
	}
	session.guard(func() { s.config.OnSession(session) })

	var refused *ConnectionError
	s.mu.Lock()
	session.mu.Lock()
	switch {
	case s.closed:
		refused = serverClosed()
	case s.sessions[q.sid] != nil:
		refused = refusal(badRequest, "name", "ID_GENERATION_ERROR", "error", errID)
	case session.state != closedState:
		s.sessions[q.sid] = session
		s.past.Opened++
		s.open.Add()
		session.heartbeat.start()
	}
	session.mu.Unlock()
	s.mu.Unlock()
	if refused != nil {
		session.end(ServerClose, refused)
	}
	return session, refused
}

// start opens a session on a connection, and reads it. A refusal only closes the connection,
// because the handshake is answered.
func (s *Server) start(q request, conn connection) {
	s.tasks.Add() // so that Close waits: the HTTP server does not wait for a hijacked connection
	defer s.tasks.Leave()
	reads := false
	defer func() {
		if !reads { // a hook called runtime.Goexit
			conn.net().Close()
		}
	}()
	session, refused := s.newSession(q, conn)
	if refused != nil {
		s.report(q.Request, refused)
	}
	session.flush()
	session.read(conn)
	reads = true
}

// openPackets returns the first packets of a session.
func (s *Server) openPackets(sid, upgrades string) []*Message {
	open := newText(fmt.Appendf(nil,
		`0{"sid":%s,"upgrades":[%s],"pingInterval":%d,"pingTimeout":%d,"maxPayload":%d}`,
		body.JSONString(sid),
		upgrades, s.config.PingInterval.Milliseconds(), s.config.PingTimeout.Milliseconds(),
		s.config.MaxPayload))
	if s.config.InitialPacket != nil {
		return []*Message{open, s.config.InitialPacket}
	}
	return []*Message{open}
}

// Close ends every session with ServerClose, refuses new ones with status 503, and waits until all
// goroutines of the server have ended. If ctx ends first, it returns ctx's error. Each connection
// has 2 s to close in order. OnClose's functions of several sessions run at once. Close waits for
// the program's functions that are still running, so none of them may call it.
func (s *Server) Close(ctx context.Context) error {
	s.conns.Expire(shutdownGrace)
	for _, session := range s.refuseSessions() {
		s.tasks.Go(func() { session.end(ServerClose, nil) })
	}
	return s.tasks.Wait(ctx)
}

// RefuseSessions answers handshakes with status 503 and Retry-After from now on. Open sessions are
// not affected. Call it first in a shutdown, then wait for the program's own work, then call
// Shutdown.
func (s *Server) RefuseSessions() { s.refuseSessions() }

// refuseSessions is RefuseSessions. It returns the open sessions.
func (s *Server) refuseSessions() []*Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return slices.Collect(maps.Values(s.sessions))
}

// Shutdown refuses new sessions, and ends each open one with ServerClose when its client has
// received its queue. Over polling, the client receives the close packet with its next poll, so the
// HTTP server must serve until Shutdown has returned. A session whose client does not poll ends
// after PingInterval plus PingTimeout. Shutdown does not wait for OnMessage's functions before it
// ends a session: if they then send, they get ErrClosed.
//
// If ctx ends first, the remaining sessions end at once, as by Close, and Shutdown returns ctx's
// error.
func (s *Server) Shutdown(ctx context.Context) error {
	for _, session := range s.refuseSessions() {
		s.tasks.Go(func() {
			select {
			case <-session.written():
				session.close(ServerClose)
			case <-ctx.Done():
			}
		})
	}
	err := s.open.Wait(ctx)
	return cmp.Or(err, s.Close(ctx))
}

// Go runs f in a goroutine that Close waits for.
func (s *Server) Go(f func()) { s.tasks.Go(f) }
