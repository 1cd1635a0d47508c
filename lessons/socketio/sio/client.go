package sio

import (
	"errors"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/siopacket"
)

// client is one session, and the sockets that it has in the namespaces.
type client struct {
	server  *Server
	session *engineio.Session
	decoder Decoder // owned by the session's reader

	mu      sync.Mutex
	sockets map[string]*Socket // by namespace
	entered int                // sockets that there ever were
	silence *time.Timer        // closes a client that joins none; nil when one has
	closed  bool
	garbled error   // what could not be decoded; nil if all could
	leaving int     // sockets that have ended, and whose handlers still run
	left    waiters // for leaving to shrink, or the end
}

func (s *Server) accept(session *engineio.Session) {
	c := &client{
		server:  s,
		session: session,
		decoder: s.config.Parser.NewDecoder(s.config.MaxAttachments),
		sockets: map[string]*Socket{},
	}
	c.mu.Lock()
	c.silence = time.AfterFunc(s.config.ConnectTimeout, c.close)
	c.mu.Unlock()
	session.OnMessage(c.receive)
	session.OnClose(c.end)
	if c.isV2() {
		c.connect(siopacket.Packet{Namespace: siopacket.MainNamespace})
	}
}

// receive takes one Engine.IO message: a packet, or an attachment.
func (c *client) receive(data []byte, binary bool) {
	packet, complete, err := c.decoder.Add(data, binary)
	switch {
	case err != nil:
		c.mu.Lock()
		c.garbled = err
		c.mu.Unlock()
		c.server.config.Log.Debug("client closed", "sid", c.session.ID(), "err", err)
		c.session.Close()
	case complete:
		c.handle(packet)
	}
}

// fault is what the client sent that could not be decoded.
func (c *client) fault() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.garbled
}

var (
	errNotConnected = errors.New("sio: packet for a namespace that was not joined")
	errConnectTwice = errors.New("sio: CONNECT to a namespace that was joined before")
	errWrongSide    = errors.New("sio: CONNECT_ERROR from a client")
)

func (c *client) handle(p siopacket.Packet) {
	if c.isV2() {
		p = fromV2(p)
	}
	socket := c.socket(p.Namespace)
	switch {
	case p.Type == siopacket.Connect && socket == nil:
		c.connect(p)
	case p.Type == siopacket.Connect:
		c.refuse(errConnectTwice)
	case socket == nil && p.Type == siopacket.Disconnect && c.hasJoined():
		// it has left already
	case socket == nil:
		c.refuse(errNotConnected)
	case p.Type == siopacket.Event:
		socket.inbox.put(pending{func() { socket.dispatch(p) }, sizeOf(p)}, c.session.Lend)
	case p.Type == siopacket.Ack:
		socket.acks.resolve(p)
	case p.Type == siopacket.Disconnect:
		socket.end(ClientNamespaceDisconnect, c.session.Lend)
	default:
		c.refuse(errWrongSide)
	}
}

// refuse closes a client that sent what is out of place.
func (c *client) refuse(err error) {
	c.server.config.Log.Debug("client closed", "sid", c.session.ID(), "err", err)
	c.close()
}

// close ends the session, then the sockets that are left: those of a polling
// client, which may be long in fetching what was sent before.
func (c *client) close() {
	c.session.Close()
	c.leave(ForcedServerClose, nobody)
}

func (c *client) socket(namespace string) *Socket {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sockets[namespace]
}

// connect answers CONNECT: with the new socket's id, or CONNECT_ERROR.
func (c *client) connect(p siopacket.Packet) {
	namespace := c.enter(p)
	if namespace == nil {
		c.send(siopacket.Packet{Type: siopacket.ConnectError, Namespace: p.Namespace, Data: []byte(`{"message":"Invalid namespace"}`)}, Flags{})
		return
	}
	c.mu.Lock()
	for c.leaving >= c.server.config.MaxPending && !c.closed {
		c.left.wait(&c.mu) // who joins and leaves faster than the handlers run is not read from
	}
	if c.closed {
		c.mu.Unlock()
		namespace.release()
		return
	}
	socket := newSocket(c, namespace, p.Data)
	socket.place = c.entered
	c.entered++
	c.sockets[p.Namespace] = socket
	c.mu.Unlock()
	socket.inbox.put(pending{func() { namespace.admit(socket) }, sizeOf(p)}, c.session.Lend)
}

// joined is told of each socket that has joined.
func (c *client) joined() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopSilence()
}

func (c *client) hasJoined() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.silence == nil
}

// countLeaving counts a socket that has ended, or with -1 one whose handlers have run.
func (c *client) countLeaving(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leaving += n; n < 0 {
		c.left.wake()
	}
}

// stopSilence gives the timer back, once. The caller holds mu.
func (c *client) stopSilence() {
	if c.silence != nil {
		c.silence.Stop()
		c.silence = nil
	}
}

// enter finds the namespace that a CONNECT asks for, or nil. The user's code
// that decides may panic: then there is none.
func (c *client) enter(p siopacket.Packet) (n *Namespace) {
	defer func() {
		if fault := recover(); fault != nil {
			c.server.config.Log.Error("panic in a namespace's rule", "namespace", p.Namespace, "panic", fault, "stack", string(debug.Stack()))
			c.session.Close()
		}
	}()
	return c.server.enter(p.Namespace, func() Handshake { return c.handshake(p.Data) })
}

// forget takes a socket out of the client.
func (c *client) forget(socket *Socket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sockets[socket.namespace.name] == socket {
		delete(c.sockets, socket.namespace.name)
	}
}

// end is told once that the session has ended.
func (c *client) end(reason engineio.Reason, _ error) {
	c.leave(Reason(reason), c.session.LendLast)
}

// leave ends every socket, the last of them where lend may take it.
func (c *client) leave(reason Reason, lend lender) {
	c.mu.Lock()
	c.closed = true
	c.stopSilence()
	c.left.wake()
	c.mu.Unlock()
	sockets := c.all()
	for i, socket := range sockets {
		if i < len(sockets)-1 {
			socket.end(reason, nobody)
		} else {
			socket.end(reason, lend)
		}
	}
}

// all lists the sockets in the order in which they came.
func (c *client) all() []*Socket {
	c.mu.Lock()
	defer c.mu.Unlock()
	sockets := make([]*Socket, 0, len(c.sockets))
	for _, socket := range c.sockets {
		sockets = append(sockets, socket)
	}
	slices.SortFunc(sockets, func(a, b *Socket) int { return a.place - b.place })
	return sockets
}

// disconnect ends every socket, then the session.
func (c *client) disconnect() {
	for _, socket := range c.all() {
		socket.disconnect()
	}
	c.close()
}

func (c *client) send(p siopacket.Packet, flags Flags) error {
	return c.session.Send(c.server.frames(p, flags)...)
}
