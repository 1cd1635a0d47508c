package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"realtimelab/internal/feed/wire"
)

// A grant says whose connection it is, and until when. A zero expires means as long as the session.
type grant struct {
	session *session
	expires time.Time
}

// closing is why the server ends a connection: the code of a WebSocket's close frame, and a reason.
type closing struct {
	code   int
	reason string
}

func (c *closing) Error() string { return c.reason }

var (
	errNoSession   = errors.New("log in first")
	errLoggedOut   = &closing{4401, "logged out"}
	errSessionOver = &closing{4401, "the session has expired"}
	errNoHello     = &closing{4408, "the first message did not come in time"}
	errGoingAway   = &closing{1001, "the server is closing"}
	errFlood       = &closing{1008, "too many events"}
	errUnread      = &closing{1008, "too many events unread"}
)

// closingOf returns the code and the reason of an error.
func closingOf(err error) *closing {
	var c *closing
	if errors.As(err, &c) {
		return c
	}
	return &closing{4401, err.Error()}
}

// authenticate returns the grant of a request by its ?way=. With hello, the grant is complete only
// when the first message has come: its session is nil, or that of the cookie, which the token of
// the first message must belong to.
func (s *Server) authenticate(r *http.Request) (g grant, hello bool, err error) {
	switch way := r.URL.Query().Get("way"); way {
	case "cookie":
		if g.session = s.sessionOf(r); g.session == nil {
			return g, false, errNoSession
		}
		return g, s.state().Token, nil
	case "ticket":
		g.session, err = s.tickets.use(r.URL.Query().Get("ticket"))
		return g, false, err
	case "hello":
		return g, true, nil
	default:
		return g, false, fmt.Errorf("way=%s: want cookie, ticket or hello", way)
	}
}

// news is an event of a connection.
type news struct {
	Event   string `json:"event"`
	Name    string `json:"name,omitempty"`
	Note    string `json:"note,omitempty"`
	Expires int64  `json:"expires,omitempty"` // ms since 1970
	Left    int64  `json:"left,omitempty"`    // ms
	Text    string `json:"text,omitempty"`
	Ping    any    `json:"ping,omitempty"` // as the client sent it
	Code    int    `json:"code,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

// A line is an open connection of a person, over any transport. Its methods do not block, and may
// be called from several goroutines.
type line interface {
	tell(news)
	close(*closing)
}

// held is a line with a grant. It warns the client before the grant expires, and ends the line when
// the grant or the session ends.
type held struct {
	server   *Server
	line     line
	session  *session
	unfollow func() bool

	mu      sync.Mutex // guards what follows
	expires time.Time  // zero for never
	warned  bool
	timer   *time.Timer // nil without an end
}

// hold welcomes the client of a line. release must be called when the line has ended.
func (s *Server) hold(l line, g grant) *held {
	h := &held{server: s, line: l, session: g.session}
	w := news{Event: "welcome", Name: g.session.name, Note: g.session.note}
	if !g.expires.IsZero() {
		w.Expires = g.expires.UnixMilli()
	}
	l.tell(w)
	h.unfollow = context.AfterFunc(g.session.ctx, func() {
		l.close(closingOf(context.Cause(g.session.ctx)))
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.expire(g.expires)
	return h
}

// expire sets the end of the grant. The caller holds mu.
func (h *held) expire(at time.Time) {
	h.expires, h.warned = at, false
	if at.IsZero() {
		return
	}
	left := time.Until(at)
	// a new token is not warned about at once
	next := max(left-min(h.server.cfg.Warning, left*2/5), 0)
	if h.timer == nil {
		h.timer = time.AfterFunc(next, h.tick)
	} else {
		h.timer.Reset(next)
	}
}

// tick warns, or ends the line.
func (h *held) tick() {
	h.mu.Lock()
	left := time.Until(h.expires)
	warn := !h.warned && left > 0
	if left > 0 {
		h.warned = true
		h.timer.Reset(left)
	}
	h.mu.Unlock()
	switch {
	case warn:
		h.line.tell(news{Event: "expires", Left: left.Milliseconds()})
	case left <= 0:
		h.line.close(errExpired)
	}
}

// renew extends the grant to the end of a newer token of the same session.
func (h *held) renew(token string) error {
	g, err := h.server.grantOfToken(token)
	if err == nil && g.session != h.session {
		err = errors.New("the token belongs to another session")
	}
	if err != nil {
		return err
	}
	h.mu.Lock()
	h.expire(g.expires)
	h.mu.Unlock()
	h.line.tell(news{Event: "renewed", Expires: g.expires.UnixMilli()})
	return nil
}

// take answers an event of the client, within the session's rate. It reports false if it has
// refused the event.
func (h *held) take(n news) bool {
	if wait, ok := within(h.session.events); h.server.state().Limits && !ok {
		h.line.tell(news{Event: "refused", Code: http.StatusTooManyRequests,
			Reason: "too many events", Left: wait.Milliseconds(), Text: n.Text, Ping: n.Ping})
		return false
	}
	h.line.tell(n)
	return true
}

// release stops the timer. The line has ended.
func (h *held) release() {
	h.unfollow()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.timer != nil {
		h.timer.Stop()
	}
}

// refuse answers a request that may not pass, and tells the page that shows its client.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, status int, reason string) {
	s.pages.verdict(r, status, reason)
	wire.Refuse(w, status, reason)
}
