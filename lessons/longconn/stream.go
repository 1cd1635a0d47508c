// Package longconn is the lesson on streaming responses: as plain chunks
// for any client that reads a stream, and as server-sent events, which browsers parse
// themselves. Both are an http.Handler over one message feed.
package longconn

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"time"

	"realtimelab/internal/feed"
	"realtimelab/internal/feed/wire"
)

// defaultRetry is the default of Config.Retry. The lane sse reports it.
const defaultRetry = 2 * time.Second

// Config holds the bounds of either kind of stream. The zero value is the default.
type Config struct {
	Feed feed.Config
	// how long a client may leave a write unread before it is cut off; 0 is 10 s
	WriteTimeout time.Duration
	Heartbeat    time.Duration // sse: a comment when nothing else was sent for so long; 0 is 15 s
	Retry        time.Duration // sse: the delay that browsers take before they reconnect; 0 is 2 s
	Log          *slog.Logger  // nil logs nothing
}

func (c Config) withDefaults() Config {
	c.WriteTimeout = cmp.Or(c.WriteTimeout, 10*time.Second)
	c.Heartbeat = cmp.Or(c.Heartbeat, 15*time.Second)
	c.Retry = cmp.Or(c.Retry, defaultRetry)
	c.Log = cmp.Or(c.Log, slog.New(slog.DiscardHandler))
	return c
}

// Stream is the server of the hanging connection:
//
//	GET  /stream?after=N     application/x-ndjson, one line a message, never ends
//	POST /messages           publishes
//	POST /cut?client=NAME    aborts the streams that were opened with &client=NAME
//
// The response begins with an empty line, because a browser's fetch may resolve only with the first
// byte of the body. Readers skip empty lines. The format has no heartbeat; server-sent events do.
type Stream struct {
	Feed *feed.Feed

	cfg    Config
	aborts wire.Aborts
	routes wire.Routes
}

// NewStream returns a server with an empty feed.
func NewStream(cfg Config) *Stream {
	cfg = cfg.withDefaults()
	s := &Stream{Feed: feed.New(cfg.Feed), cfg: cfg}
	s.routes = wire.Routes{
		"/stream":   {http.MethodGet: s.read},
		"/messages": {http.MethodPost: wire.Publish(s.Feed)},
		"/cut":      {http.MethodPost: s.aborts.ServeHTTP},
	}
	return s
}

func (s *Stream) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.routes.ServeHTTP(w, r) }

// read is the whole transport: headers, then a line whenever there is a message.
func (s *Stream) read(w http.ResponseWriter, r *http.Request) {
	after, err := wire.After(s.Feed, r.URL.Query())
	if err != nil {
		wire.Refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	startStream(w, "application/x-ndjson; charset=utf-8")
	if r.Method == http.MethodHead {
		return
	}
	out := response{w: w, cfg: s.cfg, aborts: &s.aborts, encode: appendLine, hello: []byte("\n")}
	out.serve(r, s.Feed.Subscribe(after))
}

func appendLine(dst []byte, m feed.Entry) []byte {
	return append(append(dst, m.JSON...), '\n')
}

// Clients returns the number of open streams.
func (s *Stream) Clients() int { return s.Feed.Subscribers() }

// Close ends every stream after its last message and refuses further ones. It
// does not wait for them: the http.Server's Shutdown does.
func (s *Stream) Close(context.Context) error {
	s.Feed.Close()
	return nil
}
