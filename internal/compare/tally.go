package compare

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"realtimelab/internal/latency"
)

// timeSlices is the number of slices of a run in OverTime.
const timeSlices = 12

// tally collects the messages that all clients receive.
type tally struct {
	shots    []shot
	room     []int // by client
	audience []int // by sender: the clients that should receive its messages
	mark     kind  // of the messages of this turn; a user's server may still send earlier ones

	mu          sync.Mutex
	began       time.Time   // zero before the measurement
	heard       [][]bool    // by client and number
	reached     []int       // by number: the clients that heard it
	arrivals    [][]arrival // by client; nil unless Workload.Latest
	newest      [][]int     // by client and sender: the highest number heard
	dialed      []time.Time
	first       []time.Duration // by client: from dialing to hearing its own hello; 0 before
	greeted     int             // the clients that did
	warm        []bool          // the clients that heard the warm-up
	warmed      int
	delivered   int
	duplicated  int
	reordered   int
	misdirected int  // heard in another room
	aside       int  // heard by the sender beside the clients
	warmAside   bool // that sender heard the warm-up
	latency     *hdrhistogram.Histogram
	last        *hdrhistogram.Histogram   // until the last client heard a message
	slice       time.Duration             // of a run; 0 for none
	slices      []*hdrhistogram.Histogram // of the latencies, by the time of the shot
	recent      []int64                   // µs: the latencies since the last live
	mended      time.Time                 // when probes began; zero before
	recovered   []time.Duration           // by client: from then to hearing one; 0 before
	back        int                       // the clients that did
	change      chan struct{}             // has room for one; something was counted
}

func newTally(shots []shot, clients int) *tally {
	t := &tally{shots: shots, warm: make([]bool, clients), dialed: make([]time.Time, clients),
		first: make([]time.Duration, clients), recovered: make([]time.Duration, clients),
		latency: latency.New(), last: latency.New(), reached: make([]int, len(shots)),
		change: make(chan struct{}, 1)}
	t.assignRooms(Load{Clients: clients})
	for range clients {
		t.heard = append(t.heard, make([]bool, len(shots)))
		newest := make([]int, clients)
		for i := range newest {
			newest[i] = -1
		}
		t.newest = append(t.newest, newest)
	}
	return t
}

// assignRooms puts the clients into their rooms.
func (t *tally) assignRooms(l Load) {
	t.room, t.audience = make([]int, l.Clients), make([]int, l.Clients)
	for i := range l.Clients {
		t.room[i], t.audience[i] = l.room(i), l.audience(i)
	}
}

// hear records a text that a client received.
func (t *tally) hear(client int, text string) {
	now := time.Now()
	l, ok := parseLabel(text)
	if !ok || !strings.HasPrefix(string(l.kind), string(t.mark)) {
		return
	}
	l.kind = l.kind[len(t.mark):]
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.signal()
	switch l.kind {
	case hello:
		if l.number == client {
			t.greet(now, client)
		}
	case probe:
		if t.recovered[client] == 0 && !t.mended.IsZero() {
			t.recovered[client] = max(now.Sub(t.mended), 1)
			t.back++
		}
	case warmUp:
		if !t.warm[client] {
			t.warm[client] = true
			t.warmed++
		}
	case scheduled:
		t.deliver(now, client, l.number)
	}
}

// hearAside records a text that the sender beside the clients received. It does not count as a
// delivery.
func (t *tally) hearAside(text string) {
	l, ok := parseLabel(text)
	if !ok {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.signal()
	switch l.kind {
	case t.mark + warmUp:
		t.warmAside = true
	case t.mark + scheduled:
		t.aside++
	}
}

// deliver records a message of the schedule. The caller holds mu.
func (t *tally) deliver(now time.Time, client, n int) {
	if n >= len(t.shots) {
		return
	}
	sender := t.shots[n].sender
	if t.room[client] != t.room[sender] {
		t.misdirected++
		return
	}
	if t.heard[client][n] {
		t.duplicated++
		return
	}
	t.heard[client][n] = true
	newest := &t.newest[client][t.shots[n].sender]
	if n < *newest {
		t.reordered++
	}
	*newest = max(*newest, n)
	t.count(now, n)
	if t.arrivals != nil {
		t.arrivals[client] = append(t.arrivals[client], arrival{now.Sub(t.began), n})
	}
	if t.reached[n]++; t.reached[n] == t.audience[sender] {
		latency.Record(t.last, now.Sub(t.began)-t.shots[n].at)
	}
}

// dial notes that a client begins to connect.
func (t *tally) dial(client int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.dialed[client] = time.Now()
}

// greet records a client's own hello, or the answer to it.
func (t *tally) greet(now time.Time, client int) {
	if t.first[client] == 0 {
		t.first[client] = max(now.Sub(t.dialed[client]), 1)
		t.greeted++
	}
}

// answered records the answer to a question.
func (t *tally) answered(n int) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.signal()
	t.count(now, n)
}

func (t *tally) count(now time.Time, n int) {
	t.delivered++
	late := latency.Micros(now.Sub(t.began) - t.shots[n].at)
	t.recent = append(t.recent, late)
	_ = t.latency.RecordValue(late)
	if t.slice > 0 {
		at := min(int(t.shots[n].at/t.slice), timeSlices-1)
		for len(t.slices) <= at {
			t.slices = append(t.slices, latency.NewSlice())
		}
		_ = t.slices[at].RecordValue(late)
	}
}

// live returns the figures so far, and resets the recent latencies. aside is the number of messages
// that the sender beside the clients received.
func (t *tally) live() (l Live, aside int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l.Elapsed, l.Delivered = time.Since(t.began), t.delivered
	if t.delivered > 0 {
		l.P50, l.P99 = latency.Millis(t.latency.ValueAtQuantile(50)),
			latency.Millis(t.latency.ValueAtQuantile(99))
	}
	if len(t.recent) > 0 {
		slices.Sort(t.recent)
		l.Recent = latency.Millis(t.recent[len(t.recent)/2])
	}
	t.recent = t.recent[:0]
	return l, t.aside
}

func (t *tally) signal() {
	select {
	case t.change <- struct{}{}:
	default:
	}
}

// holds calls condition under the lock.
func (t *tally) holds(condition func() bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return condition()
}

// await waits until condition is true.
func (t *tally) await(ctx context.Context, condition func() bool) error {
	for !t.holds(condition) {
		select {
		case <-t.change:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// durations returns a histogram of the durations other than zero.
func durations(all []time.Duration) *hdrhistogram.Histogram {
	h := latency.New()
	for _, d := range all {
		if d > 0 {
			latency.Record(h, d)
		}
	}
	return h
}
