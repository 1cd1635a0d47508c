package sioclient

import (
	"sync"

	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/siopacket"
)

// Args are the arguments of an event or an acknowledgement as they came: not decoded yet, and
// immutable. Len counts them, Decode reads one into a Go value, Any returns one as Go's any, String
// prints them all. Emit and an Ack send Args again as they came. The methods are described at
// event.Args.
type Args = event.Args

// Ack is the func by which a handler acknowledges an event, with any number of values: ack("saved", 7).
// Only the first call sends; if the server has not asked for an acknowledgement, none does, and
// ack.Wanted reports false. It may be called from any goroutine, also after the handler has returned,
// and never waits for the server. Values that cannot be written are reported to OnError, and the
// server receives an object with the field "error".
type Ack = event.Ack

// A Socket is the client's side of one namespace. New and Manager.Socket make it, Connect connects
// it, Close ends it. A lost connection is restored by itself, unless Config.NoReconnect is set; the
// handlers stay.
//
// Its methods may be called from any goroutine. Its handlers, and the functions of OnConnect,
// OnConnectError and OnDisconnect, run one at a time, in the order of the events, on a goroutine
// that neither reads nor writes. They may block, on EmitWithAck for example. They must not call
// Connect or Close, which wait for them; Open and Disconnect do not wait.
type Socket struct {
	manager     *Manager
	namespace   string
	ownsManager bool
	listeners   event.Listeners
	inbox       event.Inbox
	acks        event.Acks // of events that were sent
	log         event.LogLimit

	mu      sync.Mutex // guards what follows; not held while a function of the program runs
	changes sync.Cond  // broadcast when connected or closed change

	// The connection.
	active, connected, closed bool
	engine                    *engine // CONNECT was sent over it, and DISCONNECT was not yet
	id                        string
	recovered                 bool
	pid, offset               string         // for connection state recovery
	outcomes                  []chan<- error // of calls of Connect that wait
	connects                  int            // calls of Connect that have not returned

	// Events that go out.
	nextAck  uint64
	buffer   []outgoing // until connected
	retries  []*retry   // with Config.Retries: what is not acknowledged yet
	retrying bool       // a goroutine sends them
	waiting  int        // eventCost of buffer and retries

	onConnect      []*func()
	onConnectError []*func(error)
	onDisconnect   []*func(Reason, error)
}

// Manager returns the Manager that keeps the socket's connection. It makes the sockets of other
// namespaces on the same connection.
func (s *Socket) Manager() *Manager { return s.manager }

// Namespace returns the name of the socket's namespace, which starts with a slash.
func (s *Socket) Namespace() string { return s.namespace }

// ID returns the socket's id on the server, the same as sio.Socket.ID there; empty while it is not
// connected. It changes with each connection, unless the server recovers the socket's state.
func (s *Socket) ID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.id
}

// Connected reports whether the server has let the socket in, and neither side has left since.
func (s *Socket) Connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connected
}

// Active reports whether the socket is connected, or connects when it can.
func (s *Socket) Active() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.active
}

// Recovered reports whether the last connection has restored the state of the one before: the id,
// the rooms, and the events that were missed, which the handlers get before OnConnect's functions.
func (s *Socket) Recovered() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.recovered
}

// OnConnect adds a function that is called each time the server has let the socket in: the first
// time, and after each reconnection. The func returned removes it.
func (s *Socket) OnConnect(f func()) (off func()) { return add(s, &s.onConnect, f) }

// OnConnectError adds a function that is called with the error of each attempt to connect: see
// Connect for the errors. After a *ConnectError the client waits for another Connect or Open. After
// other errors Open goes on trying, unless Config.NoReconnect is set or Config.ReconnectionAttempts
// have failed. The func returned removes it.
func (s *Socket) OnConnectError(f func(error)) (off func()) { return add(s, &s.onConnectError, f) }

// OnDisconnect adds a function that is called once each time a connected socket has been
// disconnected, by whichever side or fault, with the error behind the reason, which may be nil. The
// func returned removes it.
func (s *Socket) OnDisconnect(f func(Reason, error)) (off func()) { return add(s, &s.onDisconnect, f) }

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

// call has the inbox call the functions of a list, as it is then, and done after them.
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
