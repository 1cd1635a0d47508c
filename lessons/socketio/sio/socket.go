package sio

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"maps"
	"slices"
	"sync"

	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/siopacket"
)

// Socket is one client in one namespace. Its handlers run one at a time and in order: see On. Its
// methods may be called from any goroutine, even after it has ended. It ends once, with a Reason.
type Socket struct {
	emitter

	id        string
	client    *client
	namespace *Namespace
	auth      []byte
	place     int       // in the order of the client's CONNECT packets
	recovery  *recovery // nil without connection state recovery, and for clients of Socket.IO 2
	listeners event.Listeners
	inbox     event.Inbox
	acks      event.Acks

	rooms rooms // guarded by the namespace's adapter; before the socket joins, the rooms to enter

	mu            sync.Mutex // guards what follows; not held while the program's functions run
	joined, ended bool
	serverLeft    bool // Disconnect sends, or has sent, DISCONNECT
	// it has ended for a reason after which its state is stored for a time
	mayReturn       bool
	context         context.Context // nil until Context is called
	cancel          context.CancelCauseFunc
	data            map[string]any
	middlewares     []func(*Event) error
	onDisconnecting []func(Reason)
	onDisconnect    []func(Reason)
}

// newSocket returns the socket for a CONNECT with that payload.
func newSocket(c *client, n *Namespace, auth []byte) *Socket {
	// not the message's whole buffer
	s := &Socket{id: newID(), client: c, namespace: n, auth: bytes.Clone(auth)}
	s.emitter.socket = s
	switch {
	// these clients use the session's id as the socket's
	case c.isV2() && n.name == siopacket.MainNamespace:
		s.id = c.session.ID()
	case c.isV2():
		s.id = n.name + "#" + c.session.ID()
	case n.local.history != nil:
		n.local.claim(s)
	}
	s.listeners.SetStrict(c.server.config.Strict)
	s.inbox.Init(&c.inboxes, func(error) { c.session.Close() })
	return s
}

// newID returns 120 random bits as 20 characters.
func newID() string {
	var bits [15]byte
	rand.Read(bits[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(bits[:])
}

// ID returns the socket's id: 20 characters that cannot be guessed. It is not the session's sid,
// except for clients of Socket.IO 2.
func (s *Socket) ID() string { return s.id }

// Namespace returns the namespace that the socket has joined or is joining.
func (s *Socket) Namespace() *Namespace { return s.namespace }

// Recovered reports whether connection state recovery has restored the socket's id, rooms and data.
func (s *Socket) Recovered() bool { return s.recovery != nil && s.recovery.recovered }

// Connected reports whether the socket has joined its namespace and not ended.
func (s *Socket) Connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.joined && !s.ended
}

// Set stores a value in the socket until it ends. FetchSockets returns it, as JSON on other servers
// of a cluster, and a recovered socket has it again. The value is not copied: if several goroutines
// change it, they need a lock of their own.
func (s *Socket) Set(key string, value any) {
	s.mu.Lock()
	if s.data == nil {
		s.data = map[string]any{}
	}
	s.data[key] = value
	s.mu.Unlock()
	s.namespace.dataSet(s, key)
}

// Get returns the value that Set has stored, or nil.
func (s *Socket) Get(key string) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data[key]
}

// Data returns a new map of all values that Set has stored.
func (s *Socket) Data() map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.data)
}

// Broadcast selects all sockets of the namespace except this one.
func (s *Socket) Broadcast() Broadcast { return s.namespace.Except(s.id) }

// To selects the sockets in any of the rooms except this one.
func (s *Socket) To(rooms ...string) Broadcast { return s.Broadcast().To(rooms...) }

// In is another name for To.
func (s *Socket) In(rooms ...string) Broadcast { return s.To(rooms...) }

// Except selects all sockets of the namespace except this one and the members of the rooms.
func (s *Socket) Except(rooms ...string) Broadcast { return s.Broadcast().Except(rooms...) }

