package sioclient

import (
	"sync"

	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/siopacket"
)

// Args are the arguments of an event or an acknowledgement as received: not decoded yet, and
// immutable. Len counts them, Decode decodes one into a Go value, Any returns one as a Go any, and
// String formats them all. Emit and an Ack send Args on unchanged. See event.Args for the methods.
type Args = event.Args

// Ack is the func by which a handler acknowledges an event, with any number of values: ack("saved",
// 7). Only the first call sends; if the server has not asked for an acknowledgement, no call sends,
// and ack.Wanted reports false. It may be called from any goroutine, even after the handler has
// returned, and never waits for the server. Values that cannot be encoded are reported to OnError,
// and the server receives an object with the field "error".
type Ack = event.Ack

// A Socket is the client's side of one namespace. New and Manager.Socket create it, Connect
// connects it, Close closes it. It reconnects by itself after a lost connection, unless
// Config.NoReconnect is set, and keeps its handlers.
//
// Its methods may be called from any goroutine. Its handlers, and the functions of OnConnect,
// OnConnectError and OnDisconnect, run one at a time, in the order of the events, on a goroutine
// that neither reads nor writes. They may block, on EmitWithAck for example. They must not call
// Connect or Close, which wait for them; Open and Disconnect do not block.
type Socket struct {
	manager     *Manager
	namespace   string
	ownsManager bool
	listeners   event.Listeners
	inbox       event.Inbox
	acks        event.Acks // for events that were sent
	log         event.LogLimit

	mu      sync.Mutex // guards what follows; not held while a function of the program runs
	changes sync.Cond  // broadcast when connected or closed change

	// The connection.
	active, connected, closed bool
	engine                    *engine // CONNECT was sent over it, but not yet DISCONNECT
	id                        string
	recovered                 bool
	pid, offset               string         // for connection state recovery
	auth                      func() any     // nil: Config.Auth
	outcomes                  []chan<- error // for waiting calls of Connect
	connects                  int            // calls of Connect that have not returned

	// Events that go out.
	nextAck  uint64
	buffer   []outgoing // until connected
	retries  []*retry   // with Config.Retries: not acknowledged yet
	retrying bool       // a goroutine sends retries
	waiting  int        // eventCost of buffer and retries

	onConnect      []*func()
	onConnectError []*func(error)
	onDisconnect   []*func(Reason, error)
}

// Manager returns the Manager of the socket's connection. It creates sockets of other namespaces on
// the same connection.
func (s *Socket) Manager() *Manager { return s.manager }

// Namespace returns the name of the socket's namespace, which starts with a slash.
func (s *Socket) Namespace() string { return s.namespace }

// SetAuth sets the function that returns the payload of this socket's CONNECT, instead of
// Config.Auth; see there for valid payloads. It takes effect with the next CONNECT. Nil restores
// Config.Auth.
func (s *Socket) SetAuth(auth func() any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.auth = auth
}

// ID returns the socket's id on the server, the same as sio.Socket.ID there; empty while it is not
// connected. It changes with each connection, unless the server recovers the socket's state.
func (s *Socket) ID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.id
}

// Connected reports whether the socket has joined its namespace and is still connected.
func (s *Socket) Connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connected
}

// Active reports whether the socket is connected or trying to connect.
func (s *Socket) Active() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.active
}

// Recovered reports whether the server restored the socket's state on the last connection: the id,
// the rooms, and the missed events, which the handlers receive before OnConnect's functions run.
func (s *Socket) Recovered() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.recovered
}

// OnConnect adds a function that is called each time the server has accepted the socket: the first
// time, and after each reconnection. The returned func removes it.
func (s *Socket) OnConnect(f func()) (off func()) { return add(s, &s.onConnect, f) }

// OnConnectError adds a function that is called with the error of each attempt to connect: see
// Connect for the errors. After a *ConnectError, the client waits for another Connect or Open.
// After other errors, Open makes further attempts, unless Config.NoReconnect is set or
// Config.ReconnectionAttempts have failed. The returned func removes it.
func (s *Socket) OnConnectError(f func(error)) (off func()) { return add(s, &s.onConnectError, f) }

// OnDisconnect adds a function that is called each time a connected socket is disconnected, by
// either side or by a fault, with the reason and its cause, which may be nil. The returned func
// removes it.
func (s *Socket) OnDisconnect(f func(Reason, error)) (off func()) {
	return add(s, &s.onDisconnect, f)
}

// add adds to one of the lists, which are replaced, never changed in place.
func add[F any](s *Socket, list *[]*F, f F) (off func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*list = event.With(*list, &f, false)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		*list = event.Without(*list, &f)
	}
}

// call enqueues a call of each function in a list, and then of done, in the inbox. The list is read
// when the calls run.
func call[F any](s *Socket, list *[]*F, each func(F), done func()) {
	s.inbox.Start(func(siopacket.Packet) {
		defer done()
		s.mu.Lock()
		functions := *list
		s.mu.Unlock()
		for _, f := range functions {
			each(*f)
		}
	}, siopacket.Packet{})
}
