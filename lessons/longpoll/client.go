package longpoll

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"realtimelab/internal/feed"
	"realtimelab/internal/feed/client"
	"realtimelab/internal/feed/wire"
)

// ShortClient polls a Short server. Set the fields before the first call.
type ShortClient struct {
	URL string // of the demo, such as http://127.0.0.1:3000
	// nil is http.DefaultClient; its idle connections are the caller's to close
	HTTP     *http.Client
	Interval time.Duration // pause between an answer and the next request; 0 is 1 s
	Backoff  client.Backoff

	Counters client.Counters
}

// LongClient polls a Long server. Set the fields before the first call.
type LongClient struct {
	URL string
	// nil is http.DefaultClient; its Timeout, if any, must be longer than Wait
	HTTP    *http.Client
	Wait    time.Duration // how long the server may hold a request; 0 is 25 s
	Backoff client.Backoff

	Counters client.Counters
}

// Subscribe calls fn for each message after the cursor, in order, on this goroutine, until ctx ends
// or the server refuses: the error is the cause, or a *client.RefusedError. Anything else that
// fails, and a request without an answer after 10 s, is tried again from the last message that fn
// saw, so nothing is lost and nothing comes twice. If the server was restarted, its log comes from
// the beginning and fn sees ids fall.
func (c *ShortClient) Subscribe(ctx context.Context, after int64, fn func(feed.Message)) error {
	interval := c.Interval
	if interval == 0 {
		interval = time.Second
	}
	p := poller{c.HTTP, c.Backoff, &c.Counters, answerTimeout, fn}
	return p.run(ctx, after, interval, func(after string) string {
		return fmt.Sprintf("%s/messages?after=%s", c.URL, after)
	})
}

// Publish sends one message, once; see client.Post for what an error means.
func (c *ShortClient) Publish(ctx context.Context, from, text string) error {
	return publish(ctx, c.HTTP, c.URL, from, text)
}

// Subscribe is like ShortClient's. The 10 s count from the end of Wait.
func (c *LongClient) Subscribe(ctx context.Context, after int64, fn func(feed.Message)) error {
	wait := c.Wait
	if wait == 0 {
		wait = 25 * time.Second
	}
	p := poller{c.HTTP, c.Backoff, &c.Counters, wait + answerTimeout, fn}
	return p.run(ctx, after, 0, func(after string) string {
		return fmt.Sprintf("%s/messages?after=%s&wait=%s", c.URL, after, wait)
	})
}

// Publish is like ShortClient's.
func (c *LongClient) Publish(ctx context.Context, from, text string) error {
	return publish(ctx, c.HTTP, c.URL, from, text)
}

func publish(ctx context.Context, hc *http.Client, url, from, text string) error {
	_, err := client.Post(ctx, orDefault(hc), url+"/messages", from, text)
	return err
}

func orDefault(client *http.Client) *http.Client {
	if client == nil {
		return http.DefaultClient
	}
	return client
}

// poller is the loop of both clients: send a request, take the answer, move the cursor, repeat.
type poller struct {
	http     *http.Client
	backoff  client.Backoff
	counters *client.Counters
	timeout  time.Duration // of a request with its answer
	fn       func(feed.Message)
}

// answerTimeout is how long an answer may take beyond the time for which the server may hold the
// request. If the network loses the news that a connection has ended, nothing else ends the wait.
const answerTimeout = 10 * time.Second

func (p *poller) run(ctx context.Context, after int64, interval time.Duration,
	url func(after string) string) error {
	cursor := strconv.FormatInt(after, 10)
	for {
		messages, err := p.poll(ctx, url(cursor))
		for _, m := range messages {
			p.counters.Messages.Add(1)
			p.fn(m)
			cursor = wire.Cursor(m)
		}
		if err = p.pause(ctx, interval, err); err != nil {
			return err
		}
	}
}

// pause decides what comes after a poll: the interval after an answer, a longer
// pause after a failure, the end after a refusal or when ctx is over.
func (p *poller) pause(ctx context.Context, interval time.Duration, err error) error {
	var refused *client.RefusedError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &refused):
		return err
	case err != nil:
		p.counters.Failures.Add(1)
		return p.backoff.Wait(ctx)
	}
	p.backoff.Reset()
	select {
	case <-time.After(interval):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (p *poller) poll(ctx context.Context, url string) ([]feed.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	p.counters.Requests.Add(1)
	resp, err := orDefault(p.http).Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, client.Refused(resp.StatusCode, resp.Body)
	}
	body, err := io.ReadAll(resp.Body)
	p.counters.Bytes.Add(int64(len(body)))
	if err != nil {
		return nil, err
	}
	var messages []feed.Message
	err = json.Unmarshal(body, &messages)
	if err == nil && len(messages) == 0 {
		p.counters.Empty.Add(1)
	}
	return messages, err
}
