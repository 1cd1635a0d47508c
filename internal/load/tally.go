package load

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"realtimelab/internal/lang"
	"realtimelab/internal/latency"
)

// The phases in which something fails.
const (
	phaseConnect = "connect" // an attempt to connect
	phaseHold    = "hold"    // a connection ended that should not
	phaseSend    = "send"    // a message could not be sent
	phaseUpgrade = "upgrade" // an upgrade failed, and its client stays on polling
)

// A Failure counts what failed for the same cause.
type Failure struct {
	Phase   string `json:"phase"` // connect, hold, send or upgrade
	Cause   Cause  `json:"cause"`
	Count   int    `json:"count"`
	Example string `json:"example"` // the first error, in English

	chinese string // the first error in Chinese; empty: only Example is known
}

// tally counts for all clients.
type tally struct {
	in, out    atomic.Int64 // bytes above TLS
	messages   atomic.Int64 // received, with or without a label
	connecting atomic.Int64 // attempts under way
	tried      atomic.Int64 // clients that made an attempt

	mu      sync.Mutex
	ready   int           // clients that have a connection
	peak    int           // the most of them
	fast    map[int]int   // of ready, without slow readers, by room
	returns time.Duration // when the last client was back from the storm, from its cut
	cut     int           // clients in the storm
	back    int           // of these, the ones that are back

	sent, unsent int // messages
	expected     int // deliveries
	delivered    int
	slowly       int // deliveries to slow clients, which are not expected
	extra        int // deliveries beyond the expected ones

	shots    []shot // by the number of the message
	latency  *hdrhistogram.Histogram
	connect  *hdrhistogram.Histogram
	storm    *hdrhistogram.Histogram
	lag      *hdrhistogram.Histogram // by how much this process was late in the measurement
	lagAt    *hdrhistogram.Histogram // and before it, while the clients arrived
	measures bool                    // the measurement has begun
	recent   *hdrhistogram.Histogram // the latest latencies; before the first message, of connect
	slice    *hdrhistogram.Histogram // these of the present Slice, without recent
	failures map[failureKey]*Failure
}

type failureKey struct {
	phase string
	cause Cause
}

// A shot is a message that was sent.
type shot struct {
	at        time.Duration // intended, from the start
	want, got int32         // receivers
}

func newTally() *tally {
	return &tally{
		fast: map[int]int{}, failures: map[failureKey]*Failure{},
		latency: latency.New(), connect: latency.New(), storm: latency.New(), lag: latency.New(),
		lagAt: latency.New(), recent: latency.NewSlice(), slice: latency.NewSlice(),
	}
}

// connected counts a client that is ready, by the time since it was due.
func (t *tally) connected(took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	latency.Record(t.connect, took)
	if len(t.shots) == 0 {
		latency.Record(t.recent, took)
	}
}

// held counts a client that has got or lost its connection.
func (t *tally) held(c *client, by int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ready += by
	t.peak = max(t.peak, t.ready)
	if !c.slow {
		t.fast[c.room()] += by
	}
}

// returned counts a client that is back from the storm.
func (t *tally) returned(took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	latency.Record(t.storm, took)
	t.back++
	t.returns = max(t.returns, took)
}

// failed counts an error by its cause.
func (t *tally) failed(phase string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := failureKey{phase, causeOf(err)}
	f := t.failures[key]
	if f == nil {
		if known := (*failure)(nil); errors.As(err, &known) {
			err = known.err
		}
		f = &Failure{Phase: phase, Cause: key.cause, Example: err.Error(),
			chinese: lang.Message(err, lang.Chinese)}
		t.failures[key] = f
	}
	f.Count++
}

// late counts by how much this process did something too late.
func (t *tally) late(by time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.measures {
		latency.Record(t.lag, by)
	} else {
		latency.Record(t.lagAt, by)
	}
}

// shoot adds a message that its sender is about to send, and returns its number.
func (t *tally) shoot(at time.Duration, from *client) int {
	c := &from.run.config
	t.mu.Lock()
	defer t.mu.Unlock()
	want := t.fast[from.room()]
	switch {
	case (c.profile.acks || c.Receivers == Sender) && from.slow:
		want = 0 // deliveries to slow clients are counted apart
	case c.profile.acks || c.Receivers == Sender:
		want = 1
	case c.Receivers == Others && !from.slow:
		want--
	}
	want = max(want, 0)
	t.sent++
	t.expected += want
	t.shots = append(t.shots, shot{at: at, want: int32(want)})
	return len(t.shots) - 1
}

// notSent takes back a message that could not be sent.
func (t *tally) notSent(number int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.expected -= int(t.shots[number].want)
	t.shots[number].want = 0
	t.sent--
	t.unsent++
}

// deliver counts a message that a client received, at a time from the start.
func (t *tally) deliver(c *client, number int, at time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if number < 0 || number >= len(t.shots) {
		return
	}
	s := &t.shots[number]
	switch {
	case c.slow:
		t.slowly++
	case s.got == s.want:
		t.extra++
	default:
		s.got++
		t.delivered++
		latency.Record(t.latency, at-s.at)
		latency.Record(t.recent, at-s.at)
	}
}

// missing returns how many deliveries are outstanding.
func (t *tally) missing() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.expected - t.delivered
}

// list returns the failures, the most frequent first.
func (t *tally) list() []Failure {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := []Failure{}
	for f := range maps.Values(t.failures) {
		list = append(list, *f)
	}
	slices.SortFunc(list, func(a, b Failure) int {
		return cmp.Or(b.Count-a.Count, cmp.Compare(a.Phase, b.Phase), cmp.Compare(a.Cause, b.Cause))
	})
	return list
}

// count returns the failures of a phase.
func count(failures []Failure, phase string) (n int) {
	for _, f := range failures {
		if f.Phase == phase {
			n += f.Count
		}
	}
	return n
}
