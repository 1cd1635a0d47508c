// Package lostwakeup holds a poll until there is news.
package lostwakeup

import "context"

// Message is one entry of the log.
type Message struct {
	ID   int64
	Text string
}

// Log is the message log, safe for use by many goroutines. It is correct as it is.
type Log interface {
	// Since returns the messages newer than the cursor.
	Since(after int64) []Message

	// Changed returns a channel that is closed at the next message, counted from this call.
	Changed() <-chan struct{}
}

// Wait returns the messages newer than the cursor as soon as there is one, or nothing when ctx
// ends.
func Wait(ctx context.Context, log Log, after int64) []Message {
	for {
		changed := log.Changed() // before looking: every message that Since does not see closes it
		if news := log.Since(after); len(news) > 0 {
			return news
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}