// admit runs the middlewares. Their error refuses the socket: CONNECT_ERROR answers the client's
// CONNECT. Otherwise the socket joins its namespace, CONNECT is answered, and the connection
// handlers run. It is the first function of the inbox.
func (s *Socket) admit() {
	c, n := s.client, s.namespace
	if s.recovery != nil && n.local.shares() {
		n.local.reclaim(s)
	}
	n.admission.mu.Lock()
	middlewares, handlers := n.middlewares, n.onConnection
	n.admission.mu.Unlock()
	if s.Recovered() && !n.local.history.config.RunMiddlewares && !s.recovery.unchecked {
		middlewares = nil
	}
	returned := false
	defer func() {
		if !returned {
			// a panic or runtime.Goexit: CONNECT would have no answer
			c.session.Close()
		}
	}()
	for _, f := range middlewares {
		err := f(s)
		if err == nil {
			continue
		}
		if s.markEnded(false) { // otherwise the client has disconnected
			n.local.unclaim(s)
			answer := siopacket.Packet{Type: siopacket.ConnectError, Namespace: n.name,
				Data: connectErrorData(err, c.isV2())}
			c.session.Send(n.server.frames(answer, Flags{})...)
			n.server.exit(n)
		}
		returned = true
		return
	}
	c.mu.Lock()
	if c.deadline != nil {
		c.deadline.Stop()
		c.deadline = nil
	}
	c.mu.Unlock()
	if s.Recovered() && n.local.shares() {
		// packets since the middlewares began; add checks that none is missing
		_ = n.local.catchUp(s.recovery)
	}
	answer := siopacket.Packet{Type: siopacket.Connect, Namespace: n.name}
	switch {
	case c.isV2():
	case s.recovery != nil:
		answer.Data = []byte(`{"sid":"` + s.id + `","pid":"` + s.recovery.pid + `"}`)
	default:
		answer.Data = []byte(`{"sid":"` + s.id + `"}`)
	}
	if !n.local.add(s, n.server.frames(answer, Flags{})) {
		s.mu.Lock()
		returned = s.ended // otherwise the session closes, so that the client reconnects
		s.mu.Unlock()
		return
	}
	for _, f := range handlers {
		f(s)
	}
	returned = true
}

// Disconnect ends the socket and sends DISCONNECT to its client; the reason is
// ServerNamespaceDisconnect. If all is true, it ends the client's sockets in every namespace and
// then closes the connection. If all is false, it has no effect on a socket that has not joined: a
// middleware returns an error instead. Disconnect waits neither for the client nor for the
// handlers.
func (s *Socket) Disconnect(all bool) {
	sockets := []*Socket{s}
	if all {
		sockets = s.client.all()
	}
	for _, s := range sockets {
		s.mu.Lock()
		connected := s.joined && !s.ended && !s.serverLeft
		s.serverLeft = s.serverLeft || connected
		s.mu.Unlock()
		if connected {
			if s.namespace.local.shares() {
				s.namespace.local.release(s)
			}
			s.send(siopacket.Packet{Type: siopacket.Disconnect, Namespace: s.namespace.name},
				Flags{})
		}
		if connected || all {
			s.end(ServerNamespaceDisconnect)
		}
	}
	if all {
		s.client.close(nil)
	}
}

// end removes a socket that was not refused from its namespace. Only the first call has an effect.
// The functions of OnDisconnecting, which still see the rooms, and of OnDisconnect run after the
// handler that is running.
func (s *Socket) end(reason Reason) {
	s.mu.Lock()
	if s.serverLeft {
		reason = ServerNamespaceDisconnect // which the client may answer by closing the connection
	}
	s.mu.Unlock()
	recoverable := slices.Contains(recoverable, reason)
	if !s.markEnded(recoverable) {
		return
	}
	c := s.client
	c.mu.Lock()
	c.leaving++
	c.mu.Unlock()
	s.inbox.Close(func() {
		defer func() {
			c.mu.Lock()
			c.leaving--
			c.wake()
			c.mu.Unlock()
		}()
		defer s.namespace.server.exit(s.namespace)
		s.mu.Lock()
		joined, disconnecting, disconnect := s.joined, s.onDisconnecting, s.onDisconnect
		s.mu.Unlock()
		if !joined {
			s.namespace.local.unclaim(s)
			return
		}
		defer func() {
			s.namespace.local.remove(s, recoverable)
			for _, f := range disconnect {
				s.inbox.Guard(func() { f(reason) })
			}
		}()
		c.mu.Lock()
		fault, decoded := c.fault, c.decoded
		c.mu.Unlock()
		if fault != nil && !decoded { // the official server reports no other faults here
			for _, f := range s.listeners.Errors() {
				s.inbox.Guard(func() { (*f)(fault) })
			}
		}
		for _, f := range disconnecting {
			s.inbox.Guard(func() { f(reason) })
		}
	})
}

// markEnded marks the socket as ended, also if it was refused. It returns false if it had ended
// already.
func (s *Socket) markEnded(recoverable bool) bool {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return false
	}
	s.ended, s.mayReturn = true, recoverable && s.joined && s.recovery != nil
	cancel := s.cancel
	s.mu.Unlock()
	if cancel != nil {
		cancel(ErrDisconnected)
	}
	s.acks.Close(ErrDisconnected)
	c := s.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sockets[s.namespace.name] == s {
		delete(c.sockets, s.namespace.name)
	}
	return true
}
