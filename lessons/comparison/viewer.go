package comparison

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"realtimelab/internal/compare/figure"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/livepage"
	"realtimelab/internal/netsim"
)

// viewer is one page that watches the comparison.
type viewer struct {
	*livepage.Viewer
	live  *live
	keyed bool // may change the state
	bets  bool // only bets, and opens no lane
	// came while a round ran, and opens its lanes after it; the live's mutex guards it
	late    bool
	browser string // whose bet it shows
}

// enter registers a viewer and reports whether it may watch. It returns false if the comparison is
// closed or full.
func (l *live) enter(v *viewer) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.viewers) >= livepage.MaxViewers || !l.running.Enter() {
		return false
	}
	l.viewers[v] = struct{}{}
	v.late = l.show.phase == phaseRun
	l.wakeFeed()
	return true
}

func (l *live) leave(v *viewer) {
	l.mu.Lock()
	delete(l.viewers, v)
	l.wakeFeed()
	if v.keyed && l.show.phase == phaseRun {
		l.notifyAll() // perhaps no page measures the round any longer
	}
	l.mu.Unlock()
	l.running.Leave()
}

// serve handles the WebSocket between the comparison and a page. The server sends
//
//	{"lanes":[{"name","title":{"en","zh"},"port","recovering":port,"retry":ms},…],"nets":[{"name","says":{"en","zh"}},…],"rounds":[…],"figures":[{"key","name","unit","decimals"},…],"payload":n,"sent":n,"keyed":true,"phones":true}   first
//	{"state":{…},"show":{…},"bet":"LANE","sent":n,"late":true}                first, and on each change; bet is this browser's
//	{"counts":[{"in","out","headers","requests","connections"},…],"viewers":n,"sent":n}  four times a second, in the order of the lanes
//	{"pong":x,"now":ms}                                                       the answer to {"ping":x}
//
// and the page sends pings. A page that only bets asks with ?bets=1 and gets no counts. The counts
// cover all viewers of the lanes together. A page that is late opens its lanes when it no longer
// is: their files would count as bytes of the round. To change the state, the page posts a change.
func (l *live) serve(w http.ResponseWriter, req *http.Request) {
	browser, set := l.browserOf(req)
	v := &viewer{Viewer: livepage.NewViewer(), live: l, keyed: l.keyed(req),
		bets: req.FormValue("bets") != "", browser: browser}
	if !v.Open(w, req, set) {
		return
	}
	if !l.enter(v) {
		v.Refuse()
		return
	}
	defer l.leave(v)
	code, _ := l.code(req, betPath)
	v.Serve(l.ctx, func(ctx context.Context) { v.tell(ctx, code != "") })
}

const (
	countPace = 250 * time.Millisecond
	statePace = 100 * time.Millisecond // minimum interval: changes in between are sent as one
)

// tell sends until the page disconnects or the comparison closes. phones says that the address of
// the page is one that phones can reach.
func (v *viewer) tell(ctx context.Context, phones bool) {
	pace := time.NewTicker(countPace)
	defer pace.Stop()
	rest := time.NewTimer(0) // the next state may be sent when it fires
	defer rest.Stop()
	var news <-chan struct{}
	if v.Send(v.live.welcome(v.keyed, phones)) != nil || v.Send(v.live.now(v)) != nil {
		return
	}
	for {
		var err error
		select {
		case <-rest.C:
			news = v.News
		case <-news:
			err = v.Send(v.live.now(v))
			news = nil
			rest.Reset(statePace)
		case <-pace.C:
			if !v.bets {
				err = v.Send(v.live.counts())
			}
		case pong := <-v.Pongs:
			err = v.Send(pong)
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// serveRows answers with what last crossed a lane's connections of this browser.
func (l *live) serveRows(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	l.mu.Lock()
	var server *servedLane
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
		http.Error(w,
			"This browser has no cookie that names it: open the page of the comparison first.",
			http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	// fails only if the client has left
	_ = json.NewEncoder(w).Encode(append([]lesson.Row{}, rows...))
}

func (l *live) welcome(keyed, phones bool) any {
	type laneView struct {
		Name  string    `json:"name"`
		Title lang.Text `json:"title"`
		Port  int       `json:"port"`

		// port of the server with connection state recovery
		Recovering int `json:"recovering,omitempty"`
		// ms that the server tells clients to wait before they reconnect
		Retry float64 `json:"retry,omitempty"`
	}
	type network struct {
		Name string    `json:"name"`
		Says lang.Text `json:"says"`
	}
	var lanes []laneView
	for _, lane := range l.lanes {
		view := laneView{Name: lane.Name, Title: lane.Title, Port: lane.Port(),
			Retry: float64(lane.Retry) / float64(time.Millisecond)}
		if lane.recovering != nil {
			view.Recovering = lane.recovering.Port()
		}
		lanes = append(lanes, view)
	}
	var networks []network
	for _, name := range netsim.Names() {
		link, _ := netsim.Parse(name)
		networks = append(networks, network{name, link.Describe()})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return map[string]any{"lanes": lanes, "nets": networks, "rounds": rounds(), "figures": figures,
		"payload": len(message(strings.Repeat("x", size))), "sent": l.sent, "keyed": keyed,
		"phones": phones}
}

// figures are the figures of a lane that the page computes.
var figures = []figure.Figure{figure.LatencyP50, figure.BytesPerMessage, figure.RequestsPerMessage}

// now describes the state and the show to a page.
func (l *live) now(v *viewer) any {
	l.mu.Lock()
	defer l.mu.Unlock()
	return map[string]any{"state": l.state, "show": l.shown(), "bet": l.show.bets[v.browser].Lane,
		"sent": l.sent, "late": v.late}
}

func (l *live) counts() any {
	l.mu.Lock()
	defer l.mu.Unlock()
	return map[string]any{"counts": l.countLanes(), "viewers": l.lanesWatched(), "sent": l.sent}
}
