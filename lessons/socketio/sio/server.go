// Package sio is a Socket.IO server: namespaces, rooms, events with acknowledgements and
// broadcasts, over the sessions of package engineio. It follows the Socket.IO protocol document,
// revision 5, and the official server where the document is silent; docs/differences.md lists the
// exceptions.
//
//	io := sio.NewServer(sio.Config{})
//	io.OnConnection(func(s *sio.Socket) {
//		s.On("chat message", func(msg string) { io.Emit("chat message", msg) })
//	})
//	http.Handle("/socket.io/", io)
//
// # What to call
//
// NewServer returns a [Server], an http.Handler that is also its main [Namespace]; Server.Of,
// OfRegexp and OfFunc create others. A client that connects to a namespace is a [Socket] there:
// first the middlewares of Use admit or refuse it, then OnConnection's functions receive it and add
// its handlers with On. Emit on a socket sends to its client; Emit on a server, a namespace or a
// [Broadcast] (the selection that To, Except and the like return) sends to many. EmitWithAck, [Ask]
// and [AskAll] wait for the answer. Server.Shutdown and Server.Close end everything.
//
// A middleware refuses a client with any error; a *[ConnectError] carries data. A broadcast that
// not all clients have acknowledged fails with a *[MissingAnswersError].
//
// # Goroutines
//
// Every method may be called from any goroutine, and only methods with a context wait for clients.
// Handlers of one socket run one at a time; handlers of different sockets run at the same time: see
// Socket.On. This package holds no lock while the program's functions run, so they may call any
// method. A panic in one is logged and closes the client that caused it.
//
// # The path of a message
//
// In: the connection's goroutine (engineio) reads a packet, client.receive finds its socket, and
// Inbox.Do runs Socket.dispatch, which calls the handlers; or it queues the packet while another
// handler of this socket runs. Out: emitter.Emit encodes the event, and Session.Send writes it on
// the caller's goroutine as far as the connection accepts it. A broadcast is encoded once, in
// MemoryAdapter.Broadcast, and queued for each socket; a goroutine of engineio writes. Every socket
// leaves its namespace through Socket.end.
//
// # Encoding of values
//
// The arguments of events and acknowledgements are encoded and decoded like encoding/json: the same
// tags, omitempty, methods such as MarshalJSON, case-insensitive names, null for a nil slice or
// map, a time.Duration as a number of nanoseconds. There are two differences:
//
//   - A []byte at any depth is binary data, which a browser receives as an ArrayBuffer. A nil
//     []byte is empty data. A []byte decodes binary data or null, but not a base64 string. A named
//     type such as `type Key []byte` is text in base64, as in encoding/json.
//   - The characters <, > and & are not escaped.
//
// Emit and EmitWithAck return an error for a value that cannot be encoded, such as a func. An
// acknowledgement with such a value is reported to OnError, and the client receives an object with
// the field "error" instead.
//
// Args can be sent on unchanged: io.Emit("relayed", args) sends the same arguments, including
// binary data and the order of keys. Raw JSON (json.RawMessage) cannot hold binary data: decoding
// binary data into it is an error. In an any, binary data is a []byte.
//
// # For adapters
//
// A program that uses an adapter needs only Config.Adapter. To write one, implement [Adapter]
// around the [MemoryAdapter] that Config.Adapter's function receives: it sends to this server's
// sockets. Its methods Ask, Knows and HandleServerSide are for adapters only. So are [Selection],
// [Flags], [SocketInfo] (which a [RemoteSocket] holds) and [Answers], which collects
// acknowledgements. event.NewArgs and event.NewAck create [Args] and [Ack] from the messages of
// other servers. Package sioredis is an example.
package sio

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/internal/body"
	"realtimelab/lessons/socketio/internal/clientfile"
	"realtimelab/lessons/socketio/siopacket"
	browser "realtimelab/web/client"
)

