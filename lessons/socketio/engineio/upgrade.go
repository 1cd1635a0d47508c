package engineio

import (
	"net/http"
	"slices"
	"time"

	"realtimelab/lessons/socketio/eiopacket"
)

// probeNoopDelay is how long an idle poll is left waiting once a probe has
// been answered: usually a packet ends it before the noop does.
const probeNoopDelay = 100 * time.Millisecond

// serveProbe takes a WebSocket that wants to become the session's transport:
//
//	client → server  2probe   over the WebSocket
//	server → client  3probe   over the WebSocket
//	server → client  6        ends the poll that waits
//	client → server  5        over the WebSocket: from here on it carries all
//
// Until the 5, polling goes on. A session that has been upgraded, or is being,
// takes no second WebSocket: that one is closed.
func (s *Server) serveProbe(w http.ResponseWriter, q request, session *Session) {
	s.addHeaders(w.Header(), q.Request)
	ws := s.accept(w, q)
	if ws == nil {
		return
	}
	s.running.add()
	defer s.running.done()
	ws.greet() // an error shows at the first read
	ws.expire(s.config.UpgradeTimeout)
	if !session.begin(ws) {
		s.running.start(func() { ws.part(closeFrame) })
		return
	}
	session.upgrade(ws)
}

// begin makes ws the session's probe, and reports false if the session takes none.
func (s *Session) begin(ws *wsConn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != stateOpen || s.ws != nil || s.probe != nil || s.server.config.NoUpgrades {
		return false
	}
	s.probe = ws
	return true
}

// upgrade reads the probe's side of the ladder. If it fails, the session stays
// with polling.
func (s *Session) upgrade(ws *wsConn) {
	probed := false
	for {
		p, err := ws.read()
		switch {
		case err == nil && p.Type == eiopacket.Ping && string(p.Data) == "probe":
			ws.writeAll(ws.frame(pongProbe))
			if !probed {
				probed = true
				s.endPollsSoon(ws)
			}
			continue
		case err == nil && p.Type == eiopacket.Upgrade && s.adopt(ws):
			s.payload.Lock() // what was posted before comes first
			s.payload.Unlock()
			s.readAsGuest(ws)
			return
		}
		s.abandon(ws, err)
		return
	}
}

// endPollsSoon lets the client leave polling: each of its polls must end.
func (s *Session) endPollsSoon(ws *wsConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.probe == ws {
		s.noop = time.AfterFunc(probeNoopDelay, func() { s.endIdlePoll(ws) })
	}
}

func (s *Session) endIdlePoll(ws *wsConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.probe != ws {
		return
	}
	if s.poll != nil {
		s.push(noopPacket)
		s.answerPoll()
	}
	s.noop.Reset(probeNoopDelay)
}

// adopt makes the probe the transport. It reports false when the session has
// ended meanwhile.
func (s *Session) adopt(ws *wsConn) bool {
	ws.persist()
	s.mu.Lock()
	if s.probe != ws || s.state == stateClosed {
		s.mu.Unlock()
		return false
	}
	s.endProbe()
	s.ws, ws.session = ws, s
	waiting, closing, onUpgrade := s.poll, s.state == stateClosing, s.onUpgrade
	s.poll = nil
	if closing { // over WebSocket, a close frame says it
		s.queue = slices.DeleteFunc(s.queue, func(m *Message) bool { return m == closePacket })
	}
	s.mu.Unlock()

	if waiting != nil {
		waiting.answer <- []*Message{noopPacket}
	}
	if onUpgrade != nil {
		s.upgraded(onUpgrade, ws.transport())
	}
	s.Flush()
	if closing {
		s.finish(ForcedClose, nil)
	}
	return true
}

func (s *Session) upgraded(onUpgrade func(transport string), transport string) {
	defer s.guard()
	onUpgrade(transport)
}

func (s *Session) abandon(ws *wsConn, err error) {
	s.mu.Lock()
	if s.probe == ws {
		s.endProbe()
	}
	s.mu.Unlock()
	ws.part(closeFrameFor(ForcedClose, err))
}

// endProbe forgets the probe. The caller holds mu.
func (s *Session) endProbe() {
	s.probe = nil
	if s.noop != nil {
		s.noop.Stop()
	}
}
