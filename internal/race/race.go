package race

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"realtimelab/internal/compare"
	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
)

// state is what all who watch share, and each may change.
type state struct {
	Rate     float64 `json:"rate"`     // messages a second
	Interval int     `json:"interval"` // of short polling, ms
	Net      string  `json:"net"`      // as --net takes it
	Paused   bool    `json:"paused"`
	Cut      bool    `json:"cut"` // every packet is lost just now
}

// Bounds of a state, and what it begins with.
const (
	minRate, maxRate         = 0.1, 100
	minInterval, maxInterval = 50, 10_000

	cutTime = 3 * time.Second
	size    = 100 // bytes of a message's text
)

// race is the running demo.
type race struct {
	lanes   []*lane
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup // the feed, the viewers and the end of a cut; added to under mu while not closed

	mu      sync.Mutex
	closed  bool
	state   state
	sent    int
	viewers map[*viewer]struct{}
	changed chan struct{} // has room for one: the feed's pace may be another
}

func (c Config) start(env lesson.Env) (*lesson.Instance, error) {
	r := &race{viewers: map[*viewer]struct{}{}, changed: make(chan struct{}, 1), state: state{Rate: 5, Interval: 1000, Net: c.Net.String()}}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	opening, done := context.WithTimeout(r.ctx, 10*time.Second)
	defer done()
	for _, name := range compare.Transports() {
		l, err := c.openLane(opening, name, env)
		if err != nil {
			return nil, errors.Join(err, r.close(context.Background()))
		}
		r.lanes = append(r.lanes, l)
	}
	r.running.Go(r.feed)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /race", r.serve)
	instance := &lesson.Instance{Handler: mux, Clients: r.watching, Close: r.close}
	for _, l := range r.lanes {
		instance.Frames = append(instance.Frames, fmt.Sprintf("http://*:%d", l.port))
	}
	return instance, nil
}

// watching is the number of viewers.
func (r *race) watching() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.viewers)
}

// feed says the same in every lane at the same moment, while anybody watches. A
// message is its number, when it was said in milliseconds of Unix time, and filling.
func (r *race) feed() {
	last := time.Now()
	for {
		wait, on := r.pace(last)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
			last = time.Now()
			if on {
				r.say()
			}
		case <-r.changed:
			timer.Stop()
		case <-r.ctx.Done():
			timer.Stop()
			return
		}
	}
}

// pace is how long to wait after the last message, and whether to speak then.
func (r *race) pace(last time.Time) (time.Duration, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state.Paused || len(r.viewers) == 0 {
		return time.Hour, false
	}
	return max(time.Until(last.Add(time.Duration(float64(time.Second)/r.state.Rate))), 0), true
}

func (r *race) say() {
	r.mu.Lock()
	r.sent++
	n := r.sent
	r.mu.Unlock()
	text := fmt.Sprintf("%d|%.3f|", n, float64(time.Now().UnixMicro())/1000)
	text += strings.Repeat("x", max(size-len(text), 0))
	for _, l := range r.lanes {
		l.say(text)
	}
}

// wish is what a viewer asks for; what is missing stays.
type wish struct {
	Ping     *float64 `json:"ping"`
	Rate     *float64 `json:"rate"`
	Interval *int     `json:"interval"`
	Net      *string  `json:"net"`
	Paused   *bool    `json:"paused"`
	Cut      bool     `json:"cut"`   // lose every packet for a while
	Reset    bool     `json:"reset"` // reset every connection
}

