package sio

import (
	"crypto/rand"
	"encoding/base64"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/siopacket"
)

// Socket is one client in one namespace. Its handlers run one at a time, in
// the order of the events, and may block: on EmitWithAck, say. Its methods may
// be called from any goroutine.
type Socket struct {
	id        string
	client    *client
	namespace *Namespace
	auth      []byte
	place     int // among the client's sockets, in the order in which they came
	inbox     inbox
	acks      acks

	rooms       []string     // owned by the namespace's adapter; those to enter until it joins
	recovery    *keptSession // nil without connection state recovery
	hasOutgoing atomic.Bool  // there is, or was, a listener to what goes out

	mu            sync.Mutex
	events        []*listener
	onDisconnect  []func(Reason)
	rare          *rareListeners // nil until there is one
	data          map[string]any
	joined, ended bool
	mayReturn     bool // it has ended, and its state is kept
}

func newSocket(c *client, n *Namespace, auth []byte) *Socket {
	s := &Socket{id: newID(), client: c, namespace: n, auth: auth}
	if c.isV2() {
		s.id = c.idV2(n)
	} else if kept := n.local.claim(auth); kept != nil {
		s.id, s.data, s.recovery = kept.id, kept.data, kept
		s.rooms = slices.Clone(kept.rooms)
	} else if n.local.history != nil {
		s.recovery = &keptSession{pid: newID()}
	}
	s.inbox.init(c.server, func(error) { c.session.Close() })
	return s
}

// newID is 120 random bits as 20 characters.
func newID() string {
	var bits [15]byte
	rand.Read(bits[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(bits[:])
}

// Recovered reports whether the socket is one that was away for a while and
// has its id, rooms and data back.
func (s *Socket) Recovered() bool { return s.recovery != nil && s.recovery.rooms != nil }

// Set keeps a value with the socket. It comes back after a recovery, and
// FetchSockets shows it; in a cluster, as JSON.
func (s *Socket) Set(key string, value any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.data == nil {
		s.data = map[string]any{}
	}
	s.data[key] = value
}

// Get returns the value of that key, or nil.
func (s *Socket) Get(key string) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data[key]
}

// Data is a copy of all values that were Set.
func (s *Socket) Data() map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.data)
}

// ID is the socket's own, not the session's sid.
func (s *Socket) ID() string { return s.id }

// Namespace is where the socket has joined.
func (s *Socket) Namespace() *Namespace { return s.namespace }

// Conn is the session that carries the socket, shared with the client's
// sockets in other namespaces.
func (s *Socket) Conn() *engineio.Session { return s.client.session }

// Broadcast starts a broadcast to everyone in the namespace but this socket.
func (s *Socket) Broadcast() Broadcast { return s.namespace.Except(s.id) }

// To starts a broadcast to the rooms, without this socket.
func (s *Socket) To(rooms ...string) Broadcast { return s.Broadcast().To(rooms...) }

// In is another name for To.
func (s *Socket) In(rooms ...string) Broadcast { return s.To(rooms...) }

// Except starts a broadcast to all but this socket and those in the rooms.
func (s *Socket) Except(rooms ...string) Broadcast { return s.Broadcast().Except(rooms...) }

// Join enters rooms; from a middleware, when the socket is let in. It leaves all
// of them when it disconnects.
func (s *Socket) Join(rooms ...string) { s.namespace.local.join(s, rooms) }

// Leave leaves rooms.
func (s *Socket) Leave(rooms ...string) { s.namespace.local.leave(s, rooms) }

// Rooms lists the rooms the socket is in, its own id first.
func (s *Socket) Rooms() []string { return s.namespace.local.roomsOf(s) }

// Connected reports whether the socket has joined and not ended.
func (s *Socket) Connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.joined && !s.ended
}

// isRemembered reports whether connection state recovery is on, and the client
// is here or may come back.
func (s *Socket) isRemembered() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.recovery != nil && s.joined && (!s.ended || s.mayReturn)
}

func (s *Socket) hasEnded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// join enters the namespace and answers the client's CONNECT. It reports false
// when the client has gone meanwhile.
func (s *Socket) join() bool {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return false
	}
	s.joined = true
	s.mu.Unlock()
	s.client.joined()
	if s.namespace.local.add(s, s.connectAnswer()) {
		return true
	}
	s.mu.Lock()
	s.joined = false
	s.mu.Unlock()
	s.client.session.Close() // what it missed is forgotten by now: it must start anew
	return false
}

func (s *Socket) connectAnswer() siopacket.Packet {
	p := siopacket.Packet{Type: siopacket.Connect, Namespace: s.namespace.name}
	switch {
	case s.client.isV2():
	case s.recovery != nil:
		p.Data = []byte(`{"sid":"` + s.id + `","pid":"` + s.recovery.pid + `"}`)
	default:
		p.Data = []byte(`{"sid":"` + s.id + `"}`)
	}
	return p
}

// Disconnect leaves the namespace; with all, it ends the client's whole
// connection. A middleware refuses with an error instead: without all,
// Disconnect of a socket that has not joined has no effect.
func (s *Socket) Disconnect(all bool) {
	if all {
		s.client.disconnect()
	} else if s.Connected() {
		s.disconnect()
	}
}

func (s *Socket) disconnect() {
	if s.Connected() {
		s.send(siopacket.Packet{Type: siopacket.Disconnect, Namespace: s.namespace.name}, Flags{})
	}
	s.end(ServerNamespaceDisconnect, nobody)
}

// end is the one way out of the namespace for a socket that was not refused.
// Only the first call has an effect. The handlers of the end run after the one
// that runs now.
func (s *Socket) end(reason Reason, lend lender) {
	if s.finish(slices.Contains(recoverable, reason)) {
		s.acks.close()
		s.client.countLeaving(+1)
		s.inbox.last(func() { s.leave(reason) }, lend)
	}
}

// finish marks the end and reports whether this call did.
func (s *Socket) finish(recoverable bool) bool {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return false
	}
	s.ended, s.mayReturn = true, recoverable && s.joined
	s.mu.Unlock()
	s.client.forget(s)
	return true
}

func (s *Socket) leave(reason Reason) {
	defer s.client.countLeaving(-1)
	defer s.namespace.release()
	s.mu.Lock()
	joined := s.joined
	s.mu.Unlock()
	l := s.heard()
	if !joined {
		s.namespace.local.unclaim(s.recovery)
		return
	}
	defer func() {
		s.namespace.local.remove(s, slices.Contains(recoverable, reason))
		for _, f := range l.disconnect {
			f(reason)
		}
	}()
	if err := s.client.fault(); err != nil {
		for _, f := range l.errors {
			f(err)
		}
	}
	for _, f := range l.disconnecting {
		f(reason)
	}
}
