package comparison

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"realtimelab/internal/lesson"
	"realtimelab/internal/livepage"
)

// A phase is a state of the show.
type phase string

const (
	phaseFree   phase = "free"   // no round: the controls work
	phaseBets   phase = "bets"   // the class bets on the next round
	phaseRun    phase = "run"    // the round runs, by its script
	phaseCount  phase = "count"  // late messages arrive, and a page with the key reports
	phasePodium phase = "podium" // the places are known
)

// show is the state of the rounds. The live's mutex guards it.
type show struct {
	phase  phase
	round  round
	began  time.Time
	first  int // number of the round's first message
	last   int // number of its last message, once it has ended
	done   map[string]bool
	bets   map[string]bet // by browser
	places []place        // in the order of the lanes, in phasePodium

	before  state           // restored after the round
	counts  []lesson.Counts // of the lanes when the round began
	spent   []lesson.Counts // what the lanes transferred in the round
	watched int             // sum over the round's messages: the viewers whose lanes were open
	end     func()          // ends the script
}

// countTime bounds the wait for a page's report after a round.
const countTime = 15 * time.Second

// A stage is a request to move the show on.
type stage struct {
	Do    string `json:"do"`    // "bets", "start" or "end"
	Round string `json:"round"` // for "bets"
}

// errRound refuses a change while the server runs a round.
const errRound = livepage.Busy("a round is running: wait for its end, or end it")

// move moves the show on.
func (l *live) move(s stage) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch s.Do {
	case "bets":
		at := slices.IndexFunc(rounds(), func(r round) bool { return r.Name == s.Round })
		switch {
		case at < 0:
			return fmt.Errorf("no round %q", s.Round)
		case l.show.phase == phaseRun || l.show.phase == phaseCount:
			return errRound
		}
		l.show.round, l.show.phase = rounds()[at], phaseBets
		l.show.bets, l.show.places = map[string]bet{}, nil
	case "start":
		if l.show.phase != phaseBets {
			return errors.New("open the bets of a round first")
		}
		return l.startRound()
	case "end":
		if l.show.end != nil {
			l.show.end()
			l.restore()
		}
		l.show.phase = phaseFree
		l.admit()
	default:
		return fmt.Errorf("do %q: want bets, start or end", s.Do)
	}
	l.notifyAll()
	return nil
}

// startRound closes the bets and runs the script. The caller holds mu.
func (l *live) startRound() error {
	if !l.running.Enter() {
		return errors.New("the comparison is closing")
	}
	s := &l.show
	s.before = l.state
	l.state.Rate, l.state.Interval, l.state.Paused = s.round.rate, roundInterval, false
	err := l.setNet(s.round.net)
	if err != nil {
		l.state = s.before
		l.running.Leave()
		return err
	}
	ctx, cancel := context.WithCancel(l.ctx)
	s.phase, s.began, s.end = phaseRun, time.Now(), cancel
	s.first, s.last = l.sent+1, 0
	s.counts, s.watched = l.countLanes(), 0
	l.notifyAll()
	r, began := s.round, s.began
	go func() {
		defer l.running.Leave()
		defer cancel()
		l.script(ctx, r, began)
	}()
	return nil
}

// script makes the round's changes at their times, and then waits for a report. It returns early
// when the round is ended from outside.
func (l *live) script(ctx context.Context, r round, began time.Time) {
	for _, next := range r.steps {
		if !sleepUntil(ctx, began.Add(next.at)) {
			return
		}
		if next.reset {
			l.resetLanes()
		}
		if next.blackout {
			l.mu.Lock()
			l.startBlackout()
			l.notifyAll()
			l.mu.Unlock()
		}
	}
	if !sleepUntil(ctx, began.Add(r.length)) || !l.endRound(ctx) {
		return
	}
	if !sleepUntil(ctx, began.Add(r.length+countTime)) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if ctx.Err() == nil { // no page has reported: the podium stays empty
		l.podium(nil)
	}
}

func sleepUntil(ctx context.Context, at time.Time) bool {
	select {
	case <-time.After(time.Until(at)):
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// endRound closes the counters of the round. It returns false if the round was ended before.
func (l *live) endRound(ctx context.Context) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	l.show.phase, l.show.last = phaseCount, l.sent
	l.show.spent = l.countLanes()
	for i := range l.show.spent {
		l.show.spent[i] = minus(l.show.spent[i], l.show.counts[i])
	}
	if !l.measured() {
		l.podium(nil)
		return false
	}
	l.admit()
	l.notifyAll()
	return true
}

// measured reports whether a page with the key has had its lanes open since the round began. The
// caller holds mu.
func (l *live) measured() bool {
	for v := range l.viewers {
		if v.keyed && !v.bets && !v.late {
			return true
		}
	}
	return false
}

// admit lets the viewers open the lanes that came while a round ran. The caller holds mu.
func (l *live) admit() {
	for v := range l.viewers {
		v.late = false
	}
}

// podium shows the places of the round and restores the state from before it. The caller holds mu.
func (l *live) podium(places []place) {
	l.show.end()
	l.restore()
	l.show.phase, l.show.places = phasePodium, places
	l.show.done = maps.Clone(l.show.done)
	l.show.done[l.show.round.Name] = true
	l.admit()
	l.notifyAll()
}

// restore returns to the state from before the round. The caller holds mu.
func (l *live) restore() {
	l.show.end = nil
	before := l.show.before
	l.state.Rate, l.state.Interval, l.state.Paused = before.Rate, before.Interval, before.Paused
	if err := l.setNet(before.Net); err != nil {
		l.log.Error("the network from before the round is not restored", "err", err)
	}
}

// shown describes the show to the pages. The caller holds mu.
func (l *live) shown() any {
	type tally struct {
		Lane  string `json:"lane"`
		Count int    `json:"count"`
	}
	s := &l.show
	said := map[string]any{"phase": s.phase,
		"done": slices.AppendSeq([]string{}, maps.Keys(s.done)), "round": s.round.Name}
	if s.phase == phaseFree {
		return said
	}
	counts := map[string]int{}
	for _, b := range s.bets {
		counts[b.Lane]++
	}
	tallies := []tally{}
	for _, lane := range l.lanes {
		if n := counts[lane.Name]; n > 0 {
			tallies = append(tallies, tally{lane.Name, n})
		}
	}
	slices.SortStableFunc(tallies, func(a, b tally) int { return b.Count - a.Count })
	said["bets"] = tallies
	if s.phase != phaseBets {
		said["began"], said["ends"] = milliseconds(s.began),
			milliseconds(s.began.Add(s.round.length))
		said["first"], said["last"] = s.first, s.last
	}
	if s.phase == phaseRun || s.phase == phaseCount {
		said["measured"] = l.measured()
	}
	if s.phase == phasePodium {
		said["places"], said["messages"] = s.places, s.last-s.first+1
	}
	return said
}

func milliseconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1000 }
