package engineio

import "time"

// A new WebSocket is read on the goroutine of the HTTP handler that opened it: it is
// there, and nobody has to be woken while the first packets come and go. But it has far
// more memory than a reader needs, so it is a guest of the handler: when one to two of
// the lender's paces are over, a goroutine of its own reads on, and the handler returns.

// readAsGuest is readWebSocket for the goroutine of a handler.
func (s *Session) readAsGuest(ws *wsConn) {
	r := &reader{session: s, ws: ws}
	l := &s.server.lender
	l.invite(r)
	for l.sit(r) {
		ws.frames.in.await() // an error shows when it is read
		if !l.rise(r) {
			break
		}
		if !r.readOne() {
			l.depart(r)
			return
		}
	}
	s.resume(ws)
	s.server.running.start(func() { s.readWebSocket(ws) })
}

// interrupt ends a guest's wait. The end of a session has its own deadline, which stays.
func (s *Session) interrupt(ws *wsConn) { s.setReadDeadline(ws, time.Now()) }

// resume takes interrupt back.
func (s *Session) resume(ws *wsConn) { s.setReadDeadline(ws, time.Time{}) }

func (s *Session) setReadDeadline(ws *wsConn, t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != stateClosed {
		ws.conn.SetReadDeadline(t)
	}
}

func (l *lender) invite(r *reader) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.guests == nil {
		l.guests = map[*reader]int{}
	}
	l.guests[r] = 0
	l.wake()
}

func (l *lender) depart(r *reader) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.guests, r)
}

// sit begins a guest's wait for the next packet, and reports false if it is to go.
func (l *lender) sit(r *reader) bool { return l.setWaiting(r, true) }

// rise ends the wait, and reports false if the guest is to go.
func (l *lender) rise(r *reader) bool { return l.setWaiting(r, false) }

func (l *lender) setWaiting(r *reader, waiting bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.waiting = waiting
	_, stays := l.guests[r]
	return stays
}

// dismissGuests sends those away who have stayed long enough: at once who waits, the
// others after their packet. The caller holds mu.
func (l *lender) dismissGuests() {
	for r := range l.guests {
		l.empty = 0
		if l.guests[r]++; l.guests[r] < 2 {
			continue
		}
		delete(l.guests, r)
		if r.waiting {
			r.session.interrupt(r.ws)
		}
	}
}
