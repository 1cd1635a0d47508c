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

// endless writes one streaming response. It is the only writer of its connection.
type endless struct {
	w      http.ResponseWriter
	cfg    Config
	cuts   *feed.Cuts
	encode func(dst []byte, m feed.Entry) []byte
	hello  []byte // sent at once with the headers, so that the browser knows that it is connected
	beat   []byte // the heartbeat, sent after Heartbeat without a message; may be empty
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
	if err := e.send(e.hello); err != nil {
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
// flush its bytes would wait in net/http's buffer. The deadline bounds
// how long a client that does not read can block this goroutine. It is cleared afterwards,
// or it would expire while the stream is idle.
func (e *endless) send(b []byte) error {
	rc := http.NewResponseController(e.w)
	_ = rc.SetWriteDeadline(time.Now().Add(e.cfg.WriteTimeout)) // not every ResponseWriter can
	defer func() { _ = rc.SetWriteDeadline(time.Time{}) }()
	if _, err := e.w.Write(b); err != nil {
		return err
	}
	return rc.Flush()
}
