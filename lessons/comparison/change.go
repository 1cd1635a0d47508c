package comparison

import (
	"fmt"
	"time"

	"realtimelab/internal/netsim"
)

// state is shared by all viewers. Clients that hold the key may change it.
type state struct {
	Rate     float64 `json:"rate"`     // messages per second
	Interval int     `json:"interval"` // of short polling, in ms
	Net      string  `json:"net"`      // in the syntax of --net
	Paused   bool    `json:"paused"`
	Recovery bool    `json:"recovery"` // lanes that have connection state recovery use it
	Blackout bool    `json:"cut"`      // every packet is currently lost
}

// Limits of a state.
const (
	minRate, maxRate         = 0.1, 100
	minInterval, maxInterval = 50, 10_000

	blackoutTime = 3 * time.Second
	size         = 100 // bytes of a message's text
)

// change is a request to change the state. Missing fields leave it as it is.
type change struct {
	Rate     *float64 `json:"rate"`
	Interval *int     `json:"interval"`
	Net      *string  `json:"net"`
	Paused   *bool    `json:"paused"`
	Recovery *bool    `json:"recovery"`
	Blackout bool     `json:"cut"`   // lose every packet for a while
	Reset    bool     `json:"reset"` // reset every connection
}

// apply makes the change, or returns an error that says why it cannot.
func (l *live) apply(c change) error {
	var network string
	if c.Net != nil {
		link, err := netsim.Parse(*c.Net)
		if err != nil {
			return err
		}
		network = link.String()
	}
	switch {
	case c.Rate != nil && !(*c.Rate >= minRate && *c.Rate <= maxRate):
		return fmt.Errorf("rate %g: want %g to %g messages a second", *c.Rate, minRate,
			float64(maxRate))
	case c.Interval != nil && (*c.Interval < minInterval || *c.Interval > maxInterval):
		return fmt.Errorf("interval %d: want %d to %d ms", *c.Interval, minInterval, maxInterval)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.show.phase == phaseRun || l.show.phase == phaseCount {
		return errRound
	}
	if c.Reset {
		l.resetLanes()
	}
	before := l.state
	if c.Rate != nil {
		l.state.Rate = *c.Rate
	}
	if c.Interval != nil {
		l.state.Interval = *c.Interval
	}
	if c.Paused != nil {
		l.state.Paused = *c.Paused
	}
	if c.Recovery != nil {
		l.state.Recovery = *c.Recovery
	}
	if c.Net != nil {
		if err := l.setNet(network); err != nil {
			return err
		}
	}
	if c.Blackout {
		l.startBlackout()
	}
	if l.state != before {
		l.notifyAll()
	}
	return nil
}

// setNet changes the network of all lanes. The caller holds mu.
func (l *live) setNet(network string) error {
	if network == l.state.Net {
		return nil
	}
	l.state.Net = network
	for _, lane := range l.servers() {
		if err := lane.SetNet(network); err != nil {
			return err
		}
	}
	return nil
}

// resetLanes resets every connection of the lanes.
func (l *live) resetLanes() {
	for _, lane := range l.servers() {
		lane.Reset()
	}
}

// startBlackout loses every packet for blackoutTime, unless a blackout is on. The caller holds mu.
func (l *live) startBlackout() {
	if l.state.Blackout || !l.running.Enter() {
		return
	}
	set := func(on bool) {
		l.state.Blackout = on
		for _, lane := range l.servers() {
			lane.Blackout(on)
		}
	}
	set(true)
	go func() {
		defer l.running.Leave()
		select {
		case <-time.After(blackoutTime):
			l.mu.Lock()
			defer l.mu.Unlock()
			set(false)
			l.notifyAll()
		case <-l.ctx.Done():
		}
	}()
}
