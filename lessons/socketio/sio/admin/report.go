package admin

import (
	"time"

	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/sio"
)

// A report is an event for the admins.
type report struct {
	to   *sio.Socket // nil for all admins, on all servers
	name string
	args []any
}

// maxWaiting bounds the reports that wait to be emitted. Above it, the events of clients are not
// reported. Sockets and rooms still are, so that the page's lists stay right.
const maxWaiting = 10_000

// post lets the goroutine emit a report. It never waits. The caller holds mu.
func (a *Admin) post(r report) {
	if a.closed {
		return
	}
	a.waiting = append(a.waiting, r)
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// postEvent reports an event that a client has sent or was sent.
func (a *Admin) postEvent(name string, s *sio.Socket, e string, args sio.Args) {
	list := eventList(e, args)
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.waiting) >= maxWaiting {
		a.dropped++
		return
	}
	a.post(report{name: name, args: []any{s.Namespace().Name(), s.ID(), list,
		timestamp(time.Now())}})
}

// run emits the reports in order, and the numbers of the server at each interval, until Close.
func (a *Admin) run() {
	interval := time.NewTicker(a.config.StatsInterval)
	defer interval.Stop()
	for {
		select {
		case <-a.closing:
			return
		case <-interval.C:
			a.emit(report{name: "server_stats", args: []any{a.stats(time.Now())}})
		case <-a.wake:
			a.mu.Lock()
			reports, dropped := a.waiting, a.dropped
			a.waiting, a.dropped = nil, 0
			a.mu.Unlock()
			for _, r := range reports {
				a.emit(r)
			}
			if dropped > 0 {
				a.config.Log.Warn("events not reported to the admins: there are too many", "events",
					dropped)
			}
		}
	}
}

// emit sends a report. A panic of the program's adapter or parser is logged.
func (a *Admin) emit(r report) {
	defer func() {
		if v := recover(); v != nil {
			a.config.Log.Error("report panicked", "report", r.name, "panic", event.Printable(v))
		}
	}()
	emit := a.namespace.Emit
	if r.to != nil {
		emit = r.to.Emit
	}
	if err := emit(r.name, r.args...); err != nil {
		a.config.Log.Debug("report not sent", "report", r.name, "err", event.Printable(err))
	}
}

// timestamp writes a time as JavaScript writes a Date in JSON.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
