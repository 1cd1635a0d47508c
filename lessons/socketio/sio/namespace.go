package sio

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/siopacket"
)

// Middleware decides whether a socket may join a namespace. An error refuses it: the client gets
// CONNECT_ERROR with the error's text as message, and with Data if it is a *ConnectError. A
// middleware may block, and may use the socket: its events go out before the answer to CONNECT, and
// its rooms take effect when the socket joins the namespace. Socket.Context ends if the client
// disconnects meanwhile. A panic or runtime.Goexit closes the client.
type Middleware func(*Socket) error

// ConnectError is an error that a Middleware returns to refuse a client and send data to it. The
// client's connect_error handler gets an Error with this message and data; a sioclient gets a
// *sioclient.ConnectError. It may be wrapped: the message is then that of the wrapping error.
type ConnectError struct {
	Message string // the message of the Error that connect_error gets
	Data    any    // written as JSON, without binary attachments; nil for none
}

// Error returns the message.
func (e *ConnectError) Error() string { return e.Message }

// An admission holds the middlewares and connection handlers of a Namespace or ParentNamespace.
type admission struct {
	mu           sync.Mutex // guards what follows; not held while the program's functions run
	middlewares  []Middleware
	onConnection []func(*Socket)
}

// Use adds a middleware for sockets that connect from now on. The middlewares run in the order in
// which they were added, until one returns an error. A recovered socket skips them, unless
// Recovery.RunMiddlewares is set. A ParentNamespace passes them to the children that are created
// later.
func (a *admission) Use(f Middleware) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.middlewares = event.With(a.middlewares, f, false)
}

// OnConnection adds a function that is called with each socket that joins, after the middlewares
// and before any of the socket's events. Call Socket.On in it. Functions for different sockets run
// at the same time; those for one socket run in the order in which they were added. A
// ParentNamespace passes them to the children that are created later.
func (a *admission) OnConnection(f func(*Socket)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.onConnection = event.With(a.onConnection, f, false)
}

// PrependConnection is OnConnection with a function that runs before all earlier functions.
func (a *admission) PrependConnection(f func(*Socket)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.onConnection = event.With(a.onConnection, f, true)
}

// Namespace is one of the channels that share a client's connection. Each has its own sockets,
// rooms, middlewares and handlers. Its methods may be called from any goroutine. Emit, To and the
// like reach all its sockets, on all servers. It lasts until Server.Close, except for a child of a
// ParentNamespace: see Config.CleanupEmptyChildNamespaces.
type Namespace struct {
	broadcaster
	admission
	namespaceBase

	parent *ParentNamespace // nil if it has none
	ready  chan struct{}    // closed when adapter is set
	open   chan struct{}    // closed when clients may join, or failed is set
	// a function of OnNewNamespace or Config.Adapter has panicked; set before open closes
	failed  bool
	left    sync.Once     // the namespace has left the cluster
	lastAck atomic.Uint64 // ids of events that want acknowledgements, for all sockets
	members int           // sockets that are joining or have joined; guarded by server.mu
}

// A namespaceBase has the other methods of Namespace. They are not Namespace's own, so that go doc
// lists them for Server too.
type namespaceBase struct {
	// Set before the namespace is open, and not changed.
	server  *Server
	name    string
	local   *MemoryAdapter
	adapter Adapter // local, or the result of Config.Adapter

	serverSide
	dataHandlers
	log event.LogLimit
}

// leaveCluster closes the adapter, once. ready must be closed.
func (n *Namespace) leaveCluster() {
	n.left.Do(func() { n.server.guard(n.adapter.Close, func() {}) })
}

// Name returns the namespace's name, which starts with a slash.
func (n *namespaceBase) Name() string { return n.name }

// Len returns the number of sockets on this server that have joined.
func (n *namespaceBase) Len() int {
	n.local.mu.Lock()
	defer n.local.mu.Unlock()
	return len(n.local.sockets)
}

// Socket returns the joined socket with that id on this server, or nil.
func (n *namespaceBase) Socket(id string) *Socket {
	n.local.mu.Lock()
	defer n.local.mu.Unlock()
	return n.local.sockets[id]
}

// Sockets returns the joined sockets on this server, in no order. FetchSockets describes the
// sockets of all servers.
func (n *namespaceBase) Sockets() []*Socket { return n.local.selected(Selection{}) }

// Rooms returns the rooms of this server with the ids of the sockets in each, in no order. The ids
// are not listed as rooms. The map is the caller's.
func (n *namespaceBase) Rooms() map[string][]string {
	n.local.mu.Lock()
	defer n.local.mu.Unlock()
	rooms := make(map[string][]string, len(n.local.rooms))
	for room, members := range n.local.rooms {
		rooms[room] = slices.Collect(maps.Keys(members))
	}
	return rooms
}

// OnRoom adds a function that is called with each change in the rooms of this server, in order,
// after the change. It may run on any goroutine, and Join may return before it is called. The next
// change is reported after it has returned, so it must not wait for another report. A panic closes
// the socket of the change.
func (n *namespaceBase) OnRoom(f func(RoomEvent)) {
	n.local.mu.Lock()
	defer n.local.mu.Unlock()
	n.local.onRoom = event.With(n.local.onRoom, f, false)
}

// connectErrorData is the payload of CONNECT_ERROR. For clients of Socket.IO 2, it is only the data
// of a ConnectError, or the error's text.
func connectErrorData(err error, v2 bool) []byte {
	type answer struct {
		Message string `json:"message"`
		Data    any    `json:"data,omitzero"`
	}
	var refused *ConnectError
	full := answer{Message: err.Error()}
	if errors.As(err, &refused) {
		full.Data = refused.Data
	}
	var payload, otherwise any = full, answer{Message: "refused"}
	switch {
	case v2 && full.Data != nil:
		payload, otherwise = full.Data, "refused"
	case v2:
		payload, otherwise = full.Message, "refused"
	}
	data, _, err := siopacket.Marshal(payload)
	if err != nil { // the program's data cannot be encoded
		data, _, _ = siopacket.Marshal(otherwise)
	}
	return data
}
