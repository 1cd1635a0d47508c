// Package sio is a Socket.IO server: namespaces, rooms, events with acknowledgements and
// broadcasts, over the sessions of package engineio. It follows the Socket.IO protocol document,
// revision 5, and the official server where that is silent; docs/differences.md lists where it does
// not.
//
//	io := sio.NewServer(sio.Config{})
//	io.OnConnection(func(s *sio.Socket) {
//		s.On("chat message", func(msg string) { io.Emit("chat message", msg) })
//	})
//	http.Handle("/socket.io/", io)
//
// # What to call
//
// NewServer makes a [Server], an http.Handler that is also its main [Namespace]; Server.Of,
// OfRegexp and OfFunc make others. A client that connects to a namespace is a [Socket] there: first
// the middlewares of Use decide about it, then OnConnection's functions receive it and add its
// handlers with On. Emit on a socket sends to its client; Emit on a server, a namespace or a
// [Broadcast] (the choice that To, Except and the like return) sends to many. EmitWithAck, [Ask]
// and [AskAll] wait for the answer. Server.Shutdown and Server.Close end everything.
//
// A middleware refuses a client with any error; a *[ConnectError] carries data. A broadcast that not
// all clients have acknowledged fails with a *[MissingAnswersError].
//
// # Goroutines
//
// Every method may be called from any goroutine, and only methods with a context wait for clients.
// Handlers of one socket run one at a time; handlers of different sockets run at the same time: see
// Socket.On. The program's functions run with no lock of this package held, so they may call
// everything. A panic in one is logged and closes the client that has caused it.
//
// # The way of a message
//
// In: the connection's goroutine (engineio) reads a packet, client.receive finds its socket, and
// Inbox.Do runs Socket.dispatch, which calls the handlers; or it queues the packet while another
// handler of this socket runs. Out: emitter.Emit encodes the event, and Session.Send writes it from
// the caller's goroutine as far as the client takes it. A broadcast is encoded once, in
// MemoryAdapter.Broadcast, and queued for each socket; a goroutine of engineio writes. Socket.end
// is the one way out of a namespace.
//
// # How values are written
//
// The arguments of events and acknowledgements are written and read as encoding/json does: the same
// tags, omitempty, methods such as MarshalJSON, names that match whatever their case, null for a
// nil slice or map, a time.Duration as a number of nanoseconds. There are two differences:
//
//   - A []byte at any depth is binary data, which a browser receives as an ArrayBuffer. A nil []byte
//     is empty data. A []byte to read into takes binary data or null, and refuses a base64 string. A
//     named type such as `type Key []byte` is text in base64, as in encoding/json.
//   - The characters <, > and & are not escaped.
//
// Emit and EmitWithAck return an error for a value that cannot be written, such as a func. An
// acknowledgement with such a value is reported to OnError, and the client receives an object with
// the field "error" instead.
//
// Args can be emitted as they came: io.Emit("relayed", args) sends the same arguments again, binary
// data and the order of keys included. Raw JSON (json.RawMessage) holds no binary data: reading
// some into it is an error. An any keeps binary data as []byte.
//
// # For adapters
//
// A program that uses an adapter needs only Config.Adapter. To write one, implement [Adapter] around
// the [MemoryAdapter] that Config.Adapter's function receives: it sends to this server's sockets, and
// its methods Ask, Knows and HandleServerSide are for adapters alone. So are [Selection], [Flags],
// [SocketInfo] (which a [RemoteSocket] holds) and [Answers], which collects acknowledgements. Package
// event makes [Args] and [Ack] from what other servers send: event.NewArgs, event.NewAck. Package
// sioredis is an example.
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

	// Path is the path under which the server answers, with a slash at its end or without:
	// "/socket.io" is the same as the default, "/socket.io/". NewServer panics if it cannot be a
	// path.
	Path string

	// ConnectTimeout is how long a client may stay without having joined a namespace. Its
	// connection is closed then. Default 45 s.
	ConnectTimeout time.Duration

	// MaxAttachments bounds the attachments of one packet. A client that announces more is closed.
	// Default 10. MsgpackParser has no attachments.
	MaxAttachments int

	// MaxPending bounds the events of one socket that wait for its handlers; together they also
	// hold no more than 4 MiB, and those of all sockets of one client no more than 16 MiB. At the bound, nothing more is read from that client until a handler
	// has run. An acknowledgement that the running handler waits for is then not read either, if it
	// stands behind so many events: give EmitWithAck a timeout. MaxPending also bounds the sockets
	// that a client has left and whose handlers still run. Default 128.
	MaxPending int

	// MaxSockets bounds the sockets of one client, each of which is in another namespace. A CONNECT
	// above it gets CONNECT_ERROR with the message "too many namespaces", and the client's other
	// sockets stay. The official server has no such bound. Default 256.
	MaxSockets int

	// Strict refuses an event whose number of arguments is not that of its handler's parameters:
	// OnError receives an error, and the handler is not called. By default surplus arguments are
	// dropped, and missing ones are the zero value.
	Strict bool

	// Parser writes and reads packets. Default JSONParser. The clients must use the same.
	Parser Parser

	// Adapter makes the adapter of a namespace, which joins this server to a cluster: see sioredis.
	// local sends to the sockets of this server. The function is called once for each namespace,
	// and may block: clients join after it has returned. Default: local itself, for a server alone.
	Adapter func(n *Namespace, local *MemoryAdapter) Adapter

	// Recovery turns connection state recovery on. Default nil: off.
	Recovery *Recovery

	// CleanupEmptyChildNamespaces removes a namespace that a ParentNamespace has made when its last
	// socket leaves. With Recovery, the namespace stays until no client can come back to it. Without
	// CleanupEmptyChildNamespaces, a client can make the server keep as many namespaces as the
	// parent's rule allows.
	CleanupEmptyChildNamespaces bool

	// DisableClient serves no browser client. By default its files stand under Path, beginning with
	// /socket.io/socket.io.js. The official option is serveClient.
	DisableClient bool

	// Client holds other files to serve under Path. They are read once, at the first request for a
	// file. Default the client of this module: package web/client names the files.
	Client fs.FS

	// Hooks are called with connections and events, for metrics and logs.
	Hooks Hooks

	// Log receives panics of handlers, and the errors of events that no function of Socket.OnError
	// takes; of each client a bounded number of lines. Default slog.Default().
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	switch {
	case c.Path == "":
		c.Path = "/socket.io/"
	case c.Path[0] != '/' || strings.ContainsAny(c.Path, "?#"):
		panic(fmt.Sprintf("sio: Config.Path is %q: write a path that begins with a slash, such as /socket.io/", c.Path))
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

// A Server is a Socket.IO server: an http.Handler for Config.Path, to be mounted there, and the main
// namespace "/" in one. Its methods may be called from any goroutine, before it serves and while it
// does. It holds goroutines and connections until Close or Shutdown.
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
	clients        map[*client]struct{} // whose session is open
	closed         bool                 // namespaces made from now on do not join the cluster

	draining atomic.Bool // no socket joins from now on
	leaving  sync.Once
	left     chan struct{} // closed when the namespaces have left the cluster
}

