package class

import (
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits per address. A whole school may share one, behind its router. The teacher has none.
const (
	maxWatching = 500 // streams of events
	// from one address: 60 students with a phone and a laptop, and some reloads
	maxWatchingAddr = 200
	maxAddrs        = 2000

	// Requests at once, and per second. At that rate, guessing the join code takes weeks. Wrong
	// codes have no stricter limit: a student who mistypes must not lock out a class that shares
	// the address.
	requestBurst = 240
	requestRate  = 60
)

var errWatching = errors.New("too many are watching: this page tries again by itself")

// limits bounds what clients may ask for. The zero value is ready to use.
type limits struct {
	mu       sync.Mutex // guards the fields below
	watching int
	addrs    map[string]*usage
}

// usage counts the streams and requests of one address.
type usage struct {
	watching int
	requests bucket
}

// A bucket holds tokens that come back with time.
type bucket struct {
	used float64
	at   time.Time
}

// take takes one token if at most burst are used.
func (b *bucket) take(now time.Time, burst, rate float64) bool {
	b.used = max(0, b.used-now.Sub(b.at).Seconds()*rate)
	b.at = now
	if b.used+1 > burst {
		return false
	}
	b.used++
	return true
}

// of returns the usage of an address. The caller holds l.mu.
func (l *limits) of(addr string) *usage {
	if l.addrs == nil {
		l.addrs = map[string]*usage{}
	}
	if l.addrs[addr] == nil {
		if len(l.addrs) >= maxAddrs {
			for other, u := range l.addrs {
				if u.watching == 0 {
					delete(l.addrs, other)
				}
			}
		}
		l.addrs[addr] = &usage{}
	}
	return l.addrs[addr]
}

func (l *limits) mayAsk(addr string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.of(addr).requests.take(time.Now(), requestBurst, requestRate)
}

// watch counts a stream of events until leave is called.
func (l *limits) watch(addr string) (leave func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.of(addr)
	if l.watching >= maxWatching || u.watching >= maxWatchingAddr {
		return nil, errWatching
	}
	l.watching++
	u.watching++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.watching--
		u.watching--
	}, nil
}

// limited bounds the requests of everyone but the teacher.
func (s *Server) limited(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.Teacher(r) && !s.limits.mayAsk(address(r)) {
			busy(w, "too many requests from this address")
			return
		}
		next(w, r)
	}
}

// address returns the client's IP address.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
