package login

import "context"

// queued is the common part of the lines over HTTP: a bounded queue of events, which the line's
// writer sends.
type queued struct {
	out chan news
	ctx context.Context // ends with the line, and its cause says why
	end context.CancelCauseFunc
}

// newQueued returns a queue that ends with ctx at the latest.
func newQueued(ctx context.Context) queued {
	q := queued{out: make(chan news, maxQueue)}
	q.ctx, q.end = context.WithCancelCause(ctx)
	return q
}

// tell adds an event. A client that leaves too many unread loses its line.
func (q queued) tell(n news) {
	select {
	case q.out <- n:
	default:
		q.end(errUnread)
	}
}

func (q queued) close(why *closing) { q.end(why) }
