package engineio

import (
	"sync"
	"time"
)

// heartbeat keeps the time of every session of a server with one timer.
//
// All sessions have the same interval and the same timeout, so each of the
// lists is in the order of its deadlines: the next to act on is at the front,
// and a session that starts to wait goes to the back.
type heartbeat struct {
	interval, timeout time.Duration

	mu      sync.Mutex
	resting beats // to be pinged at their due time
	pinged  beats // to be closed at their due time
	pinging beats // the same, of clients that ping: revision 3
	timer   *time.Timer
	alarm   time.Time // when timer fires; zero if it is stopped
	closed  bool
}

// beat is a session's place in one of the lists. heartbeat.mu guards it.
type beat struct {
	session    *Session
	due        time.Time
	list       *beats
	prev, next *beat
}

// beats is a doubly linked list in the order of due.
type beats struct{ first, last *beat }

func (l *beats) push(b *beat) {
	b.list, b.prev, b.next = l, l.last, nil
	if l.last != nil {
		l.last.next = b
	} else {
		l.first = b
	}
	l.last = b
}

func (b *beat) unlink() {
	if b.list == nil {
		return
	}
	if b.prev != nil {
		b.prev.next = b.next
	} else {
		b.list.first = b.next
	}
	if b.next != nil {
		b.next.prev = b.prev
	} else {
		b.list.last = b.prev
	}
	b.list, b.prev, b.next = nil, nil, nil
}

// start starts the interval to the session's next ping: at the handshake, and in
// revision 3, where the client pings, at each ping.
func (h *heartbeat) start(b *beat) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if b.session.Protocol() == 3 {
		h.place(b, &h.pinging, h.interval+h.timeout)
		return
	}
	h.place(b, &h.resting, h.interval)
}

// pong is start for a session that was pinged. A pong that nobody asked for
// changes nothing.
func (h *heartbeat) pong(b *beat) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if b.list == &h.pinged {
		h.place(b, &h.resting, h.interval)
	}
}

// heard starts the timeout of a session that was pinged anew, once: its client is
// there, and busy with something that is long in sending.
func (h *heartbeat) heard(b *beat) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if b.list == &h.pinged {
		h.place(b, &h.pinged, h.timeout)
	}
}

func (h *heartbeat) remove(b *beat) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b.unlink()
}

func (h *heartbeat) place(b *beat, l *beats, after time.Duration) {
	b.unlink()
	if h.closed {
		return
	}
	b.due = time.Now().Add(after)
	l.push(b)
	h.setAlarm()
}

// setAlarm makes the timer fire no later than the first due time. It may fire
// early, when the session it was set for is gone.
func (h *heartbeat) setAlarm() {
	next := time.Time{}
	for _, b := range [...]*beat{h.resting.first, h.pinged.first, h.pinging.first} {
		if b != nil && (next.IsZero() || b.due.Before(next)) {
			next = b.due
		}
	}
	if next.IsZero() || (!h.alarm.IsZero() && !next.Before(h.alarm)) {
		return
	}
	h.alarm = next
	if h.timer == nil {
		h.timer = time.AfterFunc(time.Until(next), h.fire)
		return
	}
	h.timer.Reset(time.Until(next))
}

func (h *heartbeat) fire() {
	toPing, toClose := h.due(time.Now())
	for _, s := range toPing {
		s.ping()
	}
	for _, s := range toClose {
		s.finish(PingTimeout, nil)
	}
}

// due takes the sessions whose time has come, and starts the timeout of those
// to be pinged.
func (h *heartbeat) due(now time.Time) (toPing, toClose []*Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.alarm = time.Time{}
	for _, l := range [...]*beats{&h.pinged, &h.pinging} {
		for b := l.first; b != nil && !b.due.After(now); b = l.first {
			b.unlink()
			toClose = append(toClose, b.session)
		}
	}
	for b := h.resting.first; b != nil && !b.due.After(now); b = h.resting.first {
		h.place(b, &h.pinged, h.timeout)
		b.session.awaited.Store(true)
		toPing = append(toPing, b.session)
	}
	if !h.closed {
		h.setAlarm()
	}
	return toPing, toClose
}

func (h *heartbeat) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	if h.timer != nil {
		h.timer.Stop()
	}
}
