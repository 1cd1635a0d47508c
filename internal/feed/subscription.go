package feed

import "context"

// batch bounds the messages that one Take returns, so that a reader with a long backlog can still
// send its heartbeats.
const batch = 64

// always is a channel that is always ready.
var always = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// A Subscription reads a feed after a cursor: first the backlog, then new messages, without loss or
// duplicates between them. It has no queue of its own, only a position in the log. Only one
// goroutine may read it.
type Subscription struct {
	feed *Feed
	// id of the newest message at the start; the initial backlog does not count as being slow
	joined int64

	cursor int64 // guarded by feed.mu, as is err
	err    error // why the subscription has ended
}

// Subscribe returns a subscription that reads after the cursor. The caller must close it.
func (f *Feed) Subscribe(after int64) *Subscription {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &Subscription{feed: f, joined: f.last, cursor: f.oldest(f.validCursor(after))}
	f.subs[s] = struct{}{}
	return s
}

// Subscribers returns the number of active subscriptions.
func (f *Feed) Subscribers() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.subs)
}

// oldest returns the cursor, moved past messages that are no longer kept.
func (f *Feed) oldest(cursor int64) int64 {
	return max(cursor, f.last-int64(len(f.log)))
}

// dropSlow drops the subscribers that have fallen too far behind. Publish calls it with mu held.
func (f *Feed) dropSlow() {
	for s := range f.subs {
		behind := f.last - max(s.cursor, s.joined)
		if behind > int64(f.cfg.Queue) || s.cursor < f.oldest(s.cursor) {
			f.remove(s, ErrSlow)
		}
	}
}

// remove is the only function that removes a subscription from the feed. The caller holds mu.
func (f *Feed) remove(s *Subscription, why error) {
	if s.err == nil {
		s.err = why
	}
	delete(f.subs, s)
}

// Take returns the available messages, at most a batch, without blocking. The channel more is ready
// when there is more to take. After the last message of a closed feed the error is ErrClosed. A
// dropped subscription returns ErrSlow at once.
func (s *Subscription) Take() (entries []Entry, more <-chan struct{}, err error) {
	f := s.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.err != nil {
		return nil, nil, s.err
	}
	entries = f.since(s.cursor)
	if len(entries) == 0 && f.closed {
		f.remove(s, ErrClosed)
		return nil, nil, ErrClosed
	}
	more = f.changed
	if len(entries) > batch || len(entries) > 0 && f.closed {
		entries, more = entries[:min(batch, len(entries))], always
	}
	s.cursor += int64(len(entries))
	return entries, more, nil
}

// Next is like Take but blocks until there is at least one message. If ctx ends, the error is its
// cause.
func (s *Subscription) Next(ctx context.Context) ([]Entry, error) {
	for {
		entries, more, err := s.Take()
		if err != nil || len(entries) > 0 {
			return entries, err
		}
		select {
		case <-more:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// Close ends the subscription. Further calls do nothing.
func (s *Subscription) Close() {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	s.feed.remove(s, ErrClosed)
}
