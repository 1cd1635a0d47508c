package longpoll

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"realtimelab/internal/feed"
	"realtimelab/internal/feed/wire"
)

// The bounds of ?wait=. Below a second an idle client asks more often than short
// polling does; above a minute, proxies tend to give up first.
const (
	MinWait = time.Second
	MaxWait = time.Minute
)

// Long is the server of long polling:
//
//	GET  /messages?after=N&wait=25s   held until something is newer than N, or wait is over
//	POST /messages                    publishes
type Long struct {
	Feed *feed.Feed

	cfg    Config
	held   atomic.Int64
	routes wire.Routes
}

// NewLong returns a server with an empty feed.
func NewLong(cfg Config) *Long {
	cfg = cfg.withDefaults()
	l := &Long{Feed: feed.New(cfg.Feed), cfg: cfg}
	l.routes = wire.Routes{"/messages": {http.MethodGet: l.read,
		http.MethodPost: wire.Publish(l.Feed)}}
	return l
}

func (l *Long) ServeHTTP(w http.ResponseWriter, r *http.Request) { l.routes.ServeHTTP(w, r) }

// read holds the request. Four things end it: a message, the wait, the client
// that goes away (net/http then ends r.Context), the server that closes.
func (l *Long) read(w http.ResponseWriter, r *http.Request) {
	after, wait, err := l.question(r.URL.Query())
	if err != nil {
		wire.Refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	if r.Method == http.MethodHead {
		answer(w, r, l.cfg.WriteTimeout, nil)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	entries, err := l.hold(ctx, after)
	switch {
	case errors.Is(err, feed.ErrClosed):
		wire.RefuseClosed(w)
	case r.Context().Err() != nil: // the client is gone
	default:
		answer(w, r, l.cfg.WriteTimeout, entries) // after a timeout: []
	}
}

func (l *Long) hold(ctx context.Context, after int64) ([]feed.Entry, error) {
	l.held.Add(1)
	defer l.held.Add(-1)
	return l.Feed.Wait(ctx, after)
}

// question reads ?after= and ?wait=. The error's text is for the client.
func (l *Long) question(query url.Values) (after int64, wait time.Duration, err error) {
	if after, err = wire.After(l.Feed, query); err != nil || !query.Has("wait") {
		return after, l.cfg.Hold, err
	}
	wait, err = time.ParseDuration(query.Get("wait"))
	if err != nil || wait < MinWait || wait > MaxWait {
		return 0, 0, fmt.Errorf("wait must be a time from 1s to 60s, such as 25s, not %q",
			query.Get("wait"))
	}
	return after, wait, nil
}

// Clients returns the number of requests held now. A client between two polls is not counted.
func (l *Long) Clients() int { return int(l.held.Load()) }

// Close answers every held request with 503 and refuses further messages. It does
// not wait for the answers to leave: the http.Server's Shutdown does.
func (l *Long) Close(context.Context) error {
	l.Feed.Close()
	return nil
}
