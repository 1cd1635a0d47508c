// Package admin is the server side of the official Admin UI, a web page that shows the sockets,
// rooms and events of a Socket.IO server while it runs, and can disconnect sockets or move them
// between rooms. The page is the folder ui/dist of the npm package @socket.io/admin-ui, version
// 0.5.
//
//	io := sio.NewServer(sio.Config{})
//	ui, err := admin.Instrument(io, admin.Config{
//		Auth: &admin.BasicAuth{Username: "admin", PasswordHash: hash}, // of bcrypt
//	})
//	…
//	defer ui.Close()
//
// [Instrument] makes the namespace /admin, to which the page connects. It is off until a program
// calls it, and refuses to start without a password, unless Config.Open says so.
//
// # What a login may do
//
// Whoever is logged in sees the handshake headers, the data and the events of all sockets
// ([Development]), or the number of clients, bytes and disconnects ([Production]). Unless
// Config.ReadOnly is set, they may also emit any event to any socket, disconnect sockets and move
// them between rooms. The values of the headers Cookie, Authorization and Proxy-Authorization are
// hidden, because they would let an admin act in the name of a user.
//
// # Several servers
//
// Instrument each server of a cluster, with a Config.ServerID of its own and the same
// Config.SessionKey. The adapter brings the reports of all servers to the page, and its commands to
// all sockets. A server of Node that has called instrument() of @socket.io/admin-ui can be one of
// them.
package admin

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
)

// Mode says how much the page is shown.
type Mode string

const (
	// Development reports each socket, room and event at once. Each event then costs the server a
	// second one, so it is for small servers and for looking for faults.
	Development Mode = "development"

	// Production reports only numbers, every Config.StatsInterval.
	Production Mode = "production"
)

// BasicAuth is a login.
type BasicAuth struct {
	Username     string // not empty
	PasswordHash string // of bcrypt, such as "$2b$10$…"; bcrypt.GenerateFromPassword makes one
}

// Config configures Instrument. Auth or Open is required.
type Config struct {
	// Namespace is the name of the namespace for the page, which has a field for it. Default
	// "/admin".
	Namespace string

	// Auth is the login that the page asks for. One password is compared at a time, so guessing
	// keeps no more than one CPU busy. More middlewares can be added to the namespace with Use.
	Auth *BasicAuth

	// Open lets everybody in without a login. Auth must be nil then. Pages are let in only if the
	// server's address is an IP address or localhost, or if Origins names them: otherwise a page of
	// any site could reach a server on its visitor's machine by DNS rebinding.
	Open bool

	// Origins are the origins of the page, such as "https://admin.example.com", if another server
	// serves it than this one. engineio.Config.CORS must let them in, too, with credentials. Pages
	// of other origins are refused. Programs other than browsers send no origin.
	Origins []string

	// SessionKey signs the session ids, which the page keeps so that a reload needs no password. It
	// is a secret of at least 16 bytes. With the same key on all servers, a session counts on each
	// of them and survives a restart. Default: a random one. A new username or password ends all
	// sessions.
	SessionKey []byte

	// SessionDuration is how long a session counts after its login. Default 24 h.
	SessionDuration time.Duration

	// ReadOnly refuses commands, and lets the page hide their buttons.
	ReadOnly bool

	// Mode is Development or Production. Default Development.
	Mode Mode

	// ServerID names the server on the page. Default the hostname: give servers on the same machine
	// names of their own.
	ServerID string

	// StatsInterval is the time between two reports of the server's numbers. The page takes a
	// server for dead after 10 s without one. Default 2 s.
	StatsInterval time.Duration

	// Log receives each login, refusal and command. Default slog.Default().
	Log *slog.Logger
}

// withDefaults checks the configuration and fills it in.
func (c Config) withDefaults() (Config, error) {
	switch {
	case c.Auth == nil && !c.Open:
		return c, errors.New(
			"admin: set Config.Auth to a login, or Config.Open to let everybody in")
	case c.Auth != nil && c.Open:
		return c, errors.New("admin: Config.Auth and Config.Open exclude each other")
	case c.Mode != "" && c.Mode != Development && c.Mode != Production:
		return c, fmt.Errorf("admin: Config.Mode is %q: write %q or %q", c.Mode, Development,
			Production)
	case c.StatsInterval < 0 || c.SessionDuration < 0:
		return c, errors.New(
			"admin: Config.StatsInterval and Config.SessionDuration cannot be negative")
	case slices.Contains(c.Origins, "*"):
		return c, errors.New(`admin: Config.Origins holds "*": name the origins of the page`)
	case c.SessionKey != nil && len(c.SessionKey) < minKey:
		return c, fmt.Errorf("admin: Config.SessionKey has a length of %d: write at least %d bytes",
			len(c.SessionKey), minKey)
	}
	if c.Auth != nil {
		if _, err := bcrypt.Cost([]byte(c.Auth.PasswordHash)); err != nil {
			return c, fmt.Errorf("admin: Config.Auth.PasswordHash is not a bcrypt hash: %w", err)
		}
		if c.Auth.Username == "" {
			return c, errors.New("admin: Config.Auth.Username is empty")
		}
	}
	if c.Namespace == "" {
		c.Namespace = "/admin"
	}
	if c.Namespace = "/" + strings.TrimPrefix(c.Namespace, "/"); c.Namespace == "/" {
		return c, errors.New(
			"admin: Config.Namespace is the main namespace: name one that clients do not use")
	}
	if c.SessionKey == nil {
		c.SessionKey = make([]byte, 32)
		rand.Read(c.SessionKey) // never fails
	}
	if c.SessionDuration == 0 {
		c.SessionDuration = 24 * time.Hour
	}
	if c.Mode == "" {
		c.Mode = Development
	}
	if c.StatsInterval == 0 {
		c.StatsInterval = 2 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.ServerID == "" {
		c.ServerID = hostname()
	}
	return c, nil
}

// hostname returns the machine's name, or "localhost" if it has none.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return name
}

