package login

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// eventsLine is a stream of server-sent events.
type eventsLine struct{ queued }

// serveEvents streams to a client that has said who it is by a cookie or a ticket. An EventSource
// cannot send anything else: it has no headers and no first message.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	if !s.admitAddress(w, r) {
		return
	}
	if r.URL.Query().Get("way") == "hello" {
		s.refuse(w, r, http.StatusBadRequest,
			"a stream has no message of the client: use a cookie or a ticket")
		return
	}
	g, _, err := s.authenticate(r)
	if err != nil {
		s.refuse(w, r, http.StatusUnauthorized, err.Error())
		return
	}
	leave, ok := s.enter()
	if !ok {
		s.refuse(w, r, http.StatusServiceUnavailable, errGoingAway.reason)
		return
	}
	defer leave()
	s.pages.verdict(r, http.StatusOK, "")
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	l := &eventsLine{newQueued(r.Context())}
	defer l.end(nil)
	defer context.AfterFunc(s.ctx, func() { l.end(errGoingAway) })()
	h := s.hold(l, g)
	defer h.release()
	l.write(w)
}

// write sends events until the line ends, and then the reason as the event "closed".
func (l *eventsLine) write(w http.ResponseWriter) {
	control := http.NewResponseController(w)
	send := func(format string, values ...any) error {
		_ = control.SetWriteDeadline(time.Now().Add(writeTime))
		_, _ = fmt.Fprintf(w, format, values...)
		return control.Flush()
	}
	event := func(n news) error {
		data, _ := json.Marshal(n)
		return send("event: %s\ndata: %s\n\n", n.Event, data)
	}
	heartbeat := time.NewTicker(pingTime)
	defer heartbeat.Stop()
	for {
		var err error
		select {
		case n := <-l.out:
			err = event(n)
		case <-heartbeat.C:
			err = send(": heartbeat\n\n")
		case <-l.ctx.Done():
			var why *closing
			if errors.As(context.Cause(l.ctx), &why) {
				_ = event(news{Event: "closed", Code: why.code, Reason: why.reason})
			}
			return
		}
		if err != nil {
			return
		}
	}
}
