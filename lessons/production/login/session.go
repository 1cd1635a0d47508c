package login

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// session is one login. Its cookie holds the id; an attacker wants the note.
type session struct {
	id     string
	handle string // names the session in tokens, which the client can read
	name   string
	note   string
	life   time.Duration // without a request

	ctx   context.Context // ends with the session, and its cause says why
	end   context.CancelCauseFunc
	timer *time.Timer // ends the session when no request has come for its life

	events *rate.Limiter // of all connections of the session together
}

// maxSessions bounds the sessions at the same time.
const maxSessions = 2000

// sessions holds the sessions by their ids, and by their handles.
type sessions struct {
	mu       sync.Mutex // guards both maps
	byID     map[string]*session
	byHandle map[string]*session
}

func newSessions() *sessions {
	return &sessions{byID: map[string]*session{}, byHandle: map[string]*session{}}
}

// randomID returns 128 random bits as text that needs no escaping in a cookie or a URL.
func randomID() string {
	var b [16]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// newNote returns a private note, such as "the safe is behind the clock, 4821". It is random, so
// that whoever has it has read it.
func newNote() string {
	pick := func(n int) int {
		i, _ := rand.Int(rand.Reader, big.NewInt(int64(n))) // never fails
		return int(i.Int64())
	}
	places := []string{"clock", "piano", "stove", "mirror", "window", "map", "curtain", "lamp"}
	return fmt.Sprintf("the key is behind the %s, code %04d", places[pick(len(places))],
		pick(10000))
}

// begin begins a session, which ends when no request has come for its life.
func (s *sessions) begin(name string, life time.Duration) (*session, error) {
	n := &session{id: randomID(), handle: randomID(), name: name, note: newNote(), life: life,
		events: newEvents()}
	n.ctx, n.end = context.WithCancelCause(context.Background())
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.byID) >= maxSessions {
		n.end(nil)
		return nil, errors.New("too many people are logged in: try again later")
	}
	s.byID[n.id], s.byHandle[n.handle] = n, n
	n.timer = time.AfterFunc(life, func() { s.end(n, errSessionOver) })
	return n, nil
}

// find returns the session with that id, whose life begins again, or nil.
func (s *sessions) find(id string) *session { return s.findIn(s.byID, id) }

// findHandle returns the session with that handle, whose life begins again, or nil.
func (s *sessions) findHandle(handle string) *session { return s.findIn(s.byHandle, handle) }

func (s *sessions) findIn(all map[string]*session, key string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := all[key]
	if n != nil {
		n.timer.Reset(n.life)
	}
	return n
}

// end removes a session, which may be nil, and ends its connections with the reason.
func (s *sessions) end(n *session, why error) {
	if n == nil {
		return
	}
	s.mu.Lock()
	delete(s.byID, n.id)
	delete(s.byHandle, n.handle)
	s.mu.Unlock()
	n.timer.Stop()
	n.end(why)
}

// all returns the sessions.
func (s *sessions) all() (list []*session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.byID {
		list = append(list, n)
	}
	return list
}

func (s *sessions) close() {
	for _, n := range s.all() {
		s.end(n, errGoingAway)
	}
}

// cookie returns the session's cookie. Its name includes the port, because browsers share cookies
// between the ports of a host. HttpOnly keeps it from scripts. Over TLS it is Secure, and the
// prefix __Host- makes browsers refuse one of that name that another host, or a server without TLS,
// sets.
//
// Without the check sameSite it goes along with the requests of every site's pages. Browsers want
// Secure with SameSite=None, and take it from a loopback address without TLS.
func (s *Server) cookie(r *http.Request, id string) *http.Cookie {
	c := &http.Cookie{Name: cookieName(r), Value: id, Path: "/", HttpOnly: true,
		Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode}
	if !s.state().SameSite {
		c.SameSite = http.SameSiteNoneMode
		c.Secure = c.Secure || isLoopback(r.Host)
		if !c.Secure {
			c.SameSite = 0 // no attribute
		}
	}
	return c
}

func cookieName(r *http.Request) string {
	name := "session"
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		name += "-" + port
	}
	if r.TLS != nil {
		name = "__Host-" + name
	}
	return name
}

func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// sessionOf returns the session of the request's cookie, or nil.
func (s *Server) sessionOf(r *http.Request) *session {
	c, err := r.Cookie(cookieName(r))
	if err != nil {
		return nil
	}
	return s.sessions.find(c.Value)
}
