// Package login is the server of the demo login: four ways to tell a server who you are, over three
// transports, and a page of another origin that tries to be you.
//
//	POST /login     {"name":"ann"}: begins a session. 201, the cookie, and {"name","note"}
//	POST /logout    ends the session and every connection that it opened
//	POST /token     ?life=5 of the session's cookie: 201 {"token","expires"}
//	POST /ticket    ?guest=1 for a new session without a cookie, else of the cookie's: 201 {"ticket","expires"}
//
//	GET  /account/ws        WebSocket, ?way=cookie, ?way=ticket&ticket=… or ?way=hello
//	GET  /account/events    server-sent events, ?way=cookie or ?way=ticket&ticket=…
//	     /socket.io/        Socket.IO: the cookie, ?ticket=…, or a token in auth
//	GET  /account/data      the account as JSON; as a script with ?callback=NAME, if that check is off
//	GET  /account/status    a page for operators, without a login: who has a session
//
// On each connection the server sends the events "welcome" with the private note, "expires" and
// "renewed" of a token, "said", "pong", "refused" by a rate limit, and "closed" with the reason.
// The client sends {"token"}, {"say"} and {"ping"}; over Socket.IO the events "renew", "say" and
// "ping".
//
// The paths below /account/ and /socket.io/ check the host and the origin themselves, see checks.
package login

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"realtimelab/internal/feed/wire"
	"realtimelab/internal/lesson"
	"realtimelab/internal/tasks"
	"realtimelab/lessons/socketio/sio"
)

// Config holds the times of a server. The zero value is the default.
type Config struct {
	SessionLife time.Duration // of a session without a request; 0 is 30 min
	TokenLife   time.Duration // of a token; 0 is 20 s
	TicketLife  time.Duration // of an unused ticket; 0 is 10 s
	// from the event "expires" to the end of a token, at most 2/5 of its life; 0 is 8 s
	Warning   time.Duration
	HelloTime time.Duration // how long a WebSocket may take to say who it is; 0 is 3 s
}

func (c Config) withDefaults() Config {
	c.SessionLife = cmp.Or(c.SessionLife, 30*time.Minute)
	c.TokenLife = cmp.Or(c.TokenLife, 20*time.Second)
	c.TicketLife = cmp.Or(c.TicketLife, 10*time.Second)
	c.Warning = cmp.Or(c.Warning, 8*time.Second)
	c.HelloTime = cmp.Or(c.HelloTime, 3*time.Second)
	return c
}

// Server is the running demo. Close ends it.
type Server struct {
	cfg    Config
	log    *slog.Logger
	lab    *lesson.Lab // nil outside the lab
	port   int         // of the demo's page
	tokens tokens

	sessions *sessions
	tickets  *tickets
	limits   limits
	io       *sio.Server
	upgrader websocket.Upgrader
	pages    pages
	hostile  lesson.Served // nil outside the lab
	routes   wire.Routes

	running tasks.Group     // counts the connections
	ctx     context.Context // ends with Close
	cancel  context.CancelCauseFunc

	mu      sync.Mutex // guards what follows
	checks  checks
	clients int // WebSockets and streams
}

// NewServer returns a server with every check on and no sessions.
func NewServer(c Config, env lesson.Env) *Server {
	s := &Server{cfg: c.withDefaults(), log: env.Log, lab: env.Lab, port: env.Port, checks: allOn}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	rand.Read(s.tokens.key[:])
	s.sessions = newSessions()
	s.tickets = newTickets(s.cfg.TicketLife)
	// checks.refuse has checked
	s.upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	s.io = s.newSocketIO()
	s.routes = wire.Routes{
		"/login":          {http.MethodPost: s.logIn},
		"/logout":         {http.MethodPost: s.logOut},
		"/token":          {http.MethodPost: s.giveToken},
		"/ticket":         {http.MethodPost: s.giveTicket},
		"/account/ws":     {http.MethodGet: s.serveWebSocket},
		"/account/events": {http.MethodGet: s.serveEvents},
		"/account/data":   {http.MethodGet: s.serveData},
		"/account/status": {http.MethodGet: s.serveStatus},
		pagesPath:         {http.MethodGet: s.servePage},
		checksPath:        {http.MethodPost: s.serveChecks},
	}
	return s
}

// ownChecks are the paths whose host and origin this demo checks, or not, as its switches say.
var ownChecks = []string{"/account/ws", "/account/events", "/account/data", "/account/status",
	"/socket.io/"}

