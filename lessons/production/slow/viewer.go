package slow

import (
	"context"
	"net/http"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"realtimelab/internal/livepage"
)

const (
	viewPace   = 250 * time.Millisecond
	mostEvents = 20 // kept for a page that comes later
)

// A counter counts bytes.
type counter struct{ n atomic.Int64 }

func (c *counter) add(n int64)  { c.n.Add(n) }
func (c *counter) value() int64 { return c.n.Load() }

// enter registers a viewer. It returns false if the demo is closing or full. The broadcast runs
// while anyone watches.
func (d *demo) enter(v *livepage.Viewer) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.viewers) >= livepage.MaxViewers || !d.running.Enter() {
		return false
	}
	d.viewers[v] = struct{}{}
	d.hub.pause(false)
	return true
}

func (d *demo) leave(v *livepage.Viewer) {
	d.mu.Lock()
	delete(d.viewers, v)
	d.hub.pause(len(d.viewers) == 0)
	d.mu.Unlock()
	d.running.Leave()
}

// serveViewer handles the WebSocket between the demo and a page. The server sends a view four times
// a second and after each change, and answers {"ping":x} with {"pong":x,"now":ms}.
func (d *demo) serveViewer(w http.ResponseWriter, r *http.Request) {
	keyed, v := d.keyed(r), livepage.NewViewer()
	if !v.Open(w, r, nil) {
		return
	}
	if !d.enter(v) {
		v.Refuse()
		return
	}
	defer d.leave(v)
	d.begin.Do(func() { d.startReaders(r) })
	v.Serve(d.ctx, func(ctx context.Context) { d.tell(ctx, v, keyed) })
}

// tell sends views until the page disconnects or the demo closes.
func (d *demo) tell(ctx context.Context, v *livepage.Viewer, keyed bool) {
	pace := time.NewTicker(viewPace)
	defer pace.Stop()
	var next any = d.view(keyed)
	for v.Send(next) == nil {
		select {
		case <-pace.C:
			next = d.view(keyed)
		case <-v.News:
			next = d.view(keyed)
		case next = <-v.Pongs:
		case <-ctx.Done():
			return
		}
	}
}

// A view is the state of the demo as its pages show it.
type view struct {
	Keyed   bool    `json:"keyed"` // this page may change the demo
	Policy  Policy  `json:"policy"`
	Reading int     `json:"reading"`
	Rate    float64 `json:"rate"`

	Last    int64   `json:"last"` // number of the newest message
	Skipped int64   `json:"skipped"`
	Late    float64 `json:"late"` // ms that the broadcast loop is behind its schedule
	Heap    uint64  `json:"heap"` // bytes of the server's heap

	Clients []clientView `json:"clients"` // connected, in the order of their arrival

	// Readers describes what reached the demo's own clients, by name.
	Readers map[string]delivery `json:"readers"`

	// Others is the delay over all steady clients.
	Others struct {
		P50 *float64 `json:"p50"`
		P99 *float64 `json:"p99"`
	} `json:"others"`

	Events  []event `json:"events"`  // the latest, oldest first
	Happens int     `json:"happens"` // number of the latest
}

// A clientView is a connection as the server sees it.
type clientView struct {
	Name    string    `json:"name"`
	Queue   int       `json:"queue"` // messages
	Bytes   int       `json:"bytes"` // of these messages
	Dropped int64     `json:"dropped"`
	Sent    int64     `json:"sent"` // number of the newest message written
	Warning bool      `json:"warning"`
	TCP     *tcpState `json:"tcp"` // null where the system does not tell
}

// A tcpState says how much data the kernel holds for a client, in bytes.
type tcpState struct {
	Unsent   int `json:"unsent"`   // in the send buffer, and not sent yet
	InFlight int `json:"inFlight"` // sent, and not acknowledged
	Window   int `json:"window"`   // that the client offers
}

// An event is something that happened to a connection.
type event struct {
	Kind   string  `json:"kind"`
	Client string  `json:"client"`
	At     float64 `json:"at"` // ms of Unix time
	Code   int     `json:"code,omitempty"`
	Reason string  `json:"reason,omitempty"`
}

// The kinds of events.
const (
	eventEnded   = "ended"   // the server ended the connection
	eventLearned = "learned" // the client has noticed
)

// note keeps an event.
func (d *demo) note(e event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, e)
	d.events = d.events[max(len(d.events)-mostEvents, 0):]
	d.happens++
	for v := range d.viewers {
		v.Wake()
	}
}

// view describes the demo to a page.
func (d *demo) view(keyed bool) view {
	v := view{Keyed: keyed, Readers: map[string]delivery{}, Heap: heap()}
	v.Policy, v.Rate = d.hub.settings()
	var late time.Duration
	v.Last, v.Skipped, late = d.hub.progress()
	v.Late = float64(late.Microseconds()) / 1000
	v.Clients = d.clients()
	var all []sample
	for _, r := range d.steady {
		v.Readers[r.name] = r.delivery()
		all = append(all, r.recent()...)
	}
	v.Readers[slowName] = d.slow.delivery()
	v.Others.P50, v.Others.P99 = percentiles(all)
	d.mu.Lock()
	defer d.mu.Unlock()
	v.Reading, v.Events, v.Happens = d.reading, append([]event{}, d.events...), d.happens
	return v
}

// clients describes the connections.
func (d *demo) clients() []clientView {
	all := []clientView{}
	for _, c := range d.hub.joined() {
		d.mu.Lock()
		conn := d.conns[c]
		d.mu.Unlock()
		one := clientView{Name: c.name, Sent: c.sent.Load()}
		one.Queue, one.Bytes, one.Dropped = c.queue.depth()
		one.Warning = one.Bytes > growWarning
		if conn != nil {
			one.TCP = readTCP(conn)
		}
		all = append(all, one)
	}
	return all
}

// heap returns the bytes of the objects on the heap.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
