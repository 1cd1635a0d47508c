package longconn

import (
	"context"
	"errors"
	"net/http"
	"time"

	"realtimelab/internal/feed"
	"realtimelab/internal/feed/wire"
)

// errAborted ends a stream that its own page aborts.
var errAborted = errors.New("aborted on request")

// startStream sets the headers of a stream, so that no cache or proxy stores, changes or buffers
// it. nginx reads X-Accel-Buffering.
func startStream(w http.ResponseWriter, contentType string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
}

// response writes one streaming response. It is the only writer of its connection.
type response struct {
	w      http.ResponseWriter
	cfg    Config
	aborts *wire.Aborts
	encode func(dst []byte, m feed.Entry) []byte
	hello  []byte // sent at once with the headers, so that the browser knows that it is connected
	beat   []byte // the heartbeat, sent after Heartbeat without a message; may be empty
}

// serve writes until the client goes, is too slow, is aborted, or the feed closes. It
// closes the subscription. Only a closed feed gets the clean end, an empty chunk;
// every other end aborts the connection, so that no reader takes it for the last
// of the messages.
func (s *response) serve(r *http.Request, sub *feed.Subscription) {
	defer sub.Close()
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	defer s.aborts.Add(r, func() { cancel(errAborted) })()

	err := s.run(ctx, sub)
	if errors.Is(err, feed.ErrClosed) {
		return
	}
	if r.Context().Err() == nil {
		s.cfg.Log.Info("stream ended", "client", r.RemoteAddr, "reason", err)
	}
	panic(http.ErrAbortHandler)
}

func (s *response) run(ctx context.Context, sub *feed.Subscription) error {
	if err := s.send(s.hello); err != nil {
		return err
	}
	idle := time.NewTicker(s.cfg.Heartbeat)
	defer idle.Stop()
	for {
		messages, more, err := sub.Take()
		if err != nil {
			return err
		}
		for _, m := range messages {
			if err := s.send(s.encode(nil, m)); err != nil {
				return err
			}
			idle.Reset(s.cfg.Heartbeat)
		}
		select {
		case <-more:
		case <-idle.C:
			err = s.send(s.beat)
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
func (s *response) send(b []byte) error {
	rc := http.NewResponseController(s.w)
	_ = rc.SetWriteDeadline(time.Now().Add(s.cfg.WriteTimeout)) // not every ResponseWriter can
	defer func() { _ = rc.SetWriteDeadline(time.Time{}) }()
	if _, err := s.w.Write(b); err != nil {
		return err
	}
	return rc.Flush()
}
