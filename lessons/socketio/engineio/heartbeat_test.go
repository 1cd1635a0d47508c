package engineio

import (
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"realtimelab/lessons/socketio/eiopacket"
)

// clocked is a session without a connection, and how it ended.
type clocked struct {
	*Session
	start  time.Time
	pinged int

	ending sync.Mutex
	ends   []string
}

func (c *clocked) ended() []string {
	c.ending.Lock()
	defer c.ending.Unlock()
	return c.ends
}

func newClocked(query string) *clocked {
	c := &clocked{start: time.Now()}
	server := NewServer(Config{AllowEIO3: true, OnSession: func(s *Session) {
		s.OnClose(func(reason Reason, _ error) {
			c.ending.Lock()
			defer c.ending.Unlock()
			c.ends = append(c.ends, string(reason))
		})
	}})
	q := newRequest(httptest.NewRequest("GET", "/?transport=polling&"+query, nil))
	q.sid = "sid"
	c.Session, _ = server.newSession(q, &polling{})
	return c
}

// at lets the time pass until so long after the handshake, and the timers run.
func (c *clocked) at(after time.Duration) {
	time.Sleep(time.Until(c.start.Add(after)))
	synctest.Wait()
}

// pings takes what is queued, and returns how many pings there have been.
func (c *clocked) pings() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.out.messages) > 0 {
		batch := c.out.take(maxWrite)
		for _, m := range batch {
			if m == pingPacket {
				c.pinged++
			}
		}
		c.out.done(batch)
	}
	return c.pinged
}

func (c *clocked) hears(t eiopacket.Type) {
	c.receive(&reader{session: c.Session}, eiopacket.Packet{Type: t})
}

func TestHeartbeatOfAClientThatAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClocked("EIO=4")
		c.at(25*time.Second - 1)
		assert.Zero(t, c.pings())
		c.at(25 * time.Second)
		assert.Equal(t, 1, c.pings())
		c.at(44 * time.Second)
		c.hears(eiopacket.Pong)
		c.hears(eiopacket.Pong) // the server sent no ping
		c.at(69*time.Second - 1)
		assert.Equal(t, 1, c.pings())
		c.at(69 * time.Second)
		assert.Equal(t, 2, c.pings(), "25 s after the pong")
		c.at(89 * time.Second)
		assert.Equal(t, []string{"ping timeout"}, c.ended())
	})
}

func TestHeartbeatOfAClientThatIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClocked("EIO=4")
		c.at(20 * time.Second)
		c.hears(eiopacket.Message)
		c.at(40 * time.Second)
		c.hears(eiopacket.Message)
		c.at(50 * time.Second)
		c.hears(eiopacket.Message) // 20 s from here
		c.at(70*time.Second - 1)
		assert.Empty(t, c.ended())
		c.at(70 * time.Second)
		assert.Equal(t, []string{"ping timeout"}, c.ended())
	})
}

// A client whose packets are read slowly still needs its pings: its pong is behind them, and its
// own timeout, 45 s after each ping, runs on.
func TestHeartbeatOfAClientWhosePongIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClocked("EIO=4")
		c.at(25 * time.Second)
		last := c.pings()
		for n := range 100 {
			c.at(time.Duration(25+10*(n+1)) * time.Second)
			c.hears(eiopacket.Message)
			if n%4 == 3 {
				assert.Greater(t, c.pings(), last)
				last = c.pings()
			}
		}
		assert.Empty(t, c.ended())
	})
}

// A client from which nothing is read still needs its pings: its own timeout runs on.
func TestHeartbeatWhileReadingIsPaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClocked("EIO=4")
		c.mu.Lock()
		c.paused = make(chan struct{})
		c.mu.Unlock()
		c.at(25 * time.Second)
		assert.Equal(t, 1, c.pings())
		for n := range 20 { // the client waits for 45 s
			last := c.pings()
			c.at(time.Duration(25+45*(n+1)) * time.Second)
			assert.Greater(t, c.pings(), last)
			assert.Empty(t, c.ended())
		}
		c.mu.Lock()
		c.paused = nil
		c.heartbeat.heard = time.Now()
		c.mu.Unlock()
		c.at(25*time.Second + 21*45*time.Second)
		assert.Equal(t, []string{"ping timeout"}, c.ended(), "read from again, it has to answer")
	})
}

func TestHeartbeatOfRevision3(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClocked("EIO=3")
		c.at(44 * time.Second)
		c.hears(eiopacket.Ping)
		c.hears(eiopacket.Message) // not a ping
		c.at(89*time.Second - 1)
		assert.Empty(t, c.ended())
		assert.Zero(t, c.pings())
		c.at(89 * time.Second)
		assert.Equal(t, []string{"ping timeout"}, c.ended())
	})
}

func TestHeartbeatEndsWithTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClocked("EIO=4")
		c.at(30 * time.Second)
		c.end(TransportClose, nil)
		c.at(time.Hour)
		assert.Equal(t, []string{"transport close"}, c.ended())
	})
}
