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

// Counters is what a client of any transport counts while it runs.
type Counters struct {
	Requests atomic.Int64 // HTTP requests sent, upgrades among them
	Empty    atomic.Int64 // answers without a message
	Messages atomic.Int64 // messages received
	Bytes    atomic.Int64 // bytes of body or payload received, without HTTP headers and framing
	Failures atomic.Int64 // requests and connections that ended in an error and were tried again
}

// RefusedError is an answer that trying again will not change.
type RefusedError struct {
	Status int
	Reason string // what the server's {"error":"…"} says
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("refused with %d %s: %s", e.Status, http.StatusText(e.Status), e.Reason)
}

// Refused reads the error that an answer of another status than the wanted one
// is: a *RefusedError, or a passing one if the server is only too busy or closing.
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

// Post publishes over POST url, once: after an error other than a *RefusedError
// nobody knows whether the message was taken, so trying again may double it.
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

// Backoff spaces attempts: each pause is up to twice as long as the one before,
// and random, so that clients that were cut together do not return together. The
// zero value is the default.
type Backoff struct {
	Min, Max time.Duration // 0 is 100 ms and 5 s

	pause time.Duration
}

// Reset starts over, after a success.
func (b *Backoff) Reset() { b.pause = 0 }

// Wait pauses before the next attempt. The error is the cause of ctx's end.
func (b *Backoff) Wait(ctx context.Context) error {
	low, high := b.Min, b.Max
	if low == 0 {
		low = 100 * time.Millisecond
	}
	if high == 0 {
		high = 5 * time.Second
	}
	b.pause = min(max(2*b.pause, low), high)
	timer := time.NewTimer(b.pause/2 + rand.N(b.pause/2+1))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
