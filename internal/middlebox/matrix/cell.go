// Package matrix measures how each transport works behind each kind of proxy. A cell is one
// transport behind one proxy: the lesson's server, a real middlebox.Proxy before it, the lesson's
// Go client behind that, and real bytes over loopback.
//
// Beside each client is an observer, which reaches the server without the proxy. It publishes
// messages for the client, and receives the client's messages.
package matrix

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"realtimelab/internal/httpserver"
	"realtimelab/internal/lesson"
	"realtimelab/internal/meter"
	"realtimelab/internal/middlebox"
)

// An Arrival says how messages arrive.
type Arrival string

// The arrivals.
const (
	AtOnce Arrival = "at once"
	Late   Arrival = "late"  // after more than lateAfter
	Batch  Arrival = "batch" // only when later messages had filled the proxy's buffer
	Never  Arrival = "never" // not within Timeout
)

// A Silence is the outcome of a silence longer than the proxy allows.
type Silence string

// The outcomes of a silence.
const (
	Held Silence = "held" // nothing was cut: heartbeats or short requests broke the silence
	Back Silence = "back" // the proxy cut the connection, and the client came back
	Dead Silence = "dead" // the client receives no further message
)

// A Verdict summarises a cell.
type Verdict string

// The verdicts.
const (
	Works    Verdict = "works"
	Degraded Verdict = "degraded" // late, in batches, or with interruptions
	Broken   Verdict = "broken"   // some messages never arrive
)

// A Cell is the result of one transport behind one proxy.
type Cell struct {
	Transport string  `json:"transport"`
	Proxy     string  `json:"proxy"` // in the syntax of middlebox.Parse
	Verdict   Verdict `json:"verdict"`

	Connects bool    `json:"connects"`          // the server has the client
	Down     Arrival `json:"down"`              // of messages from the server to the client
	DownMS   float64 `json:"down_ms,omitempty"` // median; 0 if nothing arrived
	Up       Arrival `json:"up"`                // of a message from the client to the server
	UpMS     float64 `json:"up_ms,omitempty"`

	// BatchMessages is the number of later messages that were sent until the first arrived, with
	// Batch.
	BatchMessages int `json:"batch_messages,omitempty"`

	// empty without middlebox.Kinds.Idle, and for a cell that is broken before
	Silence Silence `json:"silence,omitempty"`

	// ForeignOrigin means that the server accepted a page of another origin, which it refuses
	// without the proxy.
	ForeignOrigin bool `json:"foreign_origin,omitempty"`

	Connections int64 `json:"connections"` // that the client has opened to the proxy
	Requests    int64 `json:"requests"`

	Error string `json:"error,omitempty"` // the client's error
}

// Times of a measurement.
const (
	lateAfter = time.Second
	spacing   = 150 * time.Millisecond // between two messages
	polling   = 200 * time.Millisecond // of short polling
	sent      = 3                      // messages, before any that fill a buffer
	filling   = 60                     // messages of fillSize at most, to fill a buffer
	fillSize  = 300                    // bytes
)

// foreign is an origin that no server of the lab knows.
const foreign = "http://evil.example"

// A Plan lists what to measure.
type Plan struct {
	Lanes   []lesson.Lane
	Proxies []middlebox.Kinds

	// Timeout bounds the wait for each message; 0 means 3 s. The proxy's own delay is added.
	Timeout time.Duration

	// Parallel is the number of cells that are measured at the same time; 0 means 12. They mostly
	// wait.
	Parallel int
}

// Lanes returns the lanes that the page of the comparison shows: each has a client for browsers.
func Lanes(all []lesson.Lesson) []lesson.Lane {
	return slices.DeleteFunc(lesson.Lanes(all), func(l lesson.Lane) bool { return l.GoOnly })
}