// NewServer makes a server, which serves when an http.Server or the like calls its ServeHTTP. It
// panics if Config.Path cannot be a path, and calls Config.Adapter for the main namespace.
func NewServer(config Config) *Server {
	s := &Server{config: config.withDefaults(), namespaces: map[string]*Namespace{}, clients: map[*client]struct{}{}, left: make(chan struct{})}
	switch {
	case s.config.DisableClient:
		s.files = func() map[string]*clientfile.File { return nil }
	case s.config.Client != nil:
		s.files = sync.OnceValue(func() map[string]*clientfile.File { return clientfile.Read(s.config.Client) })
	default:
		s.files = ourClient
	}
	s.Namespace = s.Of(siopacket.MainNamespace)
	engine := s.config.Engine
	engine.OnSession = s.accept
	s.engine = engineio.NewServer(engine)
	return s
}

// ourClient reads the files of web/client at the first call, for all servers of the process.
var ourClient = sync.OnceValue(func() map[string]*clientfile.File { return clientfile.Read(browser.Files()) })

// ServeHTTP serves the protocol at Config.Path and the browser client's files under it. A script
// that is not there gets the official answer, status 400 and "Transport unknown", with a field
// "hint" that says why. Other paths get 404.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, s.config.Path)
	if !ok {
		body.Skip(w, r)
		http.NotFound(w, r)
		return
	}
	var files map[string]*clientfile.File
	isScript := (strings.HasSuffix(name, ".js") || strings.HasSuffix(name, ".map")) && !r.URL.Query().Has("transport")
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
	refused := engineio.ConnectionError{Request: r, Message: "Transport unknown", Context: map[string]any{"transport": ""}}
	if told := s.config.Engine.OnConnectionError; told != nil {
		told(refused)
	}
	hint := "this server serves no client: Config.DisableClient is set"
	if files != nil {
		hint = "this server has no such client file, only " + strings.Join(slices.Sorted(maps.Keys(files)), ", ")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(w, `{"code":%d,"message":%q,"hint":%q}`, refused.Code, refused.Message, hint)
}

// ServeWebTransport serves the first stream of a WebTransport session, which r has opened; package
// siowebtransport calls it. It takes conn over, and closes it if r is not under Config.Path.
func (s *Server) ServeWebTransport(conn net.Conn, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, s.config.Path) {
		conn.Close()
		return
	}
	s.engine.ServeWebTransport(conn, r)
}

// Engine returns the server of the Engine.IO sessions under this one, for example to count them
// with its Len. Close and Shutdown end it: call them instead of its own.
func (s *Server) Engine() *engineio.Server { return s.engine }

// Clients returns the number of clients that are connected to this server, whatever namespaces they
// are in. Len counts the sockets of the main namespace.
func (s *Server) Clients() int { return s.engine.Len() }

// Close ends every session, its sockets with ServerShuttingDown, and waits until their handlers
// have returned, or until ctx ends: its error is then returned, and the handlers go on. Then the
// namespaces leave the cluster, which Close waits for until ctx ends. A namespace that is made later
// does not join the cluster. A closed server refuses new sessions. Close may be called again.
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
	s.panics.Log(s.config.Log, slog.LevelError, "handler panicked", "panic", event.Printable(v), "stack", event.Stack())
}

// guard keeps a function's panic from ending the process.
func (s *Server) guard(f func(), panicked func()) {
	defer func() {
		if v := recover(); v != nil {
			s.logPanic(v)
			panicked()
		}
	}()
	f()
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
