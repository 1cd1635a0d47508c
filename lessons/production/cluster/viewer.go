package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"realtimelab/internal/livepage"
)

const viewPace = 150 * time.Millisecond // between two looks at what has changed

// view is the state that a page shows.
type view struct {
	State    state        `json:"state"`
	Adapters []string     `json:"adapters"` // to choose from
	Keyed    bool         `json:"keyed"`    // this page may switch
	Busy     string       `json:"busy"`
	Servers  []serverView `json:"servers"`
	Account  account      `json:"account"` // of the crowd
	Trace    *trace       `json:"trace"`   // of the last broadcast
	Requests []passed     `json:"requests"`
}

// serverView describes one server.
type serverView struct {
	Name    string `json:"name"`
	Status  status `json:"status"`
	Clients int    `json:"clients"`
	Unknown int64  `json:"unknown"` // requests with a session that it did not have
}

// view returns what a page shows whose client names itself so.
func (d *demo) view(client string, keyed bool) view {
	v := view{Adapters: d.database.adapters(), Keyed: keyed, Account: d.account(),
		Trace: d.traces.last(), Requests: d.balancer.requests(client)}
	for _, s := range d.servers {
		v.Servers = append(v.Servers, serverView{s.name, s.status(), s.clients(), s.unknown.Load()})
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	v.State, v.Busy = d.state, d.busy
	return v
}

// enter counts a page. It reports false if the demo is closed or full.
func (d *demo) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.views >= livepage.MaxViewers || !d.running.Enter() {
		return false
	}
	d.views++
	return true
}

func (d *demo) leave() {
	d.mu.Lock()
	d.views--
	d.mu.Unlock()
	d.running.Leave()
}

// serve handles the WebSocket between the demo and a page, which names its client by ?client=. The
// server sends a view first and whenever it has changed. The page sends nothing.
func (d *demo) serve(w http.ResponseWriter, r *http.Request) {
	client, keyed, v := r.FormValue("client"), d.keyed(r), livepage.NewViewer()
	if !v.Open(w, r, nil) {
		return
	}
	if !d.enter() {
		v.Refuse()
		return
	}
	defer d.leave()
	defer d.balancer.watch(client)()
	v.Serve(d.ctx, func(ctx context.Context) { d.tell(ctx, v, client, keyed) })
}

// tell sends views until the page disconnects or the demo closes.
func (d *demo) tell(ctx context.Context, v *livepage.Viewer, client string, keyed bool) {
	pace := time.NewTicker(viewPace)
	defer pace.Stop()
	var told []byte
	for {
		text, err := json.Marshal(d.view(client, keyed))
		if err != nil {
			d.log.Error("the view of a page cannot be written", "err", err)
			return
		}
		if !bytes.Equal(text, told) {
			told = text
			if v.Send(json.RawMessage(text)) != nil {
				return
			}
		}
		select {
		case <-pace.C:
		case <-ctx.Done():
			return
		}
	}
}