// Run measures all cells and calls tell for each, one at a time, in the order in which they are
// done. It returns them in the order of the plan, grouped by transport. When ctx ends, it returns
// its error.
func (p Plan) Run(ctx context.Context, tell func(Cell)) ([]Cell, error) {
	if p.Timeout == 0 {
		p.Timeout = 3 * time.Second
	}
	if p.Parallel == 0 {
		p.Parallel = 12
	}
	type job struct {
		lane lesson.Lane
		kind middlebox.Kinds
		at   int
	}
	var jobs []job
	for i, l := range p.Lanes {
		for j, k := range p.Proxies {
			jobs = append(jobs, job{l, k, i*len(p.Proxies) + j})
		}
	}
	// the slowest first
	slices.SortStableFunc(jobs, func(a, b job) int { return int(b.kind.Idle - a.kind.Idle) })
	cells := make([]Cell, len(jobs))
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	queue := make(chan job, len(jobs))
	for _, at := range jobs {
		queue <- at
	}
	close(queue)
	var mu sync.Mutex
	var workers sync.WaitGroup
	for range min(p.Parallel, len(jobs)) {
		workers.Go(func() {
			for at := range queue {
				if ctx.Err() != nil {
					return
				}
				cell, err := p.measure(ctx, at.lane, at.kind)
				if err != nil {
					stop(fmt.Errorf("%s behind %s: %w", at.lane.Name, at.kind, err))
					return
				}
				mu.Lock()
				cells[at.at] = cell
				tell(cell)
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return cells, nil
}

// trial is the servers and clients of one cell.
type trial struct {
	plan    Plan
	lane    lesson.Lane
	kinds   middlebox.Kinds
	timeout time.Duration

	instance *lesson.Instance
	server   *meter.Server
	box      *middlebox.Proxy
	front    *httpserver.Server
	served   chan error
	url      string // of the proxy

	observer *receiver
	client   *receiver
	next     int // of the messages of publish
}

// measure measures one cell.
func (p Plan) measure(ctx context.Context, lane lesson.Lane, kinds middlebox.Kinds) (_ Cell,
	err error) {
	t := &trial{plan: p, lane: lane, kinds: kinds, timeout: p.Timeout + 2*kinds.SlowBody}
	cell := Cell{Transport: lane.Name, Proxy: kinds.String(), Down: Never, Up: Never,
		Verdict: Broken}
	if err := t.serve(); err != nil {
		return cell, err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	if t.observer, err = t.dial(ctx, "http://"+t.server.Direct, nil); err != nil {
		return cell, err
	}
	defer t.observer.close()
	if !t.wait(ctx, func() bool { return t.instance.Clients() > 0 }) {
		return cell, errors.New("the observer cannot reach the server")
	}
	alone := t.instance.Clients()

	t.client, err = t.dial(ctx, t.url, nil)
	switch {
	case ctx.Err() != nil:
		return cell, context.Cause(ctx)
	case err != nil:
		cell.Error, err = err.Error(), nil
		t.count(&cell)
		return cell, nil
	}
	defer t.client.close()
	cell.Connects = t.wait(ctx, func() bool {
		return t.instance.Clients() > alone || t.client.failed() != nil
	}) && t.client.failed() == nil
	if cell.Connects {
		if err := t.down(ctx, &cell); err != nil {
			return cell, err
		}
		t.up(ctx, &cell)
	}
	if refused := t.client.failed(); refused != nil {
		cell.Error = refused.Error()
	}
	if cell.Down != Never && cell.Up != Never {
		if err := t.silence(ctx, &cell, alone); err != nil {
			return cell, err
		}
		t.count(&cell)
		if cell.ForeignOrigin, err = t.foreignOrigin(ctx); err != nil {
			return cell, err
		}
		cell.Verdict = Works
		if cell.Down != AtOnce || cell.Up != AtOnce || cell.Silence == Back {
			cell.Verdict = Degraded
		}
		if cell.Silence == Dead {
			cell.Verdict = Broken
		}
	} else {
		t.count(&cell)
	}
	if ctx.Err() != nil {
		return cell, context.Cause(ctx)
	}
	return cell, nil
}

// serve starts the lane's server and the proxy before it.
func (t *trial) serve() (err error) {
	log := slog.New(slog.DiscardHandler)
	if t.instance, err = t.lane.Start(lesson.Env{Log: log}); err != nil {
		return err
	}
	if t.server, err = meter.Serve(httpserver.Config{Handler: t.instance.Handler,
		Log: log}); err != nil {
		return errors.Join(err, t.instance.Close(context.Background()))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, t.server.Close(context.Background(), t.instance.Close))
	}
	t.url = "http://" + l.Addr().String()
	t.box = middlebox.New(middlebox.Config{Target: t.server.Addr, Kinds: t.kinds, Log: log})
	t.front = httpserver.New(httpserver.Config{Handler: t.box, AnyOrigin: true, Log: log,
		ConnContext: t.box.ConnContext})
	t.served = make(chan error, 1)
	listener := t.box.Listener(t.front.Track(l))
	go func() { t.served <- t.front.Serve(listener) }()
	return nil
}

// closeTime bounds the end of a cell.
const closeTime = 5 * time.Second

func (t *trial) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	closeServer := func(ctx context.Context) error { return t.server.Close(ctx, t.instance.Close) }
	return errors.Join(t.front.Close(ctx, closeServer), <-t.served, t.box.Close(ctx))
}

// count records the client's connections and requests.
func (t *trial) count(cell *Cell) {
	n := t.box.Counters()
	cell.Connections, cell.Requests = n.Connections, n.Requests
}

// receiver is a client with the messages that it has received.
type receiver struct {
	lesson.Client
	cancel context.CancelFunc

	mu    sync.Mutex
	heard map[string]time.Time
	any   chan struct{} // capacity 1: a message was received
}

// dial connects a client within Timeout. The error says why it could not.
func (t *trial) dial(ctx context.Context, url string, header http.Header) (*receiver, error) {
	running, cancel := context.WithCancel(ctx)
	l := &receiver{cancel: cancel, heard: map[string]time.Time{}, any: make(chan struct{}, 1)}
	timer := time.AfterFunc(t.timeout, cancel)
	client, err := t.lane.Dial(running, lesson.Dialing{URL: url, Interval: polling, Header: header,
		Upgrade: header, NoJitter: true, Hear: l.hear})
	if timer.Stop() && err == nil {
		l.Client = client
		return l, nil
	}
	cancel()
	if err == nil {
		client.Close()
		err = context.DeadlineExceeded
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no connection after %s", t.timeout)
	}
	return nil, err
}

func (l *receiver) close() {
	l.cancel()
	l.Client.Close()
}

// hear records a message by its first word.
func (l *receiver) hear(text string) {
	word, _, _ := strings.Cut(text, " ")
	l.mu.Lock()
	if l.heard[word].IsZero() {
		l.heard[word] = time.Now()
	}
	l.mu.Unlock()
	select {
	case l.any <- struct{}{}:
	default:
	}
}

// at returns the time when the client received a message, or zero.
func (l *receiver) at(word string) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.heard[word]
}

// failed returns the error that has ended the client for good, or nil.
func (l *receiver) failed() error {
	if f, ok := l.Client.(interface{ Err() error }); ok {
		return f.Err()
	}
	return nil
}

// wait waits until done reports true, at most for the timeout.
func (t *trial) wait(ctx context.Context, done func() bool) bool {
	return waitFor(ctx, t.timeout, done)
}

func waitFor(ctx context.Context, most time.Duration, done func() bool) bool {
	end := time.After(most)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-end:
			return done()
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// message returns a message as the lanes send it, whose text begins with the word.
func message(word string, size int) []byte {
	text := word + " " + strings.Repeat("x", max(size-len(word)-1, 0))
	return fmt.Appendf(nil, `{"id":1,"from":"lab","text":%q,"at":%q}`, text,
		time.Now().UTC().Format("2006-01-02T15:04:05.000Z"))
}

// publish sends a message to everybody, without the proxy. It returns its word and when it was
// sent.
func (t *trial) publish(ctx context.Context, size int) (string, time.Time, error) {
	t.next++
	word := fmt.Sprintf("m%d", t.next)
	began := time.Now()
	return word, began, t.observer.Send(ctx, message(word, size))
}

// down measures how messages reach the client. After a late message it measures again, because a
// busy machine may be the reason.
func (t *trial) down(ctx context.Context, cell *Cell) error {
	if err := t.hear(ctx, cell); err != nil || cell.Down != Late {
		return err
	}
	return t.hear(ctx, cell)
}

func (t *trial) hear(ctx context.Context, cell *Cell) error {
	var words []string
	var times []time.Time
	for range sent {
		word, at, err := t.publish(ctx, 0)
		if err != nil {
			return err
		}
		words, times = append(words, word), append(times, at)
		waitFor(ctx, spacing, func() bool { return false })
	}
	all := func() bool {
		return !slices.ContainsFunc(words, func(word string) bool {
			return t.client.at(word).IsZero()
		})
	}
	arrival := AtOnce
	if !t.wait(ctx, all) {
		arrival = Batch
		for cell.BatchMessages < filling && !all() {
			if _, _, err := t.publish(ctx, fillSize); err != nil {
				return err
			}
			cell.BatchMessages++
			waitFor(ctx, 20*time.Millisecond, all)
		}
		if !t.wait(ctx, all) {
			cell.BatchMessages = 0
			return nil
		}
	}
	var delays []time.Duration
	for i, word := range words {
		delays = append(delays, t.client.at(word).Sub(times[i]))
	}
	slices.Sort(delays)
	median := delays[len(delays)/2]
	if arrival == AtOnce && median > lateAfter {
		arrival = Late
	}
	cell.Down, cell.DownMS = arrival, ms(median)
	return nil
}

// up measures how a message of the client reaches the server, like down.
func (t *trial) up(ctx context.Context, cell *Cell) {
	t.say(ctx, cell, "up")
	if cell.Up == Late {
		t.say(ctx, cell, "again")
	}
}

func (t *trial) say(ctx context.Context, cell *Cell, word string) {
	sending, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	began := time.Now()
	err := t.client.Send(sending, message(word, 0))
	if !t.wait(ctx, func() bool { return !t.observer.at(word).IsZero() }) {
		if err != nil && !errors.Is(err, context.Canceled) &&
			!errors.Is(err, context.DeadlineExceeded) {
			cell.Error = err.Error()
		}
		return
	}
	delay := t.observer.at(word).Sub(began)
	cell.Up, cell.UpMS = AtOnce, ms(delay)
	if delay > lateAfter {
		cell.Up = Late
	}
}

// silence waits for longer than the proxy allows, and checks whether the client still receives
// messages.
func (t *trial) silence(ctx context.Context, cell *Cell, alone int) error {
	if t.kinds.Idle == 0 {
		return nil
	}
	if !t.wait(ctx, func() bool { return t.instance.Clients() > alone }) {
		// a busy machine caused a cut, and the client comes back
		return nil
	}
	timeouts := t.box.Counters().Timeouts
	waitFor(ctx, t.kinds.Idle+t.kinds.Idle/4+spacing, func() bool { return false })
	const comeBack = 10 * time.Second // a client may wait before it connects again
	cell.Silence = Dead
	if !waitFor(ctx, comeBack, func() bool { return t.instance.Clients() > alone }) {
		return nil
	}
	word, _, err := t.publish(ctx, 0)
	if err != nil {
		return err
	}
	if !waitFor(ctx, comeBack, func() bool { return !t.client.at(word).IsZero() }) {
		return nil
	}
	cell.Silence = Held
	if t.box.Counters().Timeouts > timeouts {
		cell.Silence = Back
	}
	return nil
}

// foreignOrigin reports whether a page of another origin could listen.
func (t *trial) foreignOrigin(ctx context.Context) (bool, error) {
	l, err := t.dial(ctx, t.url, http.Header{"Origin": {foreign}})
	if err != nil {
		return false, nil
	}
	defer l.close()
	word := ""
	listens := func() bool {
		return l.failed() != nil || !l.at(word).IsZero()
	}
	for range 3 { // the first may come before it is connected
		if word, _, err = t.publish(ctx, 0); err != nil {
			return false, err
		}
		if waitFor(ctx, t.timeout/3, listens) {
			break
		}
	}
	return l.failed() == nil && listens(), nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
