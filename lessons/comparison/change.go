package comparison

import (
	"encoding/json"
	"errors"
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
	Recovery bool    `json:"recovery"` // lanes that have connection state recovery use it
	Cut      bool    `json:"cut"`      // every packet is currently lost
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
	Recovery *bool    `json:"recovery"`
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
	if c.Cut {
		l.startCut()
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

// startCut loses every packet for cutTime, unless it is lost already. The caller holds mu.
func (l *live) startCut() {
	if l.state.Cut || !l.running.Enter() {
		return
	}
	set := func(cut bool) {
		l.state.Cut = cut
		for _, lane := range l.servers() {
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

// serveChange applies a change.
func (l *live) serveChange(w http.ResponseWriter, req *http.Request) { serveKeyed(l, w, req, l.apply) }

// serveStage moves the show on.
func (l *live) serveStage(w http.ResponseWriter, req *http.Request) { serveKeyed(l, w, req, l.move) }

// serveReport takes the report of a round.
func (l *live) serveReport(w http.ResponseWriter, req *http.Request) { serveKeyed(l, w, req, l.take) }

// serveKeyed does what a client that holds the key asks for in the body. It answers 204, or an error of
// one line: 409 while a round runs.
func serveKeyed[T any](l *live, w http.ResponseWriter, req *http.Request, do func(T) error) {
	w.Header().Set("Cache-Control", "no-store")
	if !l.keyed(req) {
		http.Error(w, "Only the person who started the comparison can change it. Open the page with the key: its URL is in the terminal.", http.StatusForbidden)
		return
	}
	var wanted T
	err := json.NewDecoder(http.MaxBytesReader(w, req.Body, 16<<10)).Decode(&wanted)
	if err == nil {
		err = do(wanted)
	}
	switch {
	case errors.Is(err, errRound):
		http.Error(w, err.Error(), http.StatusConflict)
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}
