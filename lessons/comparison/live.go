package comparison

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"realtimelab/internal/lesson"
	"realtimelab/internal/livepage"
	"realtimelab/internal/tasks"
)

// path is the comparison's endpoint for its pages. It is below /lab/ so that browsers send the
// key's cookie.
const path = "/lab/compare"

// live is the running demo.
type live struct {
	keyed   func(*http.Request) bool
	code    func(req *http.Request, path string) (string, error)
	port    int
	log     *slog.Logger
	lanes   []*servedLane
	ctx     context.Context
	cancel  context.CancelFunc
	running tasks.Group // counts the feed, the viewers and the timer that ends a blackout

	mu      sync.Mutex
	state   state
	show    show
	sent    int
	viewers map[*viewer]struct{}
	changed chan struct{} // capacity 1: tells the feed that its pace may have changed
}

func newLive(s state) *live {
	return &live{viewers: map[*viewer]struct{}{}, changed: make(chan struct{}, 1), state: s,
		show: show{phase: phaseFree, done: map[string]bool{}}}
}

func start(env lesson.Env) (*lesson.Instance, error) {
	if env.Lab == nil {
		return nil, errors.New(
			"the demo compare runs the others: start it with lab run or lab serve")
	}
	l := newLive(state{Rate: 5, Interval: 1000, Net: env.Lab.Net})
	l.keyed, l.code, l.port, l.log = env.Lab.Keyed, env.Lab.Code, env.Port, env.Log
	l.ctx, l.cancel = context.WithCancel(context.Background())
	opening, done := context.WithTimeout(l.ctx, 10*time.Second)
	defer done()
	for _, way := range lesson.Lanes(env.Lab.Lessons) {
		if way.GoOnly {
			continue
		}
		lane, err := openLane(opening, way, env)
		if err != nil {
			return nil, errors.Join(err, l.close(context.Background()))
		}
		l.lanes = append(l.lanes, lane)
	}
	l.running.Go(l.feed)
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+path, l.serve)
	mux.HandleFunc("POST "+path, livepage.Change(l.keyed, l.apply))
	mux.HandleFunc("POST "+path+"/show", livepage.Change(l.keyed, l.move))
	mux.HandleFunc("POST "+path+"/report", livepage.Change(l.keyed, l.take))
	mux.HandleFunc("POST "+path+"/bet", l.serveBet)
	mux.HandleFunc("GET "+path+"/code.svg", l.serveCode)
	mux.HandleFunc("GET "+path+"/rows/{lane}", l.serveRows)
	instance := &lesson.Instance{Handler: mux, Clients: l.watching, Close: l.close}
	for _, lane := range l.servers() {
		instance.Frames = append(instance.Frames, lane.Port())
	}
	return instance, nil
}

// watching returns the number of viewers.
func (l *live) watching() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.viewers)
}

// lanesWatched returns the number of viewers that have opened the lanes. The caller holds mu.
func (l *live) lanesWatched() int {
	n := 0
	for v := range l.viewers {
		if !v.bets && !v.late {
			n++
		}
	}
	return n
}

func (l *live) laneNamed(name string) *servedLane {
	for _, lane := range l.lanes {
		if lane.Name == name {
			return lane
		}
	}
	return nil
}

// active returns the lanes with or without recovery, as the state says. The caller holds mu.
func (l *live) active() []*servedLane {
	all := slices.Clone(l.lanes)
	for i, lane := range all {
		if l.state.Recovery && lane.recovering != nil {
			all[i] = lane.recovering
		}
	}
	return all
}

// servers returns the lanes with and without recovery.
func (l *live) servers() []*servedLane {
	all := slices.Clone(l.lanes)
	for _, lane := range l.lanes {
		if lane.recovering != nil {
			all = append(all, lane.recovering)
		}
	}
	return all
}

// countLanes returns the traffic of the active lanes so far, in their order. The caller holds mu.
func (l *live) countLanes() []lesson.Counts {
	counts := make([]lesson.Counts, len(l.lanes))
	for i, lane := range l.active() {
		counts[i] = lane.Counts()
	}
	return counts
}

// feed sends the same message over every lane at the same moment, while anyone watches. A message
// consists of its number, its time of sending in milliseconds of Unix time, and padding.
func (l *live) feed() {
	last := time.Now()
	for {
		wait, on := l.pace(last)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
			last = time.Now()
			if on {
				l.publish()
			}
		case <-l.changed:
			timer.Stop()
		case <-l.ctx.Done():
			timer.Stop()
			return
		}
	}
}

// pace returns how long to wait after the last message, and whether to send one then.
func (l *live) pace(last time.Time) (time.Duration, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state.Paused || l.lanesWatched() == 0 {
		return time.Hour, false
	}
	return max(time.Until(last.Add(time.Duration(float64(time.Second)/l.state.Rate))), 0), true
}

// publish sends the next message over every lane.
func (l *live) publish() {
	l.mu.Lock()
	l.sent++
	n := l.sent
	if l.show.phase == phaseRun {
		l.show.watched += l.lanesWatched()
	}
	lanes := l.active()
	l.mu.Unlock()
	text := fmt.Sprintf("%d|%.3f|", n, milliseconds(time.Now()))
	text += strings.Repeat("x", max(size-len(text), 0))
	for _, lane := range lanes {
		lane.enqueue(text)
	}
}

// notifyAll wakes the viewers and the feed after a change of the state. The caller holds mu.
func (l *live) notifyAll() {
	for v := range l.viewers {
		v.Wake()
	}
	l.wakeFeed()
}

// wakeFeed makes the feed check the state and the viewers again.
func (l *live) wakeFeed() {
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// close ends the viewers, the feed and the lanes.
func (l *live) close(ctx context.Context) error {
	l.running.Refuse()
	l.cancel()
	_ = l.running.Wait(context.Background()) // which never ends
	errs := make(chan error)
	for _, lane := range l.lanes {
		go func() { errs <- lane.close(ctx) }()
	}
	var err error
	for range l.lanes {
		err = errors.Join(err, <-errs)
	}
	return err
}
