package feed

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
)

// A Subscriber receives messages until ctx ends.
type Subscriber interface {
	Subscribe(ctx context.Context, after int64, fn func(Message)) error
}

// A Follower is a subscription from the first message on that runs until Close.
type Follower struct {
	cancel  context.CancelFunc
	running sync.WaitGroup
	send    func(context.Context, []byte) error
	end     func()

	subscribed context.Context // ends with the subscription; its cause is why
}

// Follow subscribes to s. It calls hear with the text of each message, in order, on one goroutine.
// Send calls send, and Close ends with a call of end, which may be nil.
func Follow(ctx context.Context, s Subscriber, hear func(text string), send func(ctx context.Context, message []byte) error, end func()) *Follower {
	ctx, cancel := context.WithCancel(ctx)
	subscribed, ended := context.WithCancelCause(context.Background())
	f := &Follower{cancel: cancel, send: send, end: end, subscribed: subscribed}
	f.running.Go(func() {
		ended(s.Subscribe(ctx, 0, func(m Message) { hear(m.Text) }))
	})
	return f
}

// Send sends a message, which is JSON. It fails once the subscription has ended.
func (f *Follower) Send(ctx context.Context, message []byte) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(f.subscribed, cancel)()
	err := f.send(ctx, message)
	if err != nil && f.Err() != nil {
		return f.Err()
	}
	return err
}

// Err returns the error that has ended the subscription, or nil.
func (f *Follower) Err() error { return context.Cause(f.subscribed) }

// Close ends the subscription and waits for it.
func (f *Follower) Close() {
	f.cancel()
	f.running.Wait()
	if f.end != nil {
		f.end()
	}
}

// A Poster publishes each message with a POST to URL. The server confirms it with any status of success.
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
