package engineio

import (
	"sync"
	"time"
)

// reader is one goroutine's turn at reading a WebSocket.
type reader struct {
	session *Session
	ws      *wsConn
	gone    bool // another goroutine reads on; owned by this one
	rounds  int  // of the lender, since it was lent; guarded by lender.mu
	waiting bool // for a packet, as a guest; guarded by lender.mu
}

// readOne takes the next packet, and reports whether this goroutine is to read on.
func (r *reader) readOne() bool {
	p, err := r.ws.read()
	if err != nil {
		r.session.endWebSocket(r.ws, err)
		return false
	}
	r.session.reader = r
	r.session.receive(p)
	if !r.gone {
		r.session.reader = nil
	}
	return !r.gone
}

// Lend runs f on the calling goroutine, which must be the one that OnMessage's
// function was called on, and reports whether it did: only the reader of a
// WebSocket can be lent. Nobody has to be woken for f, and if it is done soon the
// goroutine goes on reading. If it is not, or Reclaim is called, another goroutine
// reads on meanwhile.
func (s *Session) Lend(f func()) bool {
	r := s.reader
	if r == nil {
		return false
	}
	s.server.lender.add(r)
	defer func() { r.gone = !s.server.lender.takeBack(r) }() // though f panics
	f()
	return true
}

// LendLast is Lend for OnClose's function: it runs f on the calling goroutine, and
// reports whether it did, if that was the reader, which has nothing left to read.
func (s *Session) LendLast(f func()) bool {
	if s.last {
		f()
	}
	return s.last
}

// Reclaim lets another goroutine read on if the reader is lent. Who is about to wait
// for the client calls it.
func (s *Session) Reclaim() {
	l := &s.server.lender
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.lent != nil {
		l.replace(s.lent)
	}
}

// lenderPace is how often the lender looks, and lenderRests how often it finds
// nothing before it rests.
const (
	lenderPace  = 5 * time.Millisecond
	lenderRests = 20
)

// lender reclaims readers that were lent for too long, and those that are guests: after
// one to two paces. It looks while there is anything to look at, and a while longer.
type lender struct {
	mu     sync.Mutex
	lent   map[*reader]struct{}
	guests map[*reader]int // rounds since they came
	timer  *time.Timer     // nil before the first
	awake  bool
	empty  int // rounds that found nothing
}

func (l *lender) add(r *reader) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lent == nil {
		l.lent = map[*reader]struct{}{}
	}
	r.rounds, r.session.lent = 0, r
	l.lent[r] = struct{}{}
	l.wake()
}

// wake has the lender look. The caller holds mu.
func (l *lender) wake() {
	if l.awake {
		return
	}
	l.awake, l.empty = true, 0
	if l.timer == nil {
		l.timer = time.AfterFunc(lenderPace, l.look)
	} else {
		l.timer.Reset(lenderPace)
	}
}

// takeBack ends a loan, and reports whether the reader reads on: it was not replaced.
func (l *lender) takeBack(r *reader) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, kept := l.lent[r]
	if kept {
		l.forget(r)
	}
	return kept
}

// forget ends a loan. The caller holds mu, as of replace.
func (l *lender) forget(r *reader) {
	delete(l.lent, r)
	r.session.lent = nil
}

// replace has another goroutine read on.
func (l *lender) replace(r *reader) {
	l.forget(r)
	r.session.server.running.start(func() { r.session.readWebSocket(r.ws) })
}

func (l *lender) look() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.empty++
	for r := range l.lent {
		l.empty = 0
		if r.rounds++; r.rounds > 1 {
			l.replace(r)
		}
	}
	l.dismissGuests()
	if l.awake = l.empty < lenderRests; l.awake {
		l.timer.Reset(lenderPace)
	}
}

// rest ends the looking, until something is lent again.
func (l *lender) rest() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timer != nil && l.timer.Stop() {
		l.awake = false
	}
}
