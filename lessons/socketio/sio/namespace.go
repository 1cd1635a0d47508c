package sio

import (
	"errors"
	"sync"
	"sync/atomic"

	"realtimelab/lessons/socketio/siopacket"
)

// Middleware decides whether a socket may join. An error refuses it: the
// client gets CONNECT_ERROR with the error's text as message, and with Data if
// it is a *Refusal.
type Middleware func(*Socket) error

// Refusal is an error of a Middleware that carries data to the client.
type Refusal struct {
	Message string
	Data    any
}

func (e *Refusal) Error() string { return e.Message }

// everyone is a choice of all sockets.
type everyone = Broadcast

// Namespace is a channel of its own over the clients' connections. Its
// broadcast methods (To, Except, Emit, EmitWithAck, FetchSockets and so on) are
// those of the choice of all its sockets.
type Namespace struct {
	everyone

	server  *Server
	name    string
	parent  *ParentNamespace // nil if it was not made by one
	local   *MemoryAdapter
	adapter Adapter       // local, or what Config.Adapter has made
	ready   chan struct{} // closed when adapter is set
	open    chan struct{} // closed when clients may join

	lastAck      atomic.Uint64 // ids of the events that want answers, for all sockets
	roomsWatched atomic.Bool   // someone listens to room events

	members int // sockets that join or have joined; guarded by server.mu

	mu           sync.Mutex
	onConnection []func(*Socket)
	middlewares  []Middleware
	onRoom       []func(RoomEvent)
	serverSide   []*listener
}

// newNamespace makes a namespace that is not ready yet.
func newNamespace(server *Server, name string) *Namespace {
	n := &Namespace{server: server, name: name, ready: make(chan struct{}), open: make(chan struct{})}
	n.everyone.namespace = n
	n.local = newMemoryAdapter(n)
	n.adapter = n.local
	return n
}

// start joins the cluster and lets clients in.
func (n *Namespace) start() {
	defer close(n.open)
	n.joinCluster()
	if n.name != siopacket.MainNamespace {
		n.server.announce(n)
	}
}

func (n *Namespace) joinCluster() {
	defer close(n.ready)
	if f := n.server.config.Adapter; f != nil {
		n.adapter = f(n, n.local)
	}
}

// Name starts with a slash.
func (n *Namespace) Name() string { return n.name }

// Len is the number of sockets on this server that have joined.
func (n *Namespace) Len() int { return n.local.len() }

// Socket returns the socket with that id on this server, or nil.
func (n *Namespace) Socket(id string) *Socket { return n.local.socket(id) }

// Sockets lists the sockets on this server, in no order.
func (n *Namespace) Sockets() []*Socket { return n.local.selected(Selection{}) }

// OnConnection adds what is called with each socket that joins, before any of
// its events. It is the place to call Socket.On.
func (n *Namespace) OnConnection(f func(*Socket)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.onConnection = with(n.onConnection, f, false)
}

// Use adds a middleware. They run in order; the first error ends it.
func (n *Namespace) Use(f Middleware) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.middlewares = with(n.middlewares, f, false)
}

// OnRoom adds what is told of each change in the rooms, in order, after it has
// happened. It must not wait for a join or leave.
func (n *Namespace) OnRoom(f func(RoomEvent)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.onRoom = with(n.onRoom, f, false)
	n.roomsWatched.Store(true)
}

func (n *Namespace) roomChanged(event RoomEvent) {
	n.mu.Lock()
	listeners := n.onRoom
	n.mu.Unlock()
	for _, f := range listeners {
		n.server.guard(func() { f(event) }, func(error) {
			if s := n.Socket(event.Socket); s != nil {
				s.client.session.Close()
			}
		})
	}
}

// admit runs in the socket's inbox, before its events.
func (n *Namespace) admit(s *Socket) {
	n.mu.Lock()
	middlewares, handlers := n.middlewares, n.onConnection
	n.mu.Unlock()
	if s.Recovered() && !n.local.history.config.RunMiddlewares {
		middlewares = nil
	}
	for _, f := range middlewares {
		if err := f(s); err != nil {
			n.refuse(s, err)
			return
		}
	}
	if !s.join() {
		return
	}
	for _, f := range handlers {
		f(s)
	}
}

func (n *Namespace) refuse(s *Socket, err error) {
	if !s.finish(false) {
		return // the client has gone
	}
	n.local.unclaim(s.recovery)
	data := refusalData(err)
	if s.client.isV2() {
		data = refusalV2(err)
	}
	s.client.send(siopacket.Packet{Type: siopacket.ConnectError, Namespace: n.name, Data: data}, Flags{})
	n.release()
}

func refusalData(err error) []byte {
	answer := struct {
		Message string `json:"message"`
		Data    any    `json:"data,omitzero"`
	}{Message: err.Error()}
	var refusal *Refusal
	if errors.As(err, &refusal) {
		answer.Data = refusal.Data
	}
	data, _, err := siopacket.Marshal(answer)
	if err != nil {
		return []byte(`{"message":"refused"}`)
	}
	return data
}

// release is the counterpart of Server.enter.
func (n *Namespace) release() { n.server.leave(n) }
