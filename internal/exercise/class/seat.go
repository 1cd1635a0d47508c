package class

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"time"

	"realtimelab/internal/terminal"
)

// exchangeTime bounds one request to the class.
const exchangeTime = 5 * time.Second

// ErrAway means that the class does not answer, or that another server answers. The student can go
// on working.
var ErrAway = errors.New("the class does not answer")

// A Seat is a student's place in a class, seen from the student's machine.
type Seat struct {
	Class    string // the class's address
	Code     string // the join code
	Name     string
	SeatCode string // of a seat that another device has already; it needs no Code and no Name
	Claim    bool   // ask the teacher for the seat if the name is taken
	Ticket   string // empty before the first Join; do not change it while Follow runs

	mu sync.Mutex // guards Ticket between Join and Follow
}

func (s *Seat) ticket() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Ticket
}

// Join takes the seat, or takes it again with an earlier ticket. With Claim it waits for the
// teacher if the name is taken. The error is ErrAway, or the class's own refusal, such as a name
// that is taken.
func (s *Seat) Join(ctx context.Context) error {
	s.Class = strings.TrimRight(s.Class, "/")
	if u, err := url.Parse(s.Class); err != nil || u.Scheme != "http" && u.Scheme != "https" ||
		u.Host == "" {
		return fmt.Errorf("--class wants an address such as http://192.168.1.20:3333, not %q",
			s.Class)
	}
	var got Seating
	body := map[string]any{"name": s.Name, "ticket": s.Ticket, "code": s.Code,
		"seat_code": s.SeatCode, "claim": s.Claim}
	if err := s.post(ctx, "seat", body, &got); err != nil {
		return err
	}
	for got.Claim != "" {
		select {
		case <-time.After(claimPause):
		case <-ctx.Done():
			return ctx.Err()
		}
		claim := got.Claim
		got = Seating{}
		if err := s.post(ctx, "claim", map[string]any{"claim": claim, "program": true},
			&got); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Name, s.Ticket = got.Name, got.Ticket
	return nil
}

const claimPause = 2 * time.Second // between two questions whether the teacher has decided

// Report sends progress. If the class was restarted without its state, the seat joins again first.
func (s *Seat) Report(ctx context.Context, p Progress) error {
	err := s.post(ctx, "progress", p, nil)
	if err == nil || errors.Is(err, ErrAway) || !strings.Contains(err.Error(), ErrUnknown.Error()) {
		return err
	}
	if err := s.Join(ctx); err != nil {
		return err
	}
	return s.post(ctx, "progress", p, nil)
}

// An Assignment tells a student's program which exercises the teacher has chosen.
type Assignment struct {
	Today  []string // exercises; empty means all
	Push   string   // the exercise that everyone goes to, or ""
	Pushes int      // rises with each push
	Closed bool
}

// Follow sends the assignment now and after each change, until the context ends. It reconnects
// after a failure. A slow receiver gets only the latest assignment.
func (s *Seat) Follow(ctx context.Context) <-chan Assignment {
	assignments := make(chan Assignment, 1)
	go func() {
		defer close(assignments)
		last := Assignment{}
		for wait := time.Second; ctx.Err() == nil; wait = min(2*wait, maxFollowWait) {
			if s.follow(ctx, &last, assignments) {
				wait = time.Second
			}
			select {
			case <-time.After(wait):
			case <-ctx.Done():
			}
		}
	}()
	return assignments
}

const (
	maxFollowWait = 30 * time.Second // between two attempts to connect
	maxEvent      = 1 << 20          // bytes
)

// follow reads one stream of events to its end. It reports whether there was an event.
func (s *Seat) follow(ctx context.Context, last *Assignment, to chan Assignment) (got bool) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet,
		s.Class+Path+"events?as=student", nil)
	if err != nil {
		return false
	}
	req.Header.Set("Authorization", "Bearer "+s.ticket())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return false
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, maxEvent)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: {")
		var v View
		if !ok || json.Unmarshal([]byte("{"+data), &v) != nil {
			continue
		}
		a := Assignment{Today: v.Today, Closed: v.Closed}
		if v.Push != nil {
			a.Push, a.Pushes = v.Push.Exercise, v.Push.N
		}
		got = true
		if reflect.DeepEqual(a, *last) {
			continue
		}
		*last = a
		select {
		case <-to: // drop an older one that was not read
		default:
		}
		to <- a
	}
	return got
}

// maxReason bounds the class's own words in an error, in characters.
const maxReason = 200

// printable makes the class's own words safe for the student's terminal.
func printable(text string) string {
	text = terminal.Clean(text)
	if cut := []rune(text); len(cut) > maxReason {
		return string(cut[:maxReason]) + "…"
	}
	return text
}

func (s *Seat) post(ctx context.Context, path string, body, into any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, exchangeTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Class+Path+path,
		bytes.NewReader(data))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if ticket := s.ticket(); ticket != "" {
		req.Header.Set("Authorization", "Bearer "+ticket)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%w (%s)", ErrAway, s.Class)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if err != nil {
		return fmt.Errorf("%w (%s)", ErrAway, s.Class)
	}
	if res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests {
		return fmt.Errorf("%w (%s answers %s)", ErrAway, s.Class, printable(res.Status))
	}
	if res.StatusCode >= 300 {
		var refused struct{ Error string }
		if json.Unmarshal(answer, &refused) != nil || refused.Error == "" {
			return fmt.Errorf("%w (%s answers %s)", ErrAway, s.Class, printable(res.Status))
		}
		return errors.New(printable(refused.Error))
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("%w (%s is another server)", ErrAway, s.Class)
	}
	return nil
}
