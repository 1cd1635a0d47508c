package longconn

import (
	"context"
	"net/http"
	"strconv"

	"realtimelab/internal/feed"
	"realtimelab/internal/feed/wire"
)

// Events is the server of server-sent events (the HTML standard, section 9.2):
//
//	GET  /events             text/event-stream, from Last-Event-ID: N or ?after=N
//	POST /messages           publishes
//	POST /cut?client=NAME    aborts the streams that were opened with ?client=NAME
//
// On the wire, after the response's headers:
//
//	retry: 2000                      reconnect after 2 s
//
//	id: 7@2026-11-23T08:00:00.123Z   the browser sends it back as Last-Event-ID
//	data: {"id":7,"from":"ann",…}
//
//	: heartbeat                      a comment, which no reader sees
//
// The time in the id tells this log from the one before a restart, whose ids were
// the same numbers. A bare number, Last-Event-ID: 7, is accepted too.
type Events struct {
	Feed *feed.Feed

	cfg    Config
	aborts wire.Aborts
	routes wire.Routes
}

// NewEvents returns a server with an empty feed.
func NewEvents(cfg Config) *Events {
	cfg = cfg.withDefaults()
	s := &Events{Feed: feed.New(cfg.Feed), cfg: cfg}
	s.routes = wire.Routes{
		"/events":   {http.MethodGet: s.read},
		"/messages": {http.MethodPost: wire.Publish(s.Feed)},
		"/cut":      {http.MethodPost: s.aborts.ServeHTTP},
	}
	return s
}

func (s *Events) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.routes.ServeHTTP(w, r) }

func (s *Events) read(w http.ResponseWriter, r *http.Request) {
	after, err := s.resume(r)
	if err != nil {
		wire.Refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	startStream(w, "text/event-stream; charset=utf-8")
	if r.Method == http.MethodHead {
		return
	}
	out := response{w: w, cfg: s.cfg, aborts: &s.aborts, encode: appendEvent,
		hello: []byte("retry: " + strconv.FormatInt(s.cfg.Retry.Milliseconds(), 10) + "\n\n"),
		beat:  []byte(": heartbeat\n\n")}
	out.serve(r, s.Feed.Subscribe(after))
}

// resume returns the cursor. Last-Event-ID takes precedence over ?after: a browser that reconnects
// repeats its first URL exactly, so its ?after is as old as the page.
func (s *Events) resume(r *http.Request) (int64, error) {
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		return wire.ParseCursor(s.Feed, "Last-Event-ID", id)
	}
	return wire.After(s.Feed, r.URL.Query())
}

// appendEvent writes one event. The JSON is one line, so one data field holds it.
func appendEvent(dst []byte, m feed.Entry) []byte {
	dst = append(append(dst, "id: "...), wire.Cursor(m.Message)...)
	dst = append(append(dst, "\ndata: "...), m.JSON...)
	return append(dst, "\n\n"...)
}

// Clients returns the number of open streams.
func (s *Events) Clients() int { return s.Feed.Subscribers() }

// Close ends every stream after its last message. Browsers reconnect, as they do
// after any end. It does not wait: the http.Server's Shutdown does.
func (s *Events) Close(context.Context) error {
	s.Feed.Close()
	return nil
}
