package race

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"realtimelab/internal/compare"
	"realtimelab/internal/host"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
	"realtimelab/internal/tasks"
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

// path is the race's endpoint for its pages. It is below /lab/ so that browsers send the key's
// cookie.
const path = "/lab/race"

// race is the running demo.
type race struct {
	key     host.Key
	lanes   []*lane
	ctx     context.Context
	cancel  context.CancelFunc
	running tasks.Group // counts the feed, the viewers and the timer that ends a cut

	mu      sync.Mutex
	state   state
	sent    int
	viewers map[*viewer]struct{}
	changed chan struct{} // capacity 1: tells the feed that its pace may have changed
}

func (c Config) start(env lesson.Env) (*lesson.Instance, error) {
	r := &race{key: c.Key, viewers: map[*viewer]struct{}{}, changed: make(chan struct{}, 1), state: state{Rate: 5, Interval: 1000, Net: c.Net.String()}}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	opening, done := context.WithTimeout(r.ctx, 10*time.Second)
	defer done()
	for _, name := range lesson.LaneNames(c.Lessons) {
		l, err := c.openLane(opening, name, env)
		if err != nil {
			return nil, errors.Join(err, r.close(context.Background()))
		}
		r.lanes = append(r.lanes, l)
	}
	r.running.Go(r.feed)
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+path, r.serve)
	mux.HandleFunc("POST "+path, r.serveChange)
	instance := &lesson.Instance{Handler: mux, Clients: r.watching, Close: r.close}
	for _, l := range r.lanes {
		instance.Frames = append(instance.Frames, l.port)
	}
	return instance, nil
}

// watching returns the number of viewers.
func (r *race) watching() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.viewers)
}

// feed sends the same message over every lane at the same moment, while anyone watches. A message
// consists of its number, its time of sending in milliseconds of Unix time, and padding.
func (r *race) feed() {
	last := time.Now()
	for {
		wait, on := r.pace(last)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
			last = time.Now()
			if on {
				r.publish()
			}
		case <-r.changed:
			timer.Stop()
		case <-r.ctx.Done():
			timer.Stop()
			return
		}
	}
}

// pace returns how long to wait after the last message, and whether to send one then.
func (r *race) pace(last time.Time) (time.Duration, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state.Paused || len(r.viewers) == 0 {
		return time.Hour, false
	}
	return max(time.Until(last.Add(time.Duration(float64(time.Second)/r.state.Rate))), 0), true
}

func (r *race) publish() {
	r.mu.Lock()
	r.sent++
	n := r.sent
	r.mu.Unlock()
	text := fmt.Sprintf("%d|%.3f|", n, float64(time.Now().UnixMicro())/1000)
	text += strings.Repeat("x", max(size-len(text), 0))
	for _, l := range r.lanes {
		l.enqueue(text)
	}
}

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
func (r *race) apply(c change) error {
	var link *netsim.Link
	if c.Net != nil {
		l, err := netsim.Parse(*c.Net)
		if err != nil {
			return err
		}
		link = &l
	}
	switch {
	case c.Rate != nil && !(*c.Rate >= minRate && *c.Rate <= maxRate):
		return fmt.Errorf("rate %g: want %g to %g messages a second", *c.Rate, minRate, float64(maxRate))
	case c.Interval != nil && (*c.Interval < minInterval || *c.Interval > maxInterval):
		return fmt.Errorf("interval %d: want %d to %d ms", *c.Interval, minInterval, maxInterval)
	}
	if c.Reset {
		for _, l := range r.lanes {
			l.reset()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.state
	if c.Rate != nil {
		r.state.Rate = *c.Rate
	}
	if c.Interval != nil {
		r.state.Interval = *c.Interval
	}
	if c.Paused != nil {
		r.state.Paused = *c.Paused
	}
	if link != nil && link.String() != r.state.Net {
		r.state.Net = link.String()
		for _, l := range r.lanes {
			l.front.Set(*link)
		}
	}
	if c.Cut && !r.state.Cut && r.running.Enter() {
		r.cut()
	}
	if r.state != before {
		r.notifyAll()
	}
	return nil
}

// cut loses every packet for cutTime. The caller holds mu and has entered running.
func (r *race) cut() {
	set := func(cut bool) {
		r.state.Cut = cut
		for _, l := range r.lanes {
			l.front.Cut(cut)
		}
	}
	set(true)
	go func() {
		defer r.running.Leave()
		select {
		case <-time.After(cutTime):
			r.mu.Lock()
			defer r.mu.Unlock()
			set(false)
			r.notifyAll()
		case <-r.ctx.Done():
		}
	}()
}

// notifyAll wakes the viewers and the feed after a change of the state. The caller holds mu.
func (r *race) notifyAll() {
	for v := range r.viewers {
		v.wake()
	}
	r.wakeFeed()
}

// wakeFeed makes the feed check the state and the viewers again.
func (r *race) wakeFeed() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// close ends the viewers, the feed and the lanes.
func (r *race) close(ctx context.Context) error {
	r.running.Refuse()
	r.cancel()
	_ = r.running.Wait(context.Background()) // which never ends
	errs := make(chan error)
	for _, l := range r.lanes {
		go func() { errs <- l.close(ctx) }()
	}
	var err error
	for range r.lanes {
		err = errors.Join(err, <-errs)
	}
	return err
}

// viewer is one page that watches the race.
type viewer struct {
	race   *race
	keyed  bool // may change the state
	conn   *websocket.Conn
	news   chan struct{} // capacity 1: the state changed
	answer chan any
}

func (v *viewer) wake() {
	select {
	case v.news <- struct{}{}:
	default:
	}
}

// maxViewers bounds the pages that watch at the same time. It is enough for a class.
const maxViewers = 200

// enter registers a viewer and reports whether it may watch. It returns false if the race is closed
// or full.
func (r *race) enter(v *viewer) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.viewers) >= maxViewers || !r.running.Enter() {
		return false
	}
	r.viewers[v] = struct{}{}
	r.wakeFeed()
	return true
}

