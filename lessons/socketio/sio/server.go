// Package sio is a Socket.IO v5 server: namespaces, rooms, events with
// acknowledgements, and broadcasts, over the sessions of package engineio. It
// follows the Socket.IO protocol document, revision 5, and the official
// server where that is silent.
//
//	io := sio.NewServer(sio.Config{})
//	io.OnConnection(func(s *sio.Socket) {
//		s.On("chat message", func(msg string) { io.Emit("chat message", msg) })
//	})
//	http.Handle("/socket.io/", io)
package sio

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/siopacket"
)

// Config of a Server. The zero value is the official server's defaults.
type Config struct {
	// Engine configures the sessions; its OnSession is the server's own.
	Engine engineio.Config

	// Path under which the server answers. Default "/socket.io/".
	Path string

	// ConnectTimeout is how long a client may stay without joining a
	// namespace. Default 45 s.
	ConnectTimeout time.Duration

	// MaxAttachments of one packet. Default 10.
	MaxAttachments int

	// MaxPending bounds the events of one socket that wait for its handlers.
	// When it is reached, nothing more is read from that client until one has
	// run. Default 128.
	MaxPending int

	// Client holds the browser client's files, served under Path. Nil serves
	// none.
	Client fs.FS

	// Log takes the errors of handlers and clients. Default slog.Default().
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.Path == "" {
		c.Path = "/socket.io/"
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 45 * time.Second
	}
	if c.MaxPending == 0 {
		c.MaxPending = 128
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Engine.Log == nil {
		c.Engine.Log = c.Log
	}
	return c
}

// Server is an http.Handler for Config.Path. Its broadcast methods are those
// of the main namespace.
type Server struct {
	config Config
	engine *engineio.Server
	files  *clientFiles
	main   *Namespace

	mu         sync.Mutex
	namespaces map[string]*Namespace
}

// NewServer makes a server. Close ends it.
func NewServer(config Config) *Server {
	s := &Server{config: config.withDefaults(), namespaces: map[string]*Namespace{}}
	if s.config.Client != nil {
		s.files = newClientFiles(s.config.Client)
	}
	s.main = s.Of(siopacket.MainNamespace)
	engine := s.config.Engine
	engine.OnSession = s.accept
	s.engine = engineio.NewServer(engine)
	return s
}

// ServeHTTP serves the protocol at Config.Path and the client's files under it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rest, ok := strings.CutPrefix(r.URL.Path, s.config.Path)
	switch {
	case !ok:
		http.NotFound(w, r)
	case s.files != nil && s.files.has(rest):
		s.files.serve(w, r, rest)
	default:
		s.engine.ServeHTTP(w, r)
	}
}

// Of returns the namespace of that name, which clients may join from now on.
func (s *Server) Of(name string) *Namespace {
	if !strings.HasPrefix(name, "/") {
		name = "/" + name
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	nsp := s.namespaces[name]
	if nsp == nil {
		nsp = newNamespace(s, name)
		s.namespaces[name] = nsp
	}
	return nsp
}

func (s *Server) namespace(name string) *Namespace {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.namespaces[name]
}

// OnConnection is Namespace.OnConnection of the main namespace.
func (s *Server) OnConnection(f func(*Socket)) { s.main.OnConnection(f) }

// Use is Namespace.Use of the main namespace.
func (s *Server) Use(f Middleware) { s.main.Use(f) }

// Emit sends to every socket of the main namespace.
func (s *Server) Emit(event string, args ...any) error { return s.main.Emit(event, args...) }

// Send is Emit of the event "message".
func (s *Server) Send(args ...any) error { return s.main.Send(args...) }

// To is Namespace.To of the main namespace.
func (s *Server) To(rooms ...string) Broadcast { return s.main.To(rooms...) }

// In is another name for To.
func (s *Server) In(rooms ...string) Broadcast { return s.main.To(rooms...) }

// Except is Namespace.Except of the main namespace.
func (s *Server) Except(rooms ...string) Broadcast { return s.main.Except(rooms...) }

// Len is the number of connected clients.
func (s *Server) Len() int { return s.engine.Len() }

// Close ends every session, and waits for their handlers, or for ctx.
func (s *Server) Close(ctx context.Context) error {
	return s.engine.Close(ctx)
}