// grant changes what is asked for, or tells in one line why not.
func (r *race) grant(w wish) error {
	var link *netsim.Link
	if w.Net != nil {
		l, err := netsim.Parse(*w.Net)
		if err != nil {
			return err
		}
		link = &l
	}
	switch {
	case w.Rate != nil && !(*w.Rate >= minRate && *w.Rate <= maxRate):
		return fmt.Errorf("rate %g: want %g to %g messages a second", *w.Rate, minRate, float64(maxRate))
	case w.Interval != nil && (*w.Interval < minInterval || *w.Interval > maxInterval):
		return fmt.Errorf("interval %d: want %d to %d ms", *w.Interval, minInterval, maxInterval)
	}
	if w.Reset {
		for _, l := range r.lanes {
			l.reset()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if w.Rate != nil {
		r.state.Rate = *w.Rate
	}
	if w.Interval != nil {
		r.state.Interval = *w.Interval
	}
	if w.Paused != nil {
		r.state.Paused = *w.Paused
	}
	if link != nil {
		r.state.Net = link.String()
		for _, l := range r.lanes {
			l.front.Set(*link)
		}
	}
	if w.Cut && !r.state.Cut && !r.closed {
		r.cut()
	}
	r.tellAll()
	return nil
}

// cut loses every packet for a while, as grant asks.
func (r *race) cut() {
	set := func(cut bool) {
		r.state.Cut = cut
		for _, l := range r.lanes {
			l.front.Cut(cut)
		}
	}
	set(true)
	r.running.Go(func() {
		select {
		case <-time.After(cutTime):
			r.mu.Lock()
			defer r.mu.Unlock()
			set(false)
			r.tellAll()
		case <-r.ctx.Done():
		}
	})
}

// tellAll tells the viewers and the feed that the state is another. The caller holds mu.
func (r *race) tellAll() {
	for v := range r.viewers {
		v.wake()
	}
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// close ends the viewers, the feed and the lanes.
func (r *race) close(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.cancel()
	r.running.Wait()
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

// viewer is one page that watches.
type viewer struct {
	race   *race
	conn   *websocket.Conn
	news   chan struct{} // has room for one: the state changed
	answer chan any
}

func (v *viewer) wake() {
	select {
	case v.news <- struct{}{}:
	default:
	}
}

// maxViewers is how many pages watch at a time: a class.
const maxViewers = 200

// enter counts a viewer, unless the race is over or crowded.
func (r *race) enter(v *viewer) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || len(r.viewers) >= maxViewers {
		return false
	}
	r.viewers[v] = struct{}{}
	r.running.Add(1)
	r.tellAll()
	return true
}

func (r *race) leave(v *viewer) {
	r.mu.Lock()
	delete(r.viewers, v)
	r.tellAll()
	r.mu.Unlock()
	r.running.Done()
}

// serve is the WebSocket between the race and a page. The server sends
//
//	{"lanes":[{"name","port"},…],"nets":[{"name","says":{"en","zh"}},…],"sent":n}   first
//	{"state":{…}}                                                             first, and when it changes
//	{"counts":[{"in","out","requests","connections"},…],"viewers":n,"sent":n}  four times a second, in the order of the lanes
//	{"pong":x,"now":ms}                                                       the answer to {"ping":x}
//	{"error":"…"}                                                             the answer to what cannot be done
//
// and the page sends a wish. Counts are of all viewers together.
func (r *race) serve(w http.ResponseWriter, req *http.Request) {
	v := &viewer{race: r, news: make(chan struct{}, 1), answer: make(chan any)}
	conn, err := (&websocket.Upgrader{}).Upgrade(w, req, nil)
	if err != nil {
		return // it has answered, with 400 or 403
	}
	defer conn.Close()
	v.conn = conn
	if !r.enter(v) {
		_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseTryAgainLater, "too many watch"), time.Now().Add(time.Second))
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

func (v *viewer) read(ctx context.Context) {
	v.conn.SetReadLimit(1 << 10)
	for {
		var w wish
		if v.conn.ReadJSON(&w) != nil {
			return
		}
		var answer any
		if err := v.race.grant(w); err != nil {
			answer = map[string]string{"error": err.Error()}
		} else if w.Ping != nil {
			answer = map[string]float64{"pong": *w.Ping, "now": float64(time.Now().UnixMicro()) / 1000}
		} else {
			continue
		}
		select {
		case v.answer <- answer:
		case <-ctx.Done():
			return
		}
	}
}

const (
	countPace = 250 * time.Millisecond
	writeTime = 10 * time.Second // for one message to a page
)

// write sends until the page or the race ends.
func (v *viewer) write(ctx context.Context) {
	pace := time.NewTicker(countPace)
	defer pace.Stop()
	if v.send(v.race.welcome()) != nil || v.send(v.race.now()) != nil {
		return
	}
	for {
		var err error
		select {
		case <-v.news:
			err = v.send(v.race.now())
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

func (r *race) welcome() any {
	type place struct {
		Name string `json:"name"`
		Port int    `json:"port"`
	}
	type network struct {
		Name string      `json:"name"`
		Says lesson.Text `json:"says"`
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
	return map[string]any{"lanes": places, "nets": networks, "sent": r.sent}
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
