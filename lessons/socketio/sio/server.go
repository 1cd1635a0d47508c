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
	"maps"
	"net"
	"net/http"
	"slices"
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

	// MaxPending bounds the events of one socket that wait for its handlers, of
	// which there are also no more than 4 MiB. When it is reached, nothing more
	// is read from that client until one has run: an answer that the running
	// handler waits for is not heard behind more events than that, so let
	// EmitWithAck have a timeout. It bounds the sockets, too, that a client has
	// left and whose handlers still run. Default 128.
	MaxPending int

	// Parser is how packets are written. Default JSONParser. The clients must
	// use the same.
	Parser Parser

	// Adapter returns what reaches the sockets of a namespace on all servers of
	// a cluster; local is its part for this server. Default local itself.
	Adapter func(n *Namespace, local *MemoryAdapter) Adapter

	// Recovery turns connection state recovery on.
	Recovery *Recovery

	// CleanupEmptyChildNamespaces removes a namespace that a ParentNamespace
	// has made when its last socket leaves. Without it, a client can make the
	// server remember as many as the parent's rule allows.
	CleanupEmptyChildNamespaces bool

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
	if c.Parser == nil {
		c.Parser = JSONParser{}
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Engine.Log == nil {
		c.Engine.Log = c.Log
	}
	return c
}

// Server is an http.Handler for Config.Path. Its other methods are those of
// the main namespace.
type Server struct {
	*Namespace

	config Config
	engine *engineio.Server
	files  *clientFiles

	mu             sync.Mutex
	namespaces     map[string]*Namespace
	parents        []*ParentNamespace
	onNewNamespace []func(*Namespace)
}

// NewServer makes a server. Close ends it.
func NewServer(config Config) *Server {
	s := &Server{config: config.withDefaults(), namespaces: map[string]*Namespace{}}
	if s.config.Client != nil {
		s.files = newClientFiles(s.config.Client)
	}
	s.Namespace = s.Of(siopacket.MainNamespace)
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
		if !s.config.Engine.CORS.Handle(w, r) {
			s.files.serve(w, r, rest)
		}
	default:
		s.engine.ServeHTTP(w, r)
	}
}

// ServeWebTransport takes the stream of a WebTransport session that was opened under
// Config.Path, or closes it: see engineio.Server, and package siowebtransport, which
// brings them.
func (s *Server) ServeWebTransport(conn net.Conn, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, s.config.Path) {
		conn.Close()
		return
	}
	s.engine.ServeWebTransport(conn, r)
}

// Clients is the number of clients, whatever namespaces they are in.
func (s *Server) Clients() int { return s.engine.Len() }

// Close ends every session, and waits for their handlers, or for ctx. Then the
// namespaces leave the cluster.
func (s *Server) Close(ctx context.Context) error {
	err := s.engine.Close(ctx)
	s.mu.Lock()
	namespaces := slices.Collect(maps.Values(s.namespaces))
	s.mu.Unlock()
	for _, n := range namespaces {
		<-n.ready
		n.adapter.Close()
	}
	return err
}

// frames makes a packet ready for any number of sessions.
func (s *Server) frames(p siopacket.Packet, flags Flags) []*engineio.Message {
	messages := s.config.Parser.Encode(p)
	if flags.Uncompressed {
		for i, m := range messages {
			messages[i] = m.Uncompressed()
		}
	}
	return messages
}