// An Admin reports to the page. Instrument starts it, and Close ends it.
type Admin struct {
	// Set by Instrument, and not changed.
	config    Config
	io        *sio.Server
	namespace *sio.Namespace
	features  []string      // that the page may use
	checking  chan struct{} // holds a value while a password is compared

	// The goroutine that emits: see report.go.
	wake    chan struct{} // holds a value when something waits
	closing chan struct{} // closed by Close
	running sync.WaitGroup
	last    engineio.Stats // at the last report of the numbers; owned by the goroutine

	mu      sync.Mutex // guards what follows; not held while something is emitted
	closed  bool
	waiting []report             // to be emitted, in order
	dropped int                  // events that were not reported because too much waits
	members map[memberID]*member // the sockets of this server: see watch.go
	// each removes the functions that the Admin has added to a socket
	hooked   map[*sio.Socket]func()
	prepared map[*sio.Namespace]bool // before Instrument has returned
	starting bool                    // Instrument has not returned
}

// Instrument adds the admin namespace to a server and begins to report. Call it once for a server,
// and before Server.OfRegexp if that rule matches the name of the admin namespace. The caller calls
// Close before Server.Close. The error says what is wrong with the configuration, and then nothing
// has been added.
func Instrument(io *sio.Server, config Config) (*Admin, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	a := &Admin{
		config:   config,
		io:       io,
		checking: make(chan struct{}, 1),
		wake:     make(chan struct{}, 1),
		closing:  make(chan struct{}),
		last:     io.Engine().Stats(),
		members:  map[memberID]*member{},
		hooked:   map[*sio.Socket]func(){},
		prepared: map[*sio.Namespace]bool{},
		starting: true,
	}
	if !config.ReadOnly {
		a.features = []string{"EMIT", "JOIN", "LEAVE", "DISCONNECT", "MJOIN", "MLEAVE",
			"MDISCONNECT"}
	}
	a.features = append(a.features, "AGGREGATED_EVENTS")
	if config.Mode == Development {
		a.features = append(a.features, "ALL_EVENTS")
	}
	io.OnNewNamespace(a.prepare) // before a client can join it
	a.namespace = io.Of(config.Namespace)
	for _, name := range io.Namespaces() {
		if n := io.Lookup(name); n != nil {
			a.prepare(n)
		}
	}
	a.mu.Lock()
	a.starting = false
	a.mu.Unlock()
	a.running.Go(a.run)
	return a, nil
}

// prepare adds to each namespace, once, what the Admin needs there.
func (a *Admin) prepare(n *sio.Namespace) {
	a.mu.Lock()
	prepared := a.prepared[n]
	if a.starting { // Instrument finds the namespaces that OnNewNamespace brings at the same time
		a.prepared[n] = true
	}
	a.mu.Unlock()
	if prepared {
		return
	}
	if n.Name() == a.config.Namespace {
		n.Use(a.admit)
		n.OnConnection(a.welcome)
	}
	if a.config.Mode == Development {
		a.watch(n)
	}
}

// welcome serves an admin that has logged in.
func (a *Admin) welcome(s *sio.Socket) {
	if !a.config.Open && !a.hasSession(s) { // the login was by password
		s.Emit("session", a.newSession(time.Now()))
	}
	if !a.config.ReadOnly {
		a.handleCommands(s)
	}
	s.Emit("config", map[string]any{"supportedFeatures": a.features})
	if a.config.Mode == Development {
		a.sendSockets(s)
	}
}

// Close ends the reports, disconnects the admins of this server and refuses new ones. From then on
// an event costs what it costs without an Admin. Close waits for the goroutine that reports, and
// may be called again. It must not be called by a function of sio.Hooks.
func (a *Admin) Close() {
	a.mu.Lock()
	again, hooked := a.closed, a.hooked
	a.closed, a.waiting, a.hooked = true, nil, nil
	clear(a.members)
	a.mu.Unlock()
	if !again {
		close(a.closing)
	}
	for _, unhook := range hooked {
		unhook()
	}
	a.running.Wait()
	a.namespace.Local().DisconnectSockets(false)
}
