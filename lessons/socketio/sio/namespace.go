package sio

import (
	"errors"
	"sync"

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

// Namespace is a channel of its own over the clients' connections.
type Namespace struct {
	server  *Server
	name    string
	adapter *memoryAdapter

	mu           sync.Mutex
	onConnection []func(*Socket)
	middlewares  []Middleware
}

func newNamespace(server *Server, name string) *Namespace {
	return &Namespace{server: server, name: name, adapter: newMemoryAdapter()}
}

// Name starts with a slash.
func (n *Namespace) Name() string { return n.name }

// Len is the number of sockets that have joined.
func (n *Namespace) Len() int { return n.adapter.len() }

// OnConnection adds what is called with each socket that joins, before any of
// its events. It is the place to call Socket.On.
func (n *Namespace) OnConnection(f func(*Socket)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.onConnection = append(n.onConnection, f)
}

// Use adds a middleware. They run in order; the first error ends it.
func (n *Namespace) Use(f Middleware) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.middlewares = append(n.middlewares, f)
}

// admit runs in the socket's inbox, before its events.
func (n *Namespace) admit(s *Socket) {
	n.mu.Lock()
	middlewares, handlers := n.middlewares, n.onConnection
	n.mu.Unlock()
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
		data = []byte(`{"message":"refused"}`)
	}
	s.client.forget(s)
	s.client.send(siopacket.Packet{Type: siopacket.ConnectError, Namespace: n.name, Data: data})
}

// Emit sends to every socket of the namespace. All sockets see the broadcasts
// of a namespace in the same order. It does not wait for any client.
func (n *Namespace) Emit(event string, args ...any) error {
	return Broadcast{namespace: n}.Emit(event, args...)
}

// Send is Emit of the event "message".
func (n *Namespace) Send(args ...any) error { return n.Emit("message", args...) }

// To starts a broadcast to the sockets in any of the rooms. A socket's id is a
// room that it alone is in.
func (n *Namespace) To(rooms ...string) Broadcast { return Broadcast{namespace: n}.To(rooms...) }

// In is another name for To.
func (n *Namespace) In(rooms ...string) Broadcast { return n.To(rooms...) }

// Except starts a broadcast to all but the sockets in the rooms.
func (n *Namespace) Except(rooms ...string) Broadcast {
	return Broadcast{namespace: n}.Except(rooms...)
}
