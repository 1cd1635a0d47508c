package login

import (
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// The rates. A bucket holds burst tokens and gets so many a second: whoever was quiet may hurry.
const (
	eventRate, eventBurst = 5, 10 // events of a session
	// events of a connection that are refused before it is closed
	refusalRate, refusalBurst = 5, 200
	connRate, connBurst       = 3, 30 // connections of an address
)

func newEvents() *rate.Limiter   { return rate.NewLimiter(eventRate, eventBurst) }
func newRefusals() *rate.Limiter { return rate.NewLimiter(refusalRate, refusalBurst) }

// within takes one token from a bucket. Without one it returns how long to wait for it.
func within(l *rate.Limiter) (wait time.Duration, ok bool) {
	r := l.Reserve()
	if wait = r.Delay(); wait > 0 {
		r.Cancel() // the token stays for whoever comes in time
		return wait, false
	}
	return 0, true
}

// maxAddresses bounds the buckets of addresses.
const maxAddresses = 10_000

// limits holds a bucket for each address. The zero value is ready for use.
type limits struct {
	mu        sync.Mutex // guards byAddress
	byAddress map[string]*rate.Limiter
}

// connect takes a token for a connection from that address, host and port.
func (l *limits) connect(address string) (wait time.Duration, ok bool) {
	if host, _, err := net.SplitHostPort(address); err == nil {
		address = prefixOf(host)
	}
	l.mu.Lock()
	bucket := l.byAddress[address]
	if bucket == nil {
		if len(l.byAddress) >= maxAddresses {
			l.forget()
		}
		if l.byAddress == nil {
			l.byAddress = map[string]*rate.Limiter{}
		}
		bucket = rate.NewLimiter(connRate, connBurst)
		l.byAddress[address] = bucket
	}
	l.mu.Unlock()
	return within(bucket)
}

// prefixOf returns an IPv4 address as it is, and of an IPv6 address the first 64 bits, because a
// household has all addresses below them.
func prefixOf(host string) string {
	ip := net.ParseIP(host)
	if ip == nil || ip.To4() != nil {
		return host
	}
	return ip.Mask(net.CIDRMask(64, 128)).String()
}

// forget removes the full buckets, of quiet addresses, and all buckets if none is full. The caller
// holds mu.
func (l *limits) forget() {
	for address, bucket := range l.byAddress {
		if bucket.Tokens() >= connBurst {
			delete(l.byAddress, address)
		}
	}
	if len(l.byAddress) >= maxAddresses {
		clear(l.byAddress)
	}
}

// admitAddress takes a token for the connection that a request opens. Without one it answers 429
// and returns false.
func (s *Server) admitAddress(w http.ResponseWriter, r *http.Request) bool {
	wait, ok := s.limits.connect(r.RemoteAddr)
	if ok || !s.state().Limits {
		return true
	}
	w.Header().Set("Retry-After", retryAfter(wait))
	s.refuse(w, r, http.StatusTooManyRequests, "too many connections from this address")
	return false
}
