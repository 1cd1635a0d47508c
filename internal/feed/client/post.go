// Package client holds what the clients of every transport of the feed have in common: one POST,
// backoff, a subscription that runs, counters.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	"realtimelab/internal/feed"
	"realtimelab/internal/feed/wire"
)

// Counters counts the traffic of a client of any transport.
type Counters struct {
	Requests atomic.Int64 // HTTP requests sent, including upgrades
	Empty    atomic.Int64 // responses without a message
	Messages atomic.Int64 // messages received
	// bytes of body or payload received, not counting HTTP headers and framing
	Bytes    atomic.Int64
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
	if status >= 500 || status == http.StatusRequestTimeout ||
		status == http.StatusTooManyRequests {
		return fmt.Errorf("answered %d %s: %s", status, http.StatusText(status), answer.Error)
	}
	return &RefusedError{status, answer.Error}
}

// Post publishes a message with one POST to url. After an error other than a *RefusedError the
// server may or may not have the message, so a retry may duplicate it.
func Post(ctx context.Context, client *http.Client, url, from, text string) (feed.Message, error) {
	var m feed.Message
	body, err := json.Marshal(wire.Draft{From: from, Text: text})
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

// A Poster publishes each message with a POST to URL. The server confirms it with any status of
// success.
type Poster struct {
	URL  string
	HTTP *http.Client
}

// Send posts a message, which is JSON, and reads the answer.
func (p Poster) Send(ctx context.Context, message []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL, bytes.NewReader(message))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := p.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return Refused(resp.StatusCode, resp.Body)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// Close closes the idle connections of HTTP.
func (p Poster) Close() { p.HTTP.CloseIdleConnections() }
