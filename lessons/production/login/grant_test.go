package login

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"
)

// tape is a line that records its events.
type tape struct {
	mu     sync.Mutex
	events []news
	closed *closing
}

func (l *tape) tell(n news) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, n)
}

func (l *tape) close(why *closing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = why
}

// ended returns why the line was closed, or nil, when all goroutines wait.
func (l *tape) ended() *closing {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// names returns the names of the events so far, when all goroutines wait.
func (l *tape) names() (all []string) {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range l.events {
		all = append(all, n.Event)
	}
	return all
}

func TestTokenRunsOutWhileConnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		ann := begin(t, s, "ann")
		l := &tape{}
		began := time.Now()
		h := s.hold(l, grant{ann, began.Add(20 * time.Second)})
		defer h.release()
		assert.Equal(t, []string{"welcome"}, l.names())
		assert.Equal(t, ann.note, l.events[0].Note)
		assert.Equal(t, began.Add(20*time.Second).UnixMilli(), l.events[0].Expires)

		time.Sleep(12*time.Second - 1)
		assert.Equal(t, []string{"welcome"}, l.names())
		time.Sleep(time.Nanosecond)
		assert.Equal(t, []string{"welcome", "expires"}, l.names())
		assert.EqualValues(t, 8000, l.events[1].Left)

		time.Sleep(8*time.Second - 1)
		synctest.Wait()
		assert.Nil(t, l.ended())
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		assert.Equal(t, errExpired, l.ended())
		assert.Equal(t, 4401, l.ended().code)
	})
}

func TestRenewedTokenKeepsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		ann := begin(t, s, "ann")
		l := &tape{}
		token := func(s *Server, of *session) string {
			return s.tokens.sign(of, time.Now().Add(20*time.Second))
		}
		h := s.hold(l, grant{ann, time.Now().Add(20 * time.Second)})
		defer h.release()
		for range 3 {
			time.Sleep(19 * time.Second)
			require.NoError(t, h.renew(token(s, ann)))
		}
		assert.Equal(t, []string{"welcome", "expires", "renewed", "expires", "renewed", "expires",
			"renewed"}, l.names())
		assert.Nil(t, l.ended())

		assert.ErrorContains(t, h.renew(token(s, begin(t, s, "ming"))), "another session")
		assert.ErrorIs(t, h.renew("forged"), errForged)
		old := token(s, ann)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		assert.ErrorIs(t, h.renew(old), errExpired)
		assert.Equal(t, errExpired, l.ended())
	})
}

// A short token is not warned about at once: a client that renews it then would renew without a
// pause.
func TestShortToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		l := &tape{}
		h := s.hold(l, grant{begin(t, s, "ann"), time.Now().Add(4 * time.Second)})
		defer h.release()
		time.Sleep(2400*time.Millisecond - 1)
		assert.Equal(t, []string{"welcome"}, l.names())
		time.Sleep(time.Nanosecond)
		assert.Equal(t, []string{"welcome", "expires"}, l.names())
		assert.EqualValues(t, 1600, l.events[1].Left)
		time.Sleep(1600 * time.Millisecond)
		assert.Equal(t, errExpired, l.ended())
	})
}

func TestLogoutClosesEveryConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		ann, ming := begin(t, s, "ann"), begin(t, s, "ming")
		var lines []*tape
		for _, of := range []*session{ann, ann, ming} {
			l := &tape{}
			lines = append(lines, l)
			h := s.hold(l, grant{session: of})
			defer h.release()
		}
		time.Sleep(time.Minute)
		s.sessions.end(ann, errLoggedOut)
		synctest.Wait()
		assert.Equal(t, errLoggedOut, lines[0].ended())
		assert.Equal(t, errLoggedOut, lines[1].ended())
		assert.Nil(t, lines[2].ended())
	})
}

// A connection that has ended hears nothing later.
func TestReleaseStopsTheTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		ann := begin(t, s, "ann")
		l := &tape{}
		h := s.hold(l, grant{ann, time.Now().Add(20 * time.Second)})
		h.release()
		time.Sleep(time.Minute)
		s.sessions.end(ann, errLoggedOut)
		assert.Equal(t, []string{"welcome"}, l.names())
		assert.Nil(t, l.ended())
	})
}

func TestEventsOfASessionAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		ann, ming := begin(t, s, "ann"), begin(t, s, "ming")
		one, two, other := &tape{}, &tape{}, &tape{}
		a, b, c := s.hold(one, grant{session: ann}), s.hold(two, grant{session: ann}),
			s.hold(other, grant{session: ming})
		defer a.release()
		defer b.release()
		defer c.release()
		taken := 0
		for range 30 { // two connections of a session share its bucket
			for _, h := range []*held{a, b} {
				if h.take(news{Event: "said"}) {
					taken++
				}
			}
		}
		assert.Equal(t, eventBurst, taken)
		assert.True(t, c.take(news{Event: "said"}), "another session has a bucket of its own")
		last := one.events[len(one.events)-1]
		assert.Equal(t, news{Event: "refused", Code: 429, Reason: "too many events", Left: 200},
			last)

		time.Sleep(time.Second)
		for range 10 {
			if a.take(news{Event: "said"}) {
				taken++
			}
		}
		assert.Equal(t, eventBurst+eventRate, taken, "it fills again")

		s.checks.Limits = false
		for range 100 {
			assert.True(t, a.take(news{Event: "said"}))
		}
	})
}

func TestConnectionsOfAnAddressAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l limits
		from := func(address string, n int) (ok int) {
			for range n {
				if _, passed := l.connect(address); passed {
					ok++
				}
			}
			return ok
		}
		assert.Equal(t, connBurst, from("10.0.0.1:4000", 60))
		assert.Zero(t, from("10.0.0.1:4001", 5), "another port is the same address")
		assert.Equal(t, 5, from("10.0.0.2:4000", 5))
		wait, ok := l.connect("10.0.0.1:4000")
		assert.False(t, ok)
		assert.Positive(t, wait)
		assert.Equal(t, "1", retryAfter(wait))
		time.Sleep(time.Second)
		assert.Equal(t, connRate, from("10.0.0.1:4000", 10))

		assert.Equal(t, connBurst, from("[2001:db8::1]:4000", 60))
		assert.Zero(t, from("[2001:db8::ffff:2]:4000", 5),
			"a household has all addresses below 64 bits")
		assert.Equal(t, 5, from("[2001:db8:0:1::1]:4000", 5))
	})
}

func TestAddressesAreBounded(t *testing.T) {
	l := limits{byAddress: map[string]*rate.Limiter{}}
	busy := rate.NewLimiter(connRate, connBurst)
	busy.AllowN(time.Now(), connBurst)
	for len(l.byAddress) < maxAddresses-1 {
		l.byAddress[randomID()] = rate.NewLimiter(connRate, connBurst)
	}
	l.byAddress["busy"] = busy
	_, ok := l.connect("10.0.0.1:4000")
	assert.True(t, ok)
	assert.Len(t, l.byAddress, 2, "the addresses that are quiet are forgotten")
	assert.Contains(t, l.byAddress, "busy")
}
