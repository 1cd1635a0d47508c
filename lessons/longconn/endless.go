package longconn

import (
	"context"
	"errors"
	"net/http"
	"time"

	"realtimelab/internal/feed"
)

// errCut ends a stream that its own page asked to be cut.
var errCut = errors.New("cut on request")

// startStream sets the headers of a response that must not be kept, changed or
// held back by what stands between here and the browser. X-Accel-Buffering is
// nginx's word for it.
func startStream(w http.ResponseWriter, contentType string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
}

// endless is one response without an end: the only writer of its connection.
type endless struct {
	w      http.ResponseWriter
	cfg    Config
	cuts   *feed.Cuts
	encode func(dst []byte, m feed.Entry) []byte
	hello  []byte // sent at once, may be empty
	beat   []byte // sent when nothing else was for a while, may be empty
}

// serve writes until the client goes, is too slow, is cut, or the feed closes. It
// closes the subscription. Only a closed feed gets the clean end, an empty chunk;
// every other end aborts the connection, so that no reader takes it for the last
// of the messages.
func (e *endless) serve(r *http.Request, sub *feed.Subscription) {
	defer sub.Close()
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	defer e.cuts.Add(r, func() { cancel(errCut) })()

	err := e.run(ctx, sub)
	if errors.Is(err, feed.ErrClosed) {
		return
	}
	if r.Context().Err() == nil {
		e.cfg.Log.Info("stream ended", "client", r.RemoteAddr, "reason", err)
	}
	panic(http.ErrAbortHandler)
}

func (e *endless) run(ctx context.Context, sub *feed.Subscription) error {
	if err := e.send(e.hello); err != nil { // even if empty: it sends the headers, so that the browser knows it is connected
		return err
	}
	idle := time.NewTicker(e.cfg.Heartbeat)
	defer idle.Stop()
	for {
		messages, more, err := sub.Take()
		if err != nil {
			return err
		}
		for _, m := range messages {
			if err := e.send(e.encode(nil, m)); err != nil {
				return err
			}
			idle.Reset(e.cfg.Heartbeat)
		}
		select {
		case <-more:
		case <-idle.C:
			err = e.send(e.beat)
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// send writes and flushes, so that each message is a chunk of its own: without the
// flush its bytes would wait in net/http's buffer for company. The deadline bounds
// how long a client that does not read can hold this goroutine; it is lifted after,
// or it would strike while idle.
func (e *endless) send(b []byte) error {
	rc := http.NewResponseController(e.w)
	_ = rc.SetWriteDeadline(time.Now().Add(e.cfg.WriteTimeout)) // not every ResponseWriter can
	defer func() { _ = rc.SetWriteDeadline(time.Time{}) }()
	if _, err := e.w.Write(b); err != nil {
		return err
	}
	return rc.Flush()
}
