package cluster

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"sync/atomic"
	"time"

	"realtimelab/lessons/socketio/sioclient"
)

// Bounds of the number of simulated clients.
const (
	defaultCrowd = 9
	maxCrowd     = 60
)

// A guest is a simulated client. It comes through the balancer over WebSocket, from an address of
// its own, and counts the events of the ticker.
type guest struct {
	socket *sioclient.Socket
	tally  tally
	// it has lost its connection, and what it missed may come before the next is confirmed
	away atomic.Bool
}

// setCrowd connects or disconnects guests until there are n. The caller does not hold mu.
func (d *demo) setCrowd(n int) error {
	for _, g := range d.shrink(n) {
		g.socket.Close()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.crowd) < n {
		g, err := newGuest("http://"+d.front.Addr(), len(d.crowd)+1)
		if err != nil {
			return err
		}
		d.crowd = append(d.crowd, g)
	}
	d.state.Crowd = n
	return nil
}

// shrink takes guests from the crowd until n are left, and returns them.
func (d *demo) shrink(n int) (leaving []*guest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.crowd) > n {
		last := d.crowd[len(d.crowd)-1]
		d.crowd = d.crowd[:len(d.crowd)-1]
		d.left = d.left.plus(last.tally.account())
		leaving = append(leaving, last)
	}
	return leaving
}

// newGuest makes a guest, which connects on its own.
func newGuest(url string, number int) (*guest, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	g := &guest{}
	g.socket, err = sioclient.New(url, sioclient.Config{
		Transports: []string{sioclient.WebSocket}, Jar: jar, Log: quiet,
		// addresses for documentation
		Header:            http.Header{"X-Forwarded-For": {fmt.Sprintf("192.0.2.%d", number)}},
		ReconnectionDelay: 200 * time.Millisecond, ReconnectionDelayMax: time.Second,
	})
	if err != nil {
		return nil, err
	}
	g.socket.OnConnect(func() { g.away.Store(false) })
	g.socket.OnDisconnect(func(sioclient.Reason, error) { g.away.Store(true) })
	g.socket.On("tick", func(n int) { g.tally.take(n, g.away.Load()) })
	g.socket.Open()
	return g, nil
}

// account sums up what the guests have received, those included that have left.
func (d *demo) account() account {
	d.mu.Lock()
	defer d.mu.Unlock()
	sum := d.left
	for _, g := range d.crowd {
		sum = sum.plus(g.tally.account())
	}
	return sum
}

// countAgain begins the account of the crowd again.
func (d *demo) countAgain() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left = account{}
	for _, g := range d.crowd {
		g.tally.reset(d.ticks)
	}
}

var errCrowd = errors.New("want a number of simulated clients from 0 to 60")
