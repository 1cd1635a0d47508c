package engineio

import (
	"errors"
	"time"
)

// state is the stage of a session's life. An upgrade is part of the first two: see Session.upgrade.
type state uint8

const (
	openState state = iota
	// closingState: Close was called, and the client has to fetch what is queued by polls.
	closingState
	closedState
)

// enter advances to a later state. It returns false if the session is already in that state or a
// later one. s.mu is held.
func (s *Session) enter(next state) bool {
	if next <= s.state {
		return false
	}
	s.state = next
	return true
}

// isOpen reports whether the session sends and receives messages. s.mu is held.
func (s *Session) isOpen() bool { return s.state == openState }

// A Reason says why a session closed, in the official server's words. The constants are all
// reasons.
type Reason string

const (
	// TransportError: the connection broke, or the client broke the protocol.
	TransportError Reason = "transport error"
	// TransportClose: the client closed, by a close packet or its connection.
	TransportClose Reason = "transport close"
	// ForcedClose: this side called Session.Close.
	ForcedClose Reason = "forced close"
	// PingTimeout: the client did not answer a ping in time.
	PingTimeout Reason = "ping timeout"
	// ParseError: the client sent a packet that cannot be decoded.
	ParseError Reason = "parse error"
	// ServerClose: Server.Close or Server.Shutdown was called.
	ServerClose Reason = "server shutting down"
)

// Send returns ErrClosed and ErrSlowClient, Flush returns ErrClosed. OnClose's function receives
// all of them except ErrClosed.
var (
	// ErrClosed: the session has ended, or Close was called.
	ErrClosed = errors.New("engineio: session closed")
	// ErrSlowClient: the queue is full or stalled; see Config.MaxQueue and Config.StallTimeout.
	ErrSlowClient = errors.New("engineio: the client reads too slowly: its queue is full")
	// ErrOverlap: the client sent a second GET or POST while the server was serving the first.
	ErrOverlap = errors.New("engineio: overlap from client: a second request of the same kind")
	// ErrPollCancelled: the client cancelled a held GET.
	ErrPollCancelled = errors.New("engineio: poll connection closed prematurely")
	// ErrHeartbeat: a ping from a client of revision 4, or a pong from one of revision 3.
	ErrHeartbeat = errors.New("engineio: invalid heartbeat direction")
	// ErrContentType: a POST of binary content in revision 4.
	ErrContentType = errors.New("engineio: invalid content type")
	// ErrNotUTF8: a text message over WebSocket that is not UTF-8.
	ErrNotUTF8 = errors.New("engineio: text message is not UTF-8")
)

// Close ends the session with ForcedClose. Earlier messages are sent first, then the close packet
// or close frame. Over WebSocket and WebTransport, OnClose's function is called at once; over
// polling, when polls have fetched the queue, or after PingInterval plus PingTimeout. A POST whose
// body is still arriving is aborted, and ends the session. Close does not block; a second call does
// nothing.
func (s *Session) Close() { s.close(ForcedClose) }

// close is Close with a reason.
func (s *Session) close(reason Reason) {
	s.mu.Lock()
	switch {
	case !s.isOpen():
		s.mu.Unlock()
	case s.transport.beginClose(&s.out):
		s.enter(closingState)
		s.closeReason = reason
		s.heartbeat.stop()
		within := s.server.config.PingInterval + s.server.config.PingTimeout
		s.closeTimer = s.server.tasks.AfterFunc(within, func() { s.end(reason, nil) })
		s.mu.Unlock()
		s.flush()
	default:
		s.mu.Unlock()
		s.end(reason, nil)
	}
}

// end ends the session and its timers and transport, and calls OnClose's function. Only end removes
// a session from the server, and only its first call has an effect. The reader of a connection
// closes it when the client does, or when transport.end's deadline has passed.
func (s *Session) end(reason Reason, err error) {
	s.server.tasks.Add() // end may run on a goroutine of the program or of a timer
	defer s.server.tasks.Leave()
	s.mu.Lock()
	if !s.enter(closedState) {
		s.mu.Unlock()
		return
	}
	s.heartbeat.stop()
	if s.closeTimer != nil {
		s.closeTimer.Stop()
	}
	transport, upgrade := s.transport, s.upgrade
	if upgrade != nil {
		upgrade.stop()
	}
	if m := transport.lastMessage(reason, err); m != nil {
		s.out.push(m)
	}
	s.out.signal()
	s.mu.Unlock()

	s.server.mu.Lock()
	if s.server.sessions[s.id] == s {
		delete(s.server.sessions, s.id)
		s.server.past.Closed[reason]++
		s.server.past.Traffic.add(s.traffic)
		s.server.open.Leave()
	}
	s.server.mu.Unlock()
	if upgrade != nil {
		upgrade.conn.net().SetReadDeadline(time.Now()) // its reader rejects the connection
	}
	transport.end(reason, err)
	s.flush()
	s.guard(func() { s.onClose(reason, err) })
}
