package engineio

import (
	"sync"
	"sync/atomic"
	"time"
)

// reader is one goroutine's turn at reading a WebSocket.
type reader struct {
	session *Session
	ws      *wsConn
	gone    bool // another goroutine reads on; owned by this one
	rounds  int  // of the lender, since it was lent; guarded by lender.mu
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
	s.lent.Store(r)
	s.server.lender.add(r)
	f()
	s.server.lender.remove(r)
	r.gone = !s.lent.CompareAndSwap(r, nil)
	return true
}

// Reclaim lets another goroutine read on if the reader is lent. Who is about to wait
// for the client calls it.
func (s *Session) Reclaim() {
	if r := s.lent.Load(); r != nil && s.lent.CompareAndSwap(r, nil) {
		s.server.running.start(func() { s.readWebSocket(r.ws) })
	}
}

// lenderPace is how often the lender looks, and lenderRests how often it finds
// nothing before it rests.
const (
	lenderPace  = 5 * time.Millisecond
	lenderRests = 20
)

// lender reclaims readers that were lent for too long: one to two paces. It looks
// while there is anything to look at, and a while longer.
type lender struct {
	mu    sync.Mutex
	lent  map[*reader]struct{}
	timer *time.Timer // nil before the first
	awake bool
	empty int // rounds that found nothing
}

func (l *lender) add(r *reader) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lent == nil {
		l.lent = map[*reader]struct{}{}
	}
	r.rounds = 0
	l.lent[r] = struct{}{}
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

func (l *lender) remove(r *reader) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.lent, r)
}

func (l *lender) look() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.empty++
	for r := range l.lent {
		l.empty = 0
		if r.rounds++; r.rounds > 1 {
			delete(l.lent, r)
			r.session.Reclaim()
		}
	}
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

// lentReader is what a Session has to lend.
type lentReader struct {
	reader *reader                // while OnMessage's function runs on it; owned by it
	lent   atomic.Pointer[reader] // nil unless it runs something else
}
