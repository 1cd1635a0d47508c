package feed

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"
)

// Counters counts the traffic of a client of any transport.
type Counters struct {
	Requests atomic.Int64 // HTTP requests sent, including upgrades
	Empty    atomic.Int64 // responses without a message
	Messages atomic.Int64 // messages received
	Bytes    atomic.Int64 // bytes of body or payload received, not counting HTTP headers and framing
	Failures atomic.Int64 // requests and connections that failed and were retried
}

// A RefusedError is a response that a retry will not change.
type RefusedError struct {
	Status int
	Reason string // the server's {"error":"…"}
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("refused with %d %s: %s", e.Status, http.StatusText(e.Status), e.Reason)
}

// Refused returns the error for a response with an unexpected status: a *RefusedError, or a
// temporary error if the server is busy or closing.
func Refused(status int, body io.Reader) error {
	var answer struct{ Error string }
	data, _ := io.ReadAll(io.LimitReader(body, 4<<10))
	if json.Unmarshal(data, &answer) != nil {
		answer.Error = string(data)
	}
	if status >= 500 || status == http.StatusRequestTimeout || status == http.StatusTooManyRequests {
		return fmt.Errorf("answered %d %s: %s", status, http.StatusText(status), answer.Error)
	}
	return &RefusedError{status, answer.Error}
}

// Post publishes a message with one POST to url. After an error other than a *RefusedError the
// server may or may not have the message, so a retry may duplicate it.
func Post(ctx context.Context, client *http.Client, url, from, text string) (Message, error) {
	var m Message
	body, err := json.Marshal(Draft{from, text})
	if err != nil {
		return m, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return m, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return m, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		return m, Refused(resp.StatusCode, resp.Body)
	}
	return m, json.NewDecoder(resp.Body).Decode(&m)
}

// Backoff spaces attempts by exponential backoff with full jitter. Each pause is random, between
// zero and a limit that doubles with each attempt, so that clients that were cut together do not
// reconnect together. The zero value is the default.
type Backoff struct {
	Min, Max time.Duration // limit of the first pause, and of every pause; 0 means 100 ms and 5 s
	Floor    time.Duration // added to each pause
	NoJitter bool          // each pause is as long as its limit, so clients that were cut together reconnect together

	limit time.Duration // limit of the previous pause
}

// Reset starts again with the shortest limit. Call it after a success.
func (b *Backoff) Reset() { b.limit = 0 }

// Wait pauses before the next attempt. If ctx ends, the error is its cause.
func (b *Backoff) Wait(ctx context.Context) error {
	low, high := b.Min, b.Max
	if low == 0 {
		low = 100 * time.Millisecond
	}
	if high == 0 {
		high = 5 * time.Second
	}
	b.limit = min(max(2*b.limit, low), high)
	pause := b.limit
	if !b.NoJitter {
		pause = rand.N(b.limit + 1)
	}
	timer := time.NewTimer(b.Floor + pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