func (r *race) leave(v *viewer) {
	r.mu.Lock()
	delete(r.viewers, v)
	r.wakeFeed()
	r.mu.Unlock()
	r.running.Leave()
}

// serve handles the WebSocket between the race and a page. The server sends
//
//	{"lanes":[{"name","port"},…],"nets":[{"name","says":{"en","zh"}},…],"sent":n,"keyed":true}   first
//	{"state":{…}}                                                             first, and on each change
//	{"counts":[{"in","out","requests","connections"},…],"viewers":n,"sent":n}  four times a second, in the order of the lanes
//	{"pong":x,"now":ms}                                                       the answer to {"ping":x}
//
// and the page sends pings. The counts cover all viewers together. To change the state, the page
// posts a change.
func (r *race) serve(w http.ResponseWriter, req *http.Request) {
	v := &viewer{race: r, keyed: r.key.Held(req), news: make(chan struct{}, 1), answer: make(chan any)}
	conn, err := (&websocket.Upgrader{}).Upgrade(w, req, nil)
	if err != nil {
		return // Upgrade has answered with 400 or 403
	}
	defer conn.Close()
	v.conn = conn
	if !r.enter(v) {
		_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseTryAgainLater, "too many viewers"), time.Now().Add(time.Second))
		return
	}
	defer r.leave(v)
	ctx, cancel := context.WithCancel(r.ctx)
	var reading sync.WaitGroup
	reading.Go(func() { defer cancel(); v.read(ctx) })
	v.write(ctx)
	cancel()
	conn.Close()
	reading.Wait()
}

// serveChange applies a change for clients that hold the key. It answers 204, or an error of one line.
func (r *race) serveChange(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if !r.key.Held(req) {
		http.Error(w, "Only the person who started the race can change it. Open the page with the key: its URL is in the terminal.", http.StatusForbidden)
		return
	}
	var wanted change
	err := json.NewDecoder(http.MaxBytesReader(w, req.Body, 1<<10)).Decode(&wanted)
	if err == nil {
		err = r.apply(wanted)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (v *viewer) read(ctx context.Context) {
	v.conn.SetReadLimit(1 << 10)
	for {
		var m struct {
			Ping *float64 `json:"ping"`
		}
		if v.conn.ReadJSON(&m) != nil {
			return
		}
		if m.Ping == nil {
			continue
		}
		answer := map[string]float64{"pong": *m.Ping, "now": float64(time.Now().UnixMicro()) / 1000}
		select {
		case v.answer <- answer:
		case <-ctx.Done():
			return
		}
	}
}

const (
	countPace = 250 * time.Millisecond
	statePace = 100 * time.Millisecond // minimum interval: changes in between are sent as one
	writeTime = 10 * time.Second       // timeout of one message to a page
)

// write sends until the page disconnects or the race closes.
func (v *viewer) write(ctx context.Context) {
	pace := time.NewTicker(countPace)
	defer pace.Stop()
	rest := time.NewTimer(0) // the next state may be sent when it fires
	defer rest.Stop()
	var news <-chan struct{}
	if v.send(v.race.welcome(v.keyed)) != nil || v.send(v.race.now()) != nil {
		return
	}
	for {
		var err error
		select {
		case <-rest.C:
			news = v.news
		case <-news:
			err = v.send(v.race.now())
			news = nil
			rest.Reset(statePace)
		case <-pace.C:
			err = v.send(v.race.counts())
		case answer := <-v.answer:
			err = v.send(answer)
		case <-ctx.Done():
			_ = v.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, ""), time.Now().Add(time.Second))
			return
		}
		if err != nil {
			return
		}
	}
}

func (v *viewer) send(message any) error {
	_ = v.conn.SetWriteDeadline(time.Now().Add(writeTime))
	return v.conn.WriteJSON(message)
}

func (r *race) welcome(keyed bool) any {
	type place struct {
		Name string `json:"name"`
		Port int    `json:"port"`
	}
	type network struct {
		Name string    `json:"name"`
		Says lang.Text `json:"says"`
	}
	var places []place
	for _, l := range r.lanes {
		places = append(places, place{l.name, l.port})
	}
	var networks []network
	for _, name := range netsim.Names() {
		link, _ := netsim.Parse(name)
		networks = append(networks, network{name, link.Describe()})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return map[string]any{"lanes": places, "nets": networks, "sent": r.sent, "keyed": keyed}
}

func (r *race) now() any {
	r.mu.Lock()
	defer r.mu.Unlock()
	return map[string]any{"state": r.state}
}

func (r *race) counts() any {
	counts := make([]compare.Snapshot, len(r.lanes))
	for i, l := range r.lanes {
		counts[i] = l.meter.Count()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return map[string]any{"counts": counts, "viewers": len(r.viewers), "sent": r.sent}
}