// Config configures a Server. The zero value has the official server's defaults. NewServer copies
// it.
type Config struct {
	// Engine configures the sessions: transports, heartbeat, bounds, CORS. NewServer replaces its
	// OnSession.
	Engine engineio.Config

	// Path is the URL path of the server, with or without a trailing slash: "/socket.io" is the
	// same as the default, "/socket.io/". NewServer panics if it is not a valid path.
	Path string

	// ConnectTimeout is the time within which a client must join a namespace. Otherwise its
	// connection is closed. Default 45 s.
	ConnectTimeout time.Duration

	// MaxAttachments bounds the attachments of one packet. A client that announces more is closed.
	// Default 10. MsgpackParser has no attachments.
	MaxAttachments int

	// MaxPending bounds the events of one socket that wait for its handlers. They also hold at most
	// 4 MiB together, and the events of all sockets of one client at most 16 MiB. At the bound, the
	// server reads nothing more from that client until a handler has run. It then does not read an
	// acknowledgement behind these events either, even if the running handler waits for it: give
	// EmitWithAck a timeout. MaxPending also bounds the sockets that have ended while their
	// handlers still run. Default 128.
	MaxPending int

	// MaxSockets bounds the sockets of one client, one for each namespace. A CONNECT above it gets
	// CONNECT_ERROR with the message "too many namespaces", and the client's other sockets stay.
	// The official server has no such bound. Default 256.
	MaxSockets int

	// Strict refuses an event whose number of arguments is not that of its handler's parameters:
	// OnError receives an error, and the handler is not called. By default, surplus arguments are
	// dropped, and missing ones are the zero value.
	Strict bool

	// Parser encodes and decodes packets. Default JSONParser. The clients must use the same.
	Parser Parser

	// Adapter returns the adapter of a namespace, which joins this server to a cluster: see
	// sioredis. local sends to the sockets of this server. The function is called once for each
	// namespace, and may block: clients join after it has returned. Default: local itself, for a
	// single server.
	Adapter func(n *Namespace, local *MemoryAdapter) Adapter

	// Recovery turns connection state recovery on. Default nil: off.
	Recovery *Recovery

	// CleanupEmptyChildNamespaces removes a ParentNamespace's child when its last socket leaves.
	// With Recovery, the namespace stays until no client can recover in it. Without
	// CleanupEmptyChildNamespaces, a client can make the server keep as many namespaces as the
	// parent's rule allows.
	CleanupEmptyChildNamespaces bool

	// DisableClient turns off the browser client. By default its files are served under Path:
	// /socket.io/socket.io.js and others. The official option is serveClient.
	DisableClient bool

	// Client holds other files to serve under Path. They are read once, at the first request for a
	// file. Default: the client of this module, whose files package web/client lists.
	Client fs.FS

	// Hooks are called with connections and events, for metrics and logs.
	Hooks Hooks

	// Log receives panics of handlers, and the errors of events if Socket.OnError has no function;
	// a bounded number of lines for each client. Default slog.Default().
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	switch {
	case c.Path == "":
		c.Path = "/socket.io/"
	case c.Path[0] != '/' || strings.ContainsAny(c.Path, "?#"):
		panic(fmt.Sprintf(
			"sio: Config.Path is %q: write a path that begins with a slash, such as /socket.io/",
			c.Path))
	case !strings.HasSuffix(c.Path, "/"):
		c.Path += "/"
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 45 * time.Second
	}
	if c.MaxPending == 0 {
		c.MaxPending = 128
	}
	if c.MaxSockets == 0 {
		c.MaxSockets = 256
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

// A Server is a Socket.IO server: both an http.Handler, to be mounted at Config.Path, and the main
// namespace "/". Its methods may be called from any goroutine, before and while it serves. It has
// goroutines and connections until Close or Shutdown.
type Server struct {
	*Namespace

	config Config
	engine *engineio.Server
	files  func() map[string]*clientfile.File // of the browser client, by name under Config.Path

	panics event.LogLimit // of every client's handlers

	mu             sync.Mutex
	namespaces     map[string]*Namespace
	parents        []*ParentNamespace
	onNewNamespace []func(*Namespace)
	clients        map[*client]struct{} // those with an open session
	closed         bool                 // namespaces created from now on do not join the cluster

	draining atomic.Bool // no socket joins from now on
	leaving  sync.Once
	left     chan struct{} // closed when the namespaces have left the cluster
}

// NewServer returns a Server, to be passed to an http.Server or the like as a handler. It panics if
// Config.Path is not a valid path. It calls Config.Adapter for the main namespace.
func NewServer(config Config) *Server {
	s := &Server{config: config.withDefaults(), namespaces: map[string]*Namespace{},
		clients: map[*client]struct{}{}, left: make(chan struct{})}
	switch {
	case s.config.DisableClient:
		s.files = func() map[string]*clientfile.File { return nil }
	case s.config.Client != nil:
		s.files = sync.OnceValue(func() map[string]*clientfile.File {
			return clientfile.Read(s.config.Client)
		})
	default:
		s.files = ourClient
	}
	s.Namespace = s.Of(siopacket.MainNamespace)
	engine := s.config.Engine
	engine.OnSession = s.accept
	s.engine = engineio.NewServer(engine)
	return s
}

// ourClient reads the files of web/client on the first call, for all servers of the process.
var ourClient = sync.OnceValue(func() map[string]*clientfile.File {
	return clientfile.Read(browser.Files())
})

// ServeHTTP serves the protocol at Config.Path and the browser client's files under it. A missing
// script gets the official answer, status 400 and "Transport unknown", with a field "hint" that
// says why. Other paths get 404.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, s.config.Path)
	if !ok {
		body.Skip(w, r)
		http.NotFound(w, r)
		return
	}
	var files map[string]*clientfile.File
	isScript := (strings.HasSuffix(name, ".js") || strings.HasSuffix(name, ".map")) &&
		!r.URL.Query().Has("transport")
	if name != "" {
		files = s.files()
	}
	if files[name] == nil && !isScript {
		s.engine.ServeHTTP(w, r)
		return
	}
	body.Skip(w, r)
	if s.config.Engine.CORS.Handle(w, r) {
		return
	}
	if file := files[name]; file != nil {
		file.ServeHTTP(w, r)
		return
	}
	refused := engineio.ConnectionError{Request: r, Message: "Transport unknown",
		Context: map[string]any{"transport": ""}}
	if told := s.config.Engine.OnConnectionError; told != nil {
		told(refused)
	}
	hint := "this server serves no client: Config.DisableClient is set"
	if files != nil {
		hint = "this server has no such client file, only " +
			strings.Join(slices.Sorted(maps.Keys(files)), ", ")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(w, `{"code":%d,"message":%q,"hint":%q}`, refused.Code, refused.Message, hint)
}

// ServeWebTransport serves the first stream of a WebTransport session that r opened; package
// siowebtransport calls it. It owns conn, and closes it if r is not under Config.Path.
func (s *Server) ServeWebTransport(conn net.Conn, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, s.config.Path) {
		conn.Close()
		return
	}
	s.engine.ServeWebTransport(conn, r)
}

// Engine returns the underlying Engine.IO server, for example to count its sessions with Len.
// Server.Close and Server.Shutdown end it: do not call its own.
func (s *Server) Engine() *engineio.Server { return s.engine }

// Clients returns the number of clients that are connected to this server, in any namespace. Len
// counts the sockets of the main namespace.
func (s *Server) Clients() int { return s.engine.Len() }

// Close ends every session, with the reason ServerShuttingDown for its sockets, and waits until
// their handlers have returned. Then the namespaces leave the cluster, which Close waits for too.
// If ctx ends first, Close returns its error, and the handlers go on. A namespace that is created
// later does not join the cluster. A closed server refuses new sessions. Close may be called again.
func (s *Server) Close(ctx context.Context) error {
	err := s.engine.Close(ctx)
	s.leaving.Do(func() {
		s.mu.Lock()
		s.closed = true
		namespaces := slices.Collect(maps.Values(s.namespaces))
		s.mu.Unlock()
		var leaving sync.WaitGroup
		for _, n := range namespaces {
			leaving.Go(func() {
				<-n.ready
				n.leaveCluster()
			})
		}
		go func() {
			leaving.Wait()
			close(s.left)
		}()
	})
	select {
	case <-s.left:
	case <-ctx.Done():
		if err == nil {
			err = ctx.Err()
		}
	}
	return err
}

// maxPendingBytes and maxClientBytes bound the events that wait for the handlers of one socket, and
// of all sockets of one client.
const (
	maxPendingBytes = 4 << 20
	maxClientBytes  = 16 << 20
)

func (s *Server) logPanic(v any) {
	s.panics.Log(s.config.Log, slog.LevelError, "handler panicked", "panic", event.Printable(v),
		"stack", event.Stack())
}

// guard calls f and logs a panic, so that it does not end the process.
func (s *Server) guard(f func(), panicked func()) {
	defer func() {
		if v := recover(); v != nil {
			s.logPanic(v)
			panicked()
		}
	}()
	f()
}

// frames encodes and frames a packet for any number of sessions.
func (s *Server) frames(p siopacket.Packet, flags Flags) []*engineio.Message {
	messages := s.config.Parser.Encode(p)
	if flags.Uncompressed {
		for i, m := range messages {
			messages[i] = m.Uncompressed()
		}
	}
	return messages
}
