package engineio

import (
	"errors"
	"time"
)

// Close ends the session from this side. What was sent before still goes out,
// then the close packet or close frame. OnClose is told ForcedClose: over
// WebSocket at once, over polling when a poll has fetched the rest, or after
// 30 s without one. A POST whose body is still on its way is aborted, and the
// session with it.
func (s *Session) Close() {
	s.mu.Lock()
	if s.state != stateOpen {
		s.mu.Unlock()
		return
	}
	if s.ws != nil {
		s.mu.Unlock()
		s.finish(ForcedClose, nil)
		return
	}
	s.state = stateClosing
	s.push(closePacket)
	s.abortUpload()
	s.closeTimer = time.AfterFunc(closeTimeout, func() { s.finish(ForcedClose, nil) })
	s.mu.Unlock()

	s.server.beats.remove(&s.beat)
	s.Flush()
}

// finish ends the session, and tells OnClose. Only the first call has an effect.
func (s *Session) finish(reason Reason, err error) {
	if s.end(reason, err) {
		s.ended(reason, err)
	}
}

func (s *Session) ended(reason Reason, err error) {
	defer s.guard()
	s.onClose(reason, err)
}

// end ends the session and everything that belongs to it: the one place where a
// session leaves the server. It reports whether this call did.
func (s *Session) end(reason Reason, err error) bool {
	s.mu.Lock()
	if s.state == stateClosed {
		s.mu.Unlock()
		return false
	}
	s.state = stateClosed
	ws, probe, waiting := s.ws, s.probe, s.poll
	s.endProbe()
	s.poll = nil
	s.abortUpload()
	if s.closeTimer != nil {
		s.closeTimer.Stop()
	}
	goodbye := ws != nil && s.sayGoodbye(reason, err)
	if probe != nil {
		probe.conn.SetDeadline(time.Now()) // its reader says goodbye
	}
	s.mu.Unlock()

	s.server.beats.remove(&s.beat)
	s.server.forget(s)
	if waiting != nil {
		waiting.answer <- farewell(reason)
	}
	switch {
	case goodbye && errors.Is(err, ErrSlowClient):
		ws.closeNow() // it would not take the rest either
	case goodbye:
		s.Flush()
	}
	return true
}

// abortUpload ends the POST whose body is being read. The caller holds mu.
func (s *Session) abortUpload() {
	if s.upload != nil { // it is of this request as long as mu is held
		s.upload.SetReadDeadline(time.Now()) // where that cannot be, it ends with its connection
	}
}

// sayGoodbye queues the close frame and bounds how long the client may take over it, and
// reports false if there is nobody to tell. The caller holds mu, so that no deadline of
// setReadDeadline's is left.
func (s *Session) sayGoodbye(reason Reason, err error) bool {
	frame := closeFrameFor(reason, err)
	if frame == nil {
		return false
	}
	s.push(frame)
	grace := closeTimeout
	if reason == ServerClose {
		grace = shutdownGrace
	}
	s.ws.expire(grace)
	return true
}

// farewell is what the poll that waits at the end of a session is answered.
func farewell(reason Reason) []*Message {
	if reason == TransportClose {
		return []*Message{noopPacket}
	}
	return []*Message{closePacket}
}
