// Package feed is the message log that the first three lessons share: append, read since N, wait
// for the next. A lesson only carries it to a browser. The package wire has its HTTP side, and the
// package client what its clients share.
//
// Ids start at 1 and rise by one. A reader's position is its cursor: the id of the last message it
// has. Two kinds of cursor are special:
//
//   - A cursor older than the history, which is bounded. The reader gets the messages that are
//     kept, and sees the gap: the first id is more than one above its cursor.
//   - A cursor of an earlier log. After a restart of the server, ids begin at 1 again. If the
//     cursor is above the newest id, the reader starts at the beginning and sees ids fall. If the
//     new log has reached the cursor, a bare id would skip messages without notice. So a careful
//     reader also sends the time of its last message (see wire.Cursor).
package feed

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"sync"
	"time"
)

// The reasons why a reader or a subscription ends.
var (
	ErrClosed = errors.New("feed: closed")
	ErrSlow   = errors.New("feed: subscriber is too slow")
)

// A Config sets a feed's limits. The zero value is the default.
type Config struct {
	History int // messages kept for readers that reconnect; 0 means 1000
	Queue   int // maximum backlog of a subscriber, in messages; 0 means 256
}

func (c Config) withDefaults() Config {
	c.History = cmp.Or(c.History, 1000)
	c.Queue = cmp.Or(c.Queue, 256)
	return c
}

// A Feed is a bounded log of messages. Many goroutines may write and read at once.
type Feed struct {
	cfg   Config
	epoch string // distinguishes this log from that of an earlier start
	began Time   // as does this: no message is older

	mu      sync.Mutex
	log     []Entry // the last cfg.History messages, with consecutive ids; elements never change
	last    int64   // id of the newest message, initially 0
	changed chan struct{}
	subs    map[*Subscription]struct{}
	closed  bool
}

// New returns an empty feed. It starts no goroutine.
func New(cfg Config) *Feed {
	return &Feed{
		cfg:     cfg.withDefaults(),
		epoch:   rand.Text()[:8],
		began:   now(),
		changed: make(chan struct{}),
		subs:    map[*Subscription]struct{}{},
	}
}

// Publish stamps a message with the next id and the time, appends it and wakes all readers. It
// never blocks: a subscriber that has fallen too far behind is dropped with ErrSlow. After Close it
// returns ErrClosed.
func (f *Feed) Publish(from, text string) (Message, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return Message{}, ErrClosed
	}
	f.last++
	entry := newEntry(Message{f.last, from, text, now()})
	f.log = append(f.log, entry)
	if len(f.log) > f.cfg.History {
		f.log = f.log[1:]
	}
	f.dropSlow()
	f.wake()
	return entry.Message, nil
}

// wake ends every wait. No wake is lost, because a reader takes the channel in the same critical
// section in which it finds nothing to read.
func (f *Feed) wake() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// Since returns the messages after the cursor that are still kept. It does not block.
func (f *Feed) Since(after int64) []Entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.since(f.validCursor(after))
}

// Wait is like Since but blocks until there is at least one message. It returns no messages and an
// error, which is ErrClosed or the cause of ctx's end, if the wait is cut short.
func (f *Feed) Wait(ctx context.Context, after int64) ([]Entry, error) {
	f.mu.Lock()
	after = f.validCursor(after)
	f.mu.Unlock()
	for {
		f.mu.Lock()
		entries, changed, closed := f.since(after), f.changed, f.closed
		f.mu.Unlock()
		switch {
		case len(entries) > 0:
			return entries, nil
		case closed:
			return nil, ErrClosed
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// validCursor returns the cursor, or 0 if this log never issued it.
func (f *Feed) validCursor(after int64) int64 {
	if after < 0 || after > f.last {
		return 0
	}
	return after
}

// since returns a slice that shares the log's memory.
func (f *Feed) since(after int64) []Entry {
	missed := int(min(f.last-after, int64(len(f.log))))
	return f.log[len(f.log)-missed : len(f.log) : len(f.log)]
}

// Wrote reports whether a message with that id and time can be from this log. If the message is no
// longer kept, it only checks that the time is not before the log's start.
func (f *Feed) Wrote(id int64, at time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if at.Before(f.began.Time) || id > f.last {
		return false
	}
	first := f.last - int64(len(f.log)) + 1
	return id < first || f.log[id-first].At.Equal(at)
}

// Version returns a string that changes with each message and with each start of the server. It can
// serve as an ETag.
func (f *Feed) Version() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.epoch + "-" + strconv.FormatInt(f.last, 10)
}

// Last returns the id of the newest message, or 0 if the log is empty.
func (f *Feed) Last() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

// Close refuses further messages and ends every wait with ErrClosed. The log stays readable.
// Further calls do nothing.
func (f *Feed) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	f.closed = true
	f.wake()
}
