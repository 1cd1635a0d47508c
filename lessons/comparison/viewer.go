package comparison

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"realtimelab/internal/compare/figure"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
)

// viewer is one page that watches the comparison.
type viewer struct {
	live    *live
	keyed   bool   // may change the state
	bets    bool   // only bets, and opens no lane
	browser string // whose bet it shows
	conn    *websocket.Conn
	news    chan struct{} // capacity 1: the state changed
	answer  chan any
}

func (v *viewer) wake() {
	select {
	case v.news <- struct{}{}:
	default:
	}
}

// maxViewers bounds the pages that watch at the same time. It is enough for a class.
const maxViewers = 300

// enter registers a viewer and reports whether it may watch. It returns false if the comparison is closed
// or full.
func (l *live) enter(v *viewer) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.viewers) >= maxViewers || !l.running.Enter() {
		return false
	}
	l.viewers[v] = struct{}{}
	l.wakeFeed()
	return true
}

func (l *live) leave(v *viewer) {
	l.mu.Lock()
	delete(l.viewers, v)
	l.wakeFeed()
	l.mu.Unlock()
	l.running.Leave()
}

// serve handles the WebSocket between the comparison and a page. The server sends
//
//	{"lanes":[{"name","title":{"en","zh"},"port","recovering":port,"retry":ms},…],"nets":[{"name","says":{"en","zh"}},…],"rounds":[…],"figures":[{"key","name","unit","decimals"},…],"payload":n,"sent":n,"keyed":true}   first
//	{"state":{…},"show":{…},"bet":"LANE"}                                     first, and on each change; bet is this browser's
//	{"counts":[{"in","out","headers","requests","connections"},…],"viewers":n,"sent":n}  four times a second, in the order of the lanes
//	{"pong":x,"now":ms}                                                       the answer to {"ping":x}
//
// and the page sends pings. A page that only bets asks with ?bets=1 and gets no counts. The counts
// cover all viewers of the lanes together. To change the state, the page posts a change.
func (l *live) serve(w http.ResponseWriter, req *http.Request) {
	browser, set := l.browserOf(req)
	v := &viewer{live: l, keyed: l.keyed(req), bets: req.FormValue("bets") != "", browser: browser, news: make(chan struct{}, 1), answer: make(chan any)}
	conn, err := (&websocket.Upgrader{}).Upgrade(w, req, set)
	if err != nil {
		return // Upgrade has answered with 400 or 403
	}
	defer conn.Close()
	v.conn = conn
	if !l.enter(v) {
		_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseTryAgainLater, "too many viewers"), time.Now().Add(time.Second))
		return
	}
	defer l.leave(v)
	ctx, cancel := context.WithCancel(l.ctx)
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

// write sends until the page disconnects or the comparison closes.
func (v *viewer) write(ctx context.Context) {
	pace := time.NewTicker(countPace)
	defer pace.Stop()
	rest := time.NewTimer(0) // the next state may be sent when it fires
	defer rest.Stop()
	var news <-chan struct{}
	if v.send(v.live.welcome(v.keyed)) != nil || v.send(v.live.now(v.browser)) != nil {
		return
	}
	for {
		var err error
		select {
		case <-rest.C:
			news = v.news
		case <-news:
			err = v.send(v.live.now(v.browser))
			news = nil
			rest.Reset(statePace)
		case <-pace.C:
			if !v.bets {
				err = v.send(v.live.counts())
			}
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

// serveRows answers with what last crossed a lane's connections of this browser.
func (l *live) serveRows(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	l.mu.Lock()
	var server *lane
	for _, lane := range l.active() {
		if lane.Name == req.PathValue("lane") {
			server = lane
		}
	}
	l.mu.Unlock()
	if server == nil {
		http.NotFound(w, req)
		return
	}
	rows, allowed := server.Rows(req)
	if !allowed {
		http.Error(w, "This browser has no cookie that names it: open the page of the comparison first.", http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(append([]lesson.Row{}, rows...)) // fails only if the client has left
}

func (l *live) welcome(keyed bool) any {
	type place struct {
		Name  string    `json:"name"`
		Title lang.Text `json:"title"`
		Port  int       `json:"port"`

		Recovering int     `json:"recovering,omitempty"` // port of the server with connection state recovery
		Retry      float64 `json:"retry,omitempty"`      // ms that the server tells clients to wait before they reconnect
	}
	type network struct {
		Name string    `json:"name"`
		Says lang.Text `json:"says"`
	}
	var places []place
	for _, lane := range l.lanes {
		at := place{Name: lane.Name, Title: lane.Title, Port: lane.Port(), Retry: float64(lane.Retry) / float64(time.Millisecond)}
		if lane.recovering != nil {
			at.Recovering = lane.recovering.Port()
		}
		places = append(places, at)
	}
	var networks []network
	for _, name := range netsim.Names() {
		link, _ := netsim.Parse(name)
		networks = append(networks, network{name, link.Describe()})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return map[string]any{"lanes": places, "nets": networks, "rounds": rounds(), "figures": figures, "payload": len(message(strings.Repeat("x", size))), "sent": l.sent, "keyed": keyed}
}

// figures are the figures of a lane that the page computes.
var figures = []figure.Figure{figure.LatencyP50, figure.BytesPerMessage, figure.RequestsPerMessage}

// now describes the state and the show to a browser's page.
func (l *live) now(browser string) any {
	l.mu.Lock()
	defer l.mu.Unlock()
	return map[string]any{"state": l.state, "show": l.shown(), "bet": l.show.bets[browser].Lane}
}

func (l *live) counts() any {
	l.mu.Lock()
	defer l.mu.Unlock()
	return map[string]any{"counts": l.countLanes(), "viewers": l.lanesWatched(), "sent": l.sent}
}
