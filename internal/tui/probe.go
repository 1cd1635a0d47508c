package tui

import (
	"sync"
	"time"

	"realtimelab/internal/terminal"
	"realtimelab/internal/xray"
)

// sampleRows are shown of one sample at most: more are dropped, and counted, so
// that a busy wire leaves the screen responsive.
const sampleRows = 250

// sampleReads bounds the rows that one sample reads past, in batches.
const sampleReads = 100

// probe is a demo that serves, and reads what its screens show.
type probe struct {
	Served
	log logRing

	mu      sync.Mutex // guards what follows
	closed  bool
	watcher *xray.Watcher // nil unless the rows are wanted
	lost    uint64        // of the watcher, and told already
	logged  uint64        // lines that were given out
}

// sample is what a probe saw since the one before.
type sample struct {
	from     *probe
	at       time.Time
	clients  int
	counters xray.Counters
	rows     []*xray.Row
	dropped  uint64 // rows that came too fast to be shown
	log      []string
}

// sample reads what there is; the rows only if they are wanted, since they cost
// the demo something.
func (p *probe) sample(at time.Time, rows bool) sample {
	clients := p.Running.Clients()
	s := sample{from: p, at: at}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return s
	}
	s.clients = clients
	s.log, p.logged = p.log.since(p.logged)
	x := p.Running.Xray()
	if x == nil {
		return s
	}
	s.counters = x.Counters()
	switch {
	case rows && p.watcher == nil:
		p.watcher, p.lost = x.Watch(), 0
	case !rows && p.watcher != nil:
		p.watcher.Close()
		p.watcher = nil
	}
	if p.watcher != nil {
		s.rows, s.dropped = newest(p.watcher)
		s.dropped += p.watcher.Lost() - p.lost
		p.lost = p.watcher.Lost()
	}
	return s
}

// newest reads the rows that wait and keeps the last sampleRows of them. It returns how many it dropped.
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

func (p *probe) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.watcher != nil {
		p.watcher.Close()
		p.watcher = nil
	}
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