// Start starts the demo, and in the lab the page of another origin.
func Start(env lesson.Env) (*lesson.Instance, error) {
	s := NewServer(Config{}, env)
	instance := &lesson.Instance{Handler: s, OwnChecks: ownChecks, BothNames: true,
		Clients: s.Clients, Close: s.Close}
	if env.Lab == nil {
		return instance, nil
	}
	hostile, err := env.Lab.Serve(s.startHostile)
	if err != nil {
		return nil, errors.Join(err, s.Close(context.Background()))
	}
	s.hostile = hostile
	instance.Frames = []int{hostile.Port()}
	return instance, nil
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.lab != nil && strings.HasPrefix(r.URL.Path, "/account/") || r.URL.Path == "/socket.io/" {
		s.pages.show(s.lab, r)
	}
	if r.URL.Path != "/socket.io/" && !strings.HasPrefix(r.URL.Path, "/socket.io/") {
		if strings.HasPrefix(r.URL.Path, "/account/") && !s.admit(w, r) {
			return
		}
		s.routes.ServeHTTP(w, r)
		return
	}
	if r.URL.Path == "/socket.io/" && !s.admit(w, r) {
		return
	}
	s.io.ServeHTTP(w, r)
}

// Clients returns the number of connections, over every transport.
func (s *Server) Clients() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clients + s.io.Len()
}

// enter counts a connection until leave is called. It reports false if the server is closing.
func (s *Server) enter() (leave func(), ok bool) {
	if !s.running.Enter() {
		return nil, false
	}
	add := func(n int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.clients += n
	}
	add(1)
	return func() { add(-1); s.running.Leave() }, true
}

// Close tells every client that the server goes, and waits for the connections to end.
func (s *Server) Close(ctx context.Context) error {
	s.running.Refuse()
	s.cancel(errGoingAway)
	s.pages.close()
	err := s.io.Close(ctx)
	s.sessions.close()
	err = errors.Join(err, s.running.Wait(ctx))
	if s.hostile != nil {
		err = errors.Join(err, s.hostile.Close(ctx))
	}
	return err
}

const (
	maxName   = 40 // characters
	guestLife = 2 * time.Minute
)

// logIn begins a session under a name, or continues that of the cookie under the same name. The
// demo asks for no password: it begins where the password was right.
func (s *Server) logIn(w http.ResponseWriter, r *http.Request) {
	var wanted struct{ Name string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&wanted); err != nil {
		wire.Refuse(w, http.StatusBadRequest, `want {"name":"…"}: `+err.Error())
		return
	}
	name := strings.TrimSpace(wanted.Name)
	if n := len([]rune(name)); n == 0 || n > maxName {
		wire.Refuse(w, http.StatusBadRequest,
			"a name has 1 to "+strconv.Itoa(maxName)+" characters")
		return
	}
	if s.lab != nil {
		s.pages.know(r, s.lab.Browser(r))
	}
	session := s.sessionOf(r)
	if session == nil || session.name != name {
		s.sessions.end(session, errLoggedOut) // its connections close with it
		var err error
		if session, err = s.sessions.begin(name, s.cfg.SessionLife); err != nil {
			wire.Refuse(w, http.StatusServiceUnavailable, err.Error())
			return
		}
	}
	http.SetCookie(w, s.cookie(r, session.id))
	answer(w, http.StatusCreated, map[string]string{"name": session.name, "note": session.note})
}

// logOut ends the session, and with it the connections that it opened.
func (s *Server) logOut(w http.ResponseWriter, r *http.Request) {
	s.sessions.end(s.sessionOf(r), errLoggedOut)
	gone := s.cookie(r, "")
	gone.MaxAge = -1
	http.SetCookie(w, gone)
	w.WriteHeader(http.StatusNoContent)
}

// giveToken signs a token for the session of the cookie.
func (s *Server) giveToken(w http.ResponseWriter, r *http.Request) {
	session := s.sessionOf(r)
	if session == nil {
		wire.Refuse(w, http.StatusUnauthorized, errNoSession.Error())
		return
	}
	life := s.cfg.TokenLife
	if text := r.URL.Query().Get("life"); text != "" {
		seconds, err := strconv.Atoi(text)
		if err != nil || seconds < 1 || time.Duration(seconds)*time.Second > s.cfg.TokenLife {
			wire.Refuse(w, http.StatusBadRequest, "life "+text+": want 1 to "+
				strconv.Itoa(int(s.cfg.TokenLife/time.Second))+" seconds")
			return
		}
		life = time.Duration(seconds) * time.Second
	}
	expires := time.Now().Add(life)
	answer(w, http.StatusCreated, map[string]any{"token": s.tokens.sign(session, expires),
		"expires": expires.UnixMilli()})
}

// giveTicket issues a ticket for one connection: of the cookie's session, or of a guest's.
func (s *Server) giveTicket(w http.ResponseWriter, r *http.Request) {
	session := s.sessionOf(r)
	if r.URL.Query().Has("guest") {
		var err error
		if session, err = s.sessions.begin("guest", guestLife); err != nil {
			wire.Refuse(w, http.StatusServiceUnavailable, err.Error())
			return
		}
	}
	if session == nil {
		wire.Refuse(w, http.StatusUnauthorized, errNoSession.Error())
		return
	}
	ticket, expires, err := s.tickets.issue(session)
	if err != nil {
		wire.Refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	answer(w, http.StatusCreated, map[string]any{"ticket": ticket, "expires": expires.UnixMilli()})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // fails only if the client has left
}
