package feed

import "context"

// batch bounds what one Take returns, so that a reader of a long backlog still
// comes round to its heartbeat.
const batch = 64

// always is ready at once.
var always = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// Subscription reads a feed from a cursor on: first the backlog, then what is
// new, with no seam between them where a message could be lost or come twice. It
// keeps no queue of its own, just a place in the log. One goroutine reads it.
type Subscription struct {
	feed   *Feed
	joined int64 // the newest message when it began: the backlog does not make a reader slow

	cursor int64 // under feed.mu, as is err
	err    error // why it has ended
}

// Subscribe starts to read after the cursor. The caller closes the subscription.
func (f *Feed) Subscribe(after int64) *Subscription {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &Subscription{feed: f, joined: f.last, cursor: f.oldest(f.place(after))}
	f.subs[s] = struct{}{}
	return s
}

// Subscribers counts the subscriptions that are neither closed nor dropped.
func (f *Feed) Subscribers() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.subs)
}

// oldest is the cursor, moved over what is no longer kept.
func (f *Feed) oldest(cursor int64) int64 {
	return max(cursor, f.last-int64(len(f.log)))
}

// dropSlow runs under mu after each message.
func (f *Feed) dropSlow() {
	for s := range f.subs {
		behind := f.last - max(s.cursor, s.joined)
		if behind > int64(f.cfg.Queue) || s.cursor < f.oldest(s.cursor) {
			f.remove(s, ErrSlow)
		}
	}
}

// remove is the one place where a subscription leaves the feed, under mu.
func (f *Feed) remove(s *Subscription, why error) {
	if s.err == nil {
		s.err = why
	}
	delete(f.subs, s)
}

// Take is what there is now, at most a batch, never waiting; more is ready when
// there is something else to take. After the last message of a closed feed the
// error is ErrClosed; of a subscription that was dropped it is ErrSlow at once.
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

// Next is Take, but waits until there is at least one message, or until ctx ends: the error is then its cause.
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

// Close ends the subscription. Call it as often as you like.
func (s *Subscription) Close() {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	s.feed.remove(s, ErrClosed)
}
