package engineio

import (
	"time"

	"realtimelab/lessons/socketio/eiopacket"
)

// A heartbeat checks that a client is still connected. Every PingInterval the server sends a ping,
// and ends the session if the client is silent for PingTimeout after it:
//
//	server → client  2   ping
//	client → server  3   pong
//
// In revision 3 the client pings, and the server answers. Session.mu guards the fields.
//
// A client is not silent if a packet has arrived, or if the server reads nothing: because a handler
// still runs, or PauseReading has stopped the reading.
type heartbeat struct {
	session *Session
	timer   *time.Timer
	due     time.Time // when the timer fires
	pinged  bool      // a ping was sent, and due is the deadline for the answer
	heard   time.Time // time of the last packet
	late    bool      // the timer has fired late since the ping
}

// timerLate is the delay of a timer from which on the server assumes that the whole process was
// stopped: by SIGSTOP, a debugger, or a closed laptop. Pongs may be unread then, so the server
// waits once more for a short time.
const timerLate = 100 * time.Millisecond

// start is called once, with Session.mu held.
func (h *heartbeat) start() {
	config := &h.session.server.config
	after := config.PingInterval
	if h.session.Protocol() == 3 {
		h.pinged = true
		after += config.PingTimeout
	}
	h.timer = h.session.server.tasks.AfterFunc(after, h.fire)
	h.due = time.Now().Add(after)
}

// wait resets the timer. Session.mu is held.
func (h *heartbeat) wait(after time.Duration) {
	h.due = time.Now().Add(after)
	h.timer.Reset(after)
}

// stop ends the heartbeat. Session.mu is held.
func (h *heartbeat) stop() {
	if h.timer != nil {
		h.timer.Stop()
	}
}

func (h *heartbeat) fire() {
	s, config := h.session, &h.session.server.config
	s.mu.Lock()
	now := time.Now()
	busy := s.reader != nil || s.isPaused()
	timeout := config.PingTimeout
	if s.Protocol() == 3 {
		timeout += config.PingInterval
	}
	silent := now.Sub(h.heard)
	switch {
	case !s.isOpen(): // the timer fired while it was stopped
	case now.Before(h.due): // the timer was reset while it fired
		h.timer.Reset(h.due.Sub(now))
	case !h.pinged:
		h.pinged, h.late = true, false
		lag := now.Sub(h.due) // a timer is always a little late, and the delays must not add up
		if lag > timerLate {
			lag = 0
		}
		h.wait(config.PingTimeout - lag)
		s.out.push(pingPacket)
	case busy, silent < timeout:
		// The pong may be unread behind other packets. The client's own timeout continues.
		next := timeout - silent
		if busy {
			next = config.PingInterval
		}
		h.wait(next)
		if s.Protocol() != 3 {
			s.out.push(pingPacket)
		}
	case !h.late && now.Sub(h.due) > timerLate:
		h.late = true
		h.wait(config.PingTimeout / 4)
	default:
		s.mu.Unlock()
		s.end(PingTimeout, nil)
		return
	}
	s.mu.Unlock()
	if busy {
		s.ReadOn() // the pong may be the next packet
	}
	s.flush()
}

// receiveHeartbeat handles a pong, or in revision 3 a ping. An unsolicited pong has no effect.
func (s *Session) receiveHeartbeat(p eiopacket.Packet) {
	config := &s.server.config
	clientPings := s.Protocol() == 3
	if clientPings != (p.Type == eiopacket.Ping) {
		s.end(TransportError, ErrHeartbeat)
		return
	}
	s.mu.Lock()
	defer s.flush()
	defer s.mu.Unlock()
	h := &s.heartbeat
	switch {
	case !s.isOpen(): // it has ended since receive
	case clientPings:
		h.late = false
		h.wait(config.PingInterval + config.PingTimeout)
		s.out.push(pongPacket)
	case h.pinged:
		h.pinged = false
		h.wait(config.PingInterval)
	}
}
