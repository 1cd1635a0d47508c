package comparison

import (
	"errors"
	"fmt"
	"slices"

	"realtimelab/internal/lesson"
)

// An outcome holds a page's measurement of a lane in a round. Times are in milliseconds.
type outcome struct {
	Lane    string  `json:"lane"`
	Got     int     `json:"got"`     // messages of the round that arrived
	Delay   float64 `json:"delay"`   // median
	Silence float64 `json:"silence"` // longest time without a message
}

// A report holds the measurement of a page with the key in a round.
type report struct {
	Round string `json:"round"`
	// as the round's, so that a report cannot count for another run of it
	First int       `json:"first"`
	Lanes []outcome `json:"lanes"`
}

// A place holds the values that decide a lane's rank in a round. The pages compute the rank, during
// the round and after it by the same rule.
type place struct {
	outcome
	Lost     int      `json:"lost"`     // messages that did not arrive
	Bytes    float64  `json:"bytes"`    // a message and viewer, both ways
	Requests float64  `json:"requests"` // a message and viewer
	Bets     int      `json:"bets"`
	Names    []string `json:"names"` // of the people who bet on the lane and gave a name
}

// take turns a page's report into the podium. The first report of a round counts.
func (l *live) take(r report) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &l.show
	if s.phase != phaseCount || r.Round != s.round.Name || r.First != s.first {
		return errors.New("no round waits for this report")
	}
	messages := s.last - s.first + 1
	var places []place
	for i, lane := range l.lanes {
		at := slices.IndexFunc(r.Lanes, func(f outcome) bool { return f.Lane == lane.Name })
		if at < 0 {
			continue
		}
		f := r.Lanes[at]
		if f.Got < 0 || f.Got > messages || !(f.Delay >= 0) || !(f.Silence >= 0) {
			return fmt.Errorf("report of %s: want 0 to %d messages, and times of 0 ms or more",
				f.Lane, messages)
		}
		p := place{outcome: f, Lost: messages - f.Got, Names: []string{}}
		if n := float64(max(s.watched, 1)); len(s.spent) > i {
			p.Bytes, p.Requests = float64(s.spent[i].In+s.spent[i].Out)/n,
				float64(s.spent[i].Requests)/n
		}
		for _, b := range s.bets {
			if b.Lane != lane.Name {
				continue
			}
			p.Bets++
			if b.Name != "" {
				p.Names = append(p.Names, b.Name)
			}
		}
		slices.Sort(p.Names)
		places = append(places, p)
	}
	if len(places) == 0 {
		return errors.New("the report has no lane of this comparison")
	}
	l.podium(places)
	return nil
}

// minus returns what was transferred between two counts.
func minus(now, before lesson.Counts) lesson.Counts {
	return lesson.Counts{
		In: now.In - before.In, Out: now.Out - before.Out, Headers: now.Headers - before.Headers,
		Requests: now.Requests - before.Requests, Connections: now.Connections - before.Connections,
	}
}
