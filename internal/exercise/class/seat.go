package class

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"realtimelab/internal/exercise"
	"realtimelab/internal/terminal"
)

// exchangeTime bounds one exchange with the board.
const exchangeTime = 5 * time.Second

// ErrAway says that nothing answers at the board's address, or not as a board does. The student can work on.
var ErrAway = errors.New("the board does not answer")

// Seat is a student's place on a board, seen from the student's machine.
type Seat struct {
	Board  string // its address
	Code   string // the board's join code
	Name   string
	Ticket string // empty before the first Join
}

// Join takes the place, or takes it again with the ticket of last time. The error is ErrAway, or the board's refusal in its own
// words, such as a name that is taken.
func (s *Seat) Join(ctx context.Context) error {
	s.Board = strings.TrimRight(s.Board, "/")
	if u, err := url.Parse(s.Board); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("--class wants an address such as http://192.168.1.20:3333, not %q", s.Board)
	}
	var got struct{ Ticket string }
	if err := s.post(ctx, "/api/join", map[string]string{"name": s.Name, "ticket": s.Ticket, "code": s.Code}, &got); err != nil {
		return err
	}
	s.Ticket = got.Ticket
	return nil
}

// Report tells the board where the student is. A board that was started anew does not know the student: then it joins again.
func (s *Seat) Report(ctx context.Context, states map[string]exercise.State, current string) error {
	report := func() error {
		return s.post(ctx, "/api/progress", map[string]any{"ticket": s.Ticket, "states": states, "current": current}, nil)
	}
	err := report()
	if err == nil || errors.Is(err, ErrAway) || !strings.Contains(err.Error(), ErrUnknown.Error()) {
		return err
	}
	if err := s.Join(ctx); err != nil {
		return err
	}
	return report()
}

// maxReason bounds the board's own words in an error.
const maxReason = 200

// printable makes the board's own words safe for the student's terminal.
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
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Board+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%w (%s)", ErrAway, s.Board)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if err != nil {
		return fmt.Errorf("%w (%s)", ErrAway, s.Board)
	}
	if res.StatusCode >= 300 {
		var refused struct{ Error string }
		if json.Unmarshal(answer, &refused) != nil || refused.Error == "" {
			return fmt.Errorf("%w (%s answers %s)", ErrAway, s.Board, printable(res.Status))
		}
		return errors.New(printable(refused.Error))
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("%w (%s is something else)", ErrAway, s.Board)
	}
	return nil
}
