package comparison

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"realtimelab/internal/netsim"
)

// state is shared by all viewers. Clients that hold the key may change it.
type state struct {
	Rate     float64 `json:"rate"`     // messages per second
	Interval int     `json:"interval"` // of short polling, in ms
	Net      string  `json:"net"`      // in the syntax of --net
	Paused   bool    `json:"paused"`
	Cut      bool    `json:"cut"` // every packet is currently lost
}

// Limits of a state.
const (
	minRate, maxRate         = 0.1, 100
	minInterval, maxInterval = 50, 10_000

	cutTime = 3 * time.Second
	size    = 100 // bytes of a message's text
)

// change is a request to change the state. Missing fields leave it as it is.
type change struct {
	Rate     *float64 `json:"rate"`
	Interval *int     `json:"interval"`
	Net      *string  `json:"net"`
	Paused   *bool    `json:"paused"`
	Cut      bool     `json:"cut"`   // lose every packet for a while
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
		return fmt.Errorf("rate %g: want %g to %g messages a second", *c.Rate, minRate, float64(maxRate))
	case c.Interval != nil && (*c.Interval < minInterval || *c.Interval > maxInterval):
		return fmt.Errorf("interval %d: want %d to %d ms", *c.Interval, minInterval, maxInterval)
	}
	if c.Reset {
		for _, lane := range l.lanes {
			lane.Reset()
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
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
	if c.Net != nil && network != l.state.Net {
		l.state.Net = network
		for _, lane := range l.lanes {
			if err := lane.SetNet(network); err != nil {
				return err
			}
		}
	}
	if c.Cut && !l.state.Cut && l.running.Enter() {
		l.cut()
	}
	if l.state != before {
		l.notifyAll()
	}
	return nil
}

// cut loses every packet for cutTime. The caller holds mu and has entered running.
func (l *live) cut() {
	set := func(cut bool) {
		l.state.Cut = cut
		for _, lane := range l.lanes {
			lane.Cut(cut)
		}
	}
	set(true)
	go func() {
		defer l.running.Leave()
		select {
		case <-time.After(cutTime):
			l.mu.Lock()
			defer l.mu.Unlock()
			set(false)
			l.notifyAll()
		case <-l.ctx.Done():
		}
	}()
}

// serveChange applies a change for clients that hold the key. It answers 204, or an error of one line.
func (l *live) serveChange(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if !l.keyed(req) {
		http.Error(w, "Only the person who started the comparison can change it. Open the page with the key: its URL is in the terminal.", http.StatusForbidden)
		return
	}
	var wanted change
	err := json.NewDecoder(http.MaxBytesReader(w, req.Body, 1<<10)).Decode(&wanted)
	if err == nil {
		err = l.apply(wanted)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
