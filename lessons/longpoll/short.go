// Package longpoll is the lesson on polling: short polling, where
// the server answers at once, and long polling, where it holds the request until
// there are new messages. Both are an http.Handler over one message feed.
package longpoll

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"realtimelab/internal/feed"
	"realtimelab/internal/feed/wire"
)

// Config holds the bounds of either kind of polling. The zero value is the default.
type Config struct {
	Feed feed.Config
	// long polling: how long a request is held when it does not say wait=; 0 is 25 s
	Hold time.Duration
	// short polling: how long a client counts as present after its request; 0 is 10 s
	Seen         time.Duration
	WriteTimeout time.Duration // how long a client may take to read an answer; 0 is 10 s
}

func (c Config) withDefaults() Config {
	c.Hold = cmp.Or(c.Hold, 25*time.Second)
	c.Seen = cmp.Or(c.Seen, 10*time.Second)
	c.WriteTimeout = cmp.Or(c.WriteTimeout, 10*time.Second)
	return c
}

// Short is the server of short polling:
//
//	GET  /messages?after=N   at once: a JSON array of the messages newer than N, maybe []
//	POST /messages           publishes
//
// Between two requests it keeps no state for its clients.
type Short struct {
	Feed *feed.Feed

	cfg    Config
	seen   *presence
	routes wire.Routes
}

// NewShort returns a server with an empty feed.
func NewShort(cfg Config) *Short {
	cfg = cfg.withDefaults()
	s := &Short{Feed: feed.New(cfg.Feed), cfg: cfg, seen: newPresence(cfg.Seen)}
	s.routes = wire.Routes{"/messages": {http.MethodGet: s.read,
		http.MethodPost: wire.Publish(s.Feed)}}
	return s
}

func (s *Short) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.routes.ServeHTTP(w, r) }

// read answers with the messages newer than the client's cursor. The cursor is all
// that ties one poll to the next: a message published between them is newer than
// the cursor, so nothing is lost. The version is taken before the messages: an
// ETag that is too old costs one answer more, one that is too new would hide a
// message behind a 304.
func (s *Short) read(w http.ResponseWriter, r *http.Request) {
	s.seen.note(r.RemoteAddr)
	after, err := wire.After(s.Feed, r.URL.Query())
	if err != nil {
		wire.Refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	version := s.Feed.Version()
	w.Header().Set("ETag", `"`+version+`"`)
	w.Header().Set("Cache-Control", "private, no-cache")
	answer(w, r, s.cfg.WriteTimeout, s.Feed.Since(after))
}

// Clients returns an estimate: the number of clients that sent a request lately. Short polling
// allows no exact number.
func (s *Short) Clients() int { return s.seen.count() }

// Close refuses further messages.
func (s *Short) Close(context.Context) error {
	s.Feed.Close()
	return nil
}
