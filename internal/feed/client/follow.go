package client

import (
	"context"
	"sync"

	"realtimelab/internal/feed"
)

// A Subscriber receives messages until ctx ends.
type Subscriber interface {
	Subscribe(ctx context.Context, after int64, fn func(feed.Message)) error
}

// A Follower is a subscription that starts at the first message and runs until Close.
type Follower struct {
	cancel  context.CancelFunc
	running sync.WaitGroup
	send    func(context.Context, []byte) error
	end     func()

	subscribed context.Context // ends with the subscription; its cause is the reason
}

// Follow subscribes to s. It calls hear with the text of each message, in order, on one goroutine.
// Send calls send, and Close ends with a call of end, which may be nil.
func Follow(ctx context.Context, s Subscriber, hear func(text string),
	send func(ctx context.Context, message []byte) error, end func()) *Follower {
	ctx, cancel := context.WithCancel(ctx)
	subscribed, ended := context.WithCancelCause(context.Background())
	f := &Follower{cancel: cancel, send: send, end: end, subscribed: subscribed}
	f.running.Go(func() {
		ended(s.Subscribe(ctx, 0, func(m feed.Message) { hear(m.Text) }))
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
