// Package proxies is the demo that measures what each transport survives behind each kind of proxy.
package proxies

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"realtimelab/internal/feed/wire"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/middlebox"
	"realtimelab/internal/middlebox/matrix"
	"realtimelab/internal/tasks"
)

// path is the demo's endpoint. It is below /lab/ so that browsers send the key's cookie.
//
//	GET  /lab/proxies                  the state
//	POST /lab/proxies {"idle":"20s"}   with the key: measure all cells again
const path = "/lab/proxies"

// idles are the silences that a measurement may allow. Heartbeats come every 15 or 25 s.
var idles = []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second}

// state is the answer to GET.
type state struct {
	Keyed   bool   `json:"keyed"` // the client may start a measurement
	Running bool   `json:"running"`
	Run     int    `json:"run"` // counts measurements
	Idle    string `json:"idle"`
	Total   int    `json:"total"` // cells
	Problem string `json:"problem,omitempty"`

	Transports []transport `json:"transports"`
	Proxies    []proxy     `json:"proxies"`
	Idles      []string    `json:"idles"`
	Cells      []cell      `json:"cells"` // so far
}

type transport struct {
	Name  string    `json:"name"`
	Title lang.Text `json:"title"`
}

type proxy struct {
	Name string    `json:"name"` // as the cells have it
	Says lang.Text `json:"says"`
}

type cell struct {
	matrix.Cell
	Says lang.Text `json:"says"`
}

// live is the running demo. It measures one matrix at a time, for all who watch.
type live struct {
	lanes   []lesson.Lane
	keyed   func(*http.Request) bool
	log     *slog.Logger
	ctx     context.Context
	cancel  context.CancelFunc
	running tasks.Group

	mu       sync.Mutex // guards what follows
	state    state
	watching map[string]time.Time // when each address asked last
}

// Demo describes the demo.
func Demo() lesson.Demo {
	return lesson.Demo{
		Name:  "proxies",
		Title: lang.Text{EN: "What survives a proxy", ZH: "代理后面还能用什么"},
		Summary: lang.Text{
			EN: "Seven transports behind eight kinds of proxy, measured " +
				"with real traffic while you watch.",
			ZH: "七种传输放在八种代理后面，用真实流量当场测量。",
		},
		OwnNet: true,
		Start:  start,
	}
}

func start(env lesson.Env) (*lesson.Instance, error) {
	if env.Lab == nil {
		return nil, errors.New(
			"the demo proxies measures the others: start it with lab run or lab serve")
	}
	l := &live{lanes: matrix.Lanes(env.Lab.Lessons), keyed: env.Lab.Keyed, log: env.Log,
		watching: map[string]time.Time{}}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.state = state{Cells: []cell{}}
	for _, lane := range l.lanes {
		l.state.Transports = append(l.state.Transports, transport{lane.Name, lane.Title})
	}
	for _, d := range idles {
		l.state.Idles = append(l.state.Idles, d.String())
	}
	l.plan(idles[2])
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+path, l.serve)
	mux.HandleFunc("POST "+path, l.serveStart)
	return &lesson.Instance{Handler: mux, Clients: l.clients, Close: l.close}, nil
}

// plan prepares the state for a measurement, and returns its proxies. The caller holds mu, or the
// demo has not started.
func (l *live) plan(idle time.Duration) []middlebox.Kinds {
	kinds := middlebox.Each(idle)
	l.state.Idle, l.state.Total = idle.String(), len(kinds)*len(l.lanes)
	l.state.Proxies = nil
	for _, k := range kinds {
		l.state.Proxies = append(l.state.Proxies, proxy{k.String(), k.Describe()})
	}
	return kinds
}

func (l *live) serve(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	if len(l.watching) < 1000 {
		l.watching[r.RemoteAddr] = time.Now()
	}
	now := l.state
	now.Cells = slices.Clone(now.Cells)
	l.mu.Unlock()
	now.Keyed = l.keyed(r)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(now) // fails only if the client has left
}

// serveStart measures every transport behind every proxy, unless that is under way.
func (l *live) serveStart(w http.ResponseWriter, r *http.Request) {
	if !l.keyed(r) {
		wire.Refuse(w, http.StatusForbidden,
			"only the person who started the lab can measure: open the page with the key")
		return
	}
	var wanted struct{ Idle string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&wanted); err != nil {
		wire.Refuse(w, http.StatusBadRequest,
			`the body must be JSON such as {"idle":"20s"}: `+err.Error())
		return
	}
	idle, err := time.ParseDuration(wanted.Idle)
	if err != nil || !slices.Contains(idles, idle) {
		wire.Refuse(w, http.StatusBadRequest,
			fmt.Sprintf("idle must be one of %v, not %q", idles, wanted.Idle))
		return
	}
	if !l.begin(idle) {
		wire.Refuse(w, http.StatusConflict, "a measurement is under way, or the demo ends")
		return
	}
	l.serve(w, r)
}

// begin starts a measurement. It returns false if one is under way, or the demo ends.
func (l *live) begin(idle time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state.Running || !l.running.Enter() {
		return false
	}
	plan := matrix.Plan{Lanes: l.lanes, Proxies: l.plan(idle)}
	l.state.Running, l.state.Cells, l.state.Problem = true, []cell{}, ""
	l.state.Run++
	go l.measure(plan)
	return true
}

// measure fills the matrix, cell by cell.
func (l *live) measure(plan matrix.Plan) {
	defer l.running.Leave()
	_, err := plan.Run(l.ctx, func(c matrix.Cell) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.state.Cells = append(l.state.Cells, cell{c, c.Says()})
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state.Running = false
	if err != nil && l.ctx.Err() == nil {
		l.state.Problem = err.Error()
		l.log.Error("the matrix was not measured", "err", err)
	}
}

// watchTime is how long a page counts as a client after it has asked.
const watchTime = 5 * time.Second

func (l *live) clients() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for addr, at := range l.watching {
		if time.Since(at) > watchTime {
			delete(l.watching, addr)
		}
	}
	return len(l.watching)
}

func (l *live) close(ctx context.Context) error {
	l.running.Refuse()
	l.cancel()
	return l.running.Wait(ctx)
}
