package tui

import (
	"context"
	"sync"
	"time"

	"realtimelab/internal/netsim"
	"realtimelab/internal/terminal"
	"realtimelab/internal/xray"
)

// sampleRows are shown of one sample at most: more are dropped, and counted, so
// that a busy wire leaves the screen responsive.
const sampleRows = 250

// sampleReads bounds the rows that one sample reads past, in batches.
const sampleReads = 100

// monitor is a demo that serves, and reads what its screens show.
type monitor struct {
	Served
	log logRing

	mu      sync.Mutex // guards what follows
	closed  bool
	watcher *xray.Watcher // nil unless the rows are wanted
	lost    uint64        // of the watcher, and told already
	logged  uint64        // lines that were given out
}

// wire returns the x-ray, nil without one.
func (m *monitor) wire() *xray.Xray {
	if m.Running == nil {
		return nil
	}
	return m.Running.Xray()
}

// sample holds the changes of a demo since the sample before.
type sample struct {
	from     *monitor
	at       time.Time
	clients  int
	line     Line // what stands before the demo
	counters xray.Counters
	rows     []*xray.Row
	dropped  uint64 // rows that came too fast to be shown
	log      []string
}

// sample reads what there is; the rows only if they are wanted, since they cost
// the demo something.
func (m *monitor) sample(at time.Time, rows bool) sample {
	clients := m.Running.Clients()
	s := sample{from: m, at: at}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return s
	}
	s.clients, s.line = clients, m.line()
	s.log, m.logged = m.log.since(m.logged)
	x := m.Running.Xray()
	if x == nil {
		return s
	}
	s.counters = x.Counters()
	switch {
	case rows && m.watcher == nil:
		m.watcher, m.lost = x.Watch(), 0
	case !rows && m.watcher != nil:
		m.watcher.Close()
		m.watcher = nil
	}
	switch {
	case m.watcher == nil:
	case m.Recorded:
		s.rows = make([]*xray.Row, sampleRows)
		s.rows = s.rows[:m.watcher.Read(s.rows)]
	default:
		s.rows, s.dropped = newest(m.watcher)
		s.dropped += m.watcher.Lost() - m.lost
		m.lost = m.watcher.Lost()
	}
	return s
}

// line returns what stands between the clients and the demo.
func (m *monitor) line() (l Line) {
	if front := m.Running.Front(); front != nil {
		l.Net = front.Link()
	}
	if proxy := m.Running.Proxy(); proxy != nil {
		kinds := proxy.Kinds()
		l.Proxy = &kinds
	}
	return l
}

// change sets the network and the proxy. It reports false, and changes nothing, if one of them has
// to be put before the demo or taken away.
func (m *monitor) change(to Line) bool {
	front, proxy := m.Running.Front(), m.Running.Proxy()
	if front == nil && to.Net != (netsim.Link{}) || (proxy == nil) != (to.Proxy == nil) {
		return false
	}
	if front != nil {
		front.Set(to.Net)
	}
	if proxy != nil {
		proxy.Set(*to.Proxy)
	}
	return true
}

// newest reads the rows that wait and keeps the last sampleRows of them. It returns how many it
// dropped.
func newest(w *xray.Watcher) (kept []*xray.Row, dropped uint64) {
	batch := make([]*xray.Row, sampleRows)
	for range sampleReads {
		n := w.Read(batch)
		if n == 0 {
			break
		}
		kept = append(kept, batch[:n]...)
		if more := len(kept) - sampleRows; more > 0 {
			dropped += uint64(more)
			kept = append(kept[:0], kept[more:]...)
		}
	}
	return kept, dropped
}

// Close ends the demo. Later samples are empty.
func (m *monitor) Close(ctx context.Context) error {
	m.mu.Lock()
	m.closed = true
	if m.watcher != nil {
		m.watcher.Close()
		m.watcher = nil
	}
	m.mu.Unlock()
	return m.Running.Close(ctx)
}

// logLines are held of a demo's log.
const logLines = 1000

// logRing holds the last lines that were written to it.
type logRing struct {
	mu    sync.Mutex // guards what follows
	lines []string
	total uint64
}

// Write takes whole lines, as slog writes them.
func (l *logRing) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range splitLines(string(p)) {
		l.lines = append(l.lines, terminal.Clean(line))
		l.total++
	}
	if more := len(l.lines) - logLines; more > 0 {
		l.lines = append(l.lines[:0], l.lines[more:]...)
	}
	return len(p), nil
}

// since returns the lines after the first n, as far as they are held, and how
// many there were ever.
func (l *logRing) since(n uint64) ([]string, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fresh := min(l.total-n, uint64(len(l.lines)))
	return append([]string(nil), l.lines[uint64(len(l.lines))-fresh:]...), l.total
}
