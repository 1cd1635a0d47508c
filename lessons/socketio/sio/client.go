package sio

import (
	"errors"
	"slices"
	"sync"
	"time"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/siopacket"
)

// client is one session and its sockets in the namespaces.
type client struct {
	server  *Server
	session *engineio.Session
	decoder Decoder // owned by the session's reader
	inboxes event.InboxOwner
	log     event.LogLimit

	mu      sync.Mutex         // guards what follows; not held while the program's functions run
	sockets map[string]*Socket // by namespace
	opened  int                // number of sockets so far
	// closes a client that joins no namespace; nil when it has joined one
	deadline *time.Timer
	gone     bool
	fault    error         // the client's violation of the protocol, if that closed it
	decoded  bool          // false if the fault is a message that could not be decoded
	leaving  int           // sockets that have ended while a handler of theirs still runs
	room     chan struct{} // closed when leaving decreases; nil while reading is not paused

	onClose   []*func(Reason, error)
	onUpgrade []*func(transport string)
}

// accept starts serving a session.
func (s *Server) accept(session *engineio.Session) {
	c := &client{
		server:  s,
		session: session,
		decoder: s.config.Parser.NewDecoder(s.config.MaxAttachments),
		sockets: map[string]*Socket{},
		inboxes: event.InboxOwner{
			MaxWaiting: s.config.MaxPending, MaxBytes: maxPendingBytes, MaxTotal: maxClientBytes,
			Go: s.engine.Go, LogPanic: s.logPanic,
		},
	}
	s.mu.Lock()
	s.clients[c] = struct{}{}
	s.mu.Unlock()
	hooks := &s.config.Hooks
	c.mu.Lock()
	c.deadline = time.AfterFunc(s.config.ConnectTimeout, func() { c.close(errNoConnect) })
	c.mu.Unlock()
	session.OnMessage(c.receive)
	session.OnClose(func(reason engineio.Reason, err error) {
		c.endSockets(Reason(reason))
		c.log.Close(s.config.Log, "events refused", "sid", session.ID())
		s.mu.Lock()
		delete(s.clients, c)
		s.mu.Unlock()
		c.mu.Lock()
		functions := c.onClose
		if err == nil {
			err = c.fault
		}
		c.mu.Unlock()
		for _, f := range functions {
			s.guard(func() { (*f)(Reason(reason), err) }, func() {})
		}
		if hooks.Disconnected != nil {
			s.guard(func() { hooks.Disconnected(Conn{c}, Reason(reason), err) }, func() {})
		}
	})
	if hooks.Connected != nil { // after OnClose: the hook may close the session
		s.guard(func() { hooks.Connected(Conn{c}) }, func() {})
	}
	if c.isV2() {
		c.open(siopacket.Packet{Namespace: siopacket.MainNamespace})
	}
}

// The reasons for which the server closes a client.
var (
	errNoConnect    = errors.New("sio: no namespace was joined in time")
	errNotConnected = errors.New("sio: packet for a namespace that was not joined")
	errConnectTwice = errors.New("sio: CONNECT to a namespace that was joined before")
	errWrongSide    = errors.New("sio: CONNECT_ERROR from a client")
)

// receive takes one Engine.IO message: a packet, or an attachment.
func (c *client) receive(data []byte, binary bool) {
	p, complete, err := c.decoder.Add(data, binary)
	if err != nil {
		c.mu.Lock()
		c.fault = err
		c.mu.Unlock()
		c.server.config.Log.Debug("client closed", "sid", c.session.ID(), "err",
			event.Printable(err))
		c.session.Close()
	}
	if err != nil || !complete {
		return
	}
	if c.isV2() {
		p = fromV2(p)
	}
	c.mu.Lock()
	socket, joined := c.sockets[p.Namespace], c.deadline == nil
	c.mu.Unlock()
	switch {
	case p.Type == siopacket.Connect && socket == nil:
		c.open(p)
	case p.Type == siopacket.Connect:
		c.close(errConnectTwice)
	case socket == nil && p.Type == siopacket.Disconnect && joined:
		// it has left already
	case socket == nil:
		c.close(errNotConnected)
	case p.Type == siopacket.Event:
		if room := socket.inbox.Do(socket.dispatch, p, c.session.AllowReadOn); room != nil {
			c.session.PauseReading(room)
		}
	case p.Type == siopacket.Ack:
		socket.acks.Resolve(p)
	case p.Type == siopacket.Disconnect:
		socket.end(ClientNamespaceDisconnect)
	default:
		c.close(errWrongSide)
	}
}

// open handles a CONNECT. It creates a socket, which the middlewares admit or refuse, or answers
// CONNECT_ERROR if the namespace is unknown or the client has too many sockets.
func (c *client) open(p siopacket.Packet) {
	var namespace *Namespace
	refusal := `{"message":"too many namespaces"}`
	c.mu.Lock()
	room := len(c.sockets) < c.server.config.MaxSockets
	c.mu.Unlock()
	if room {
		refusal = `{"message":"Invalid namespace"}`
		c.server.guard(func() { // a rule, or a handler of new namespaces, may panic
			namespace = c.server.enter(p.Namespace, func() Handshake { return c.handshake(p.Data) })
		}, c.session.Close)
	}
	if namespace == nil {
		c.session.Send(c.server.frames(siopacket.Packet{Type: siopacket.ConnectError,
			Namespace: p.Namespace, Data: []byte(refusal)}, Flags{})...)
		return
	}
	socket := newSocket(c, namespace, p.Data)
	c.mu.Lock()
	if c.gone || c.server.draining.Load() {
		c.mu.Unlock()
		namespace.local.unclaim(socket)
		c.server.exit(namespace)
		return
	}
	socket.place = c.opened
	c.opened++
	c.sockets[p.Namespace] = socket
	// the client joins and leaves faster than the handlers run
	tooFast := c.leaving >= c.server.config.MaxPending
	if tooFast {
		if c.room == nil {
			c.room = make(chan struct{})
		}
		c.session.PauseReading(c.room)
	}
	c.mu.Unlock()
	admit := func(siopacket.Packet) { socket.admit() }
	if tooFast || c.isV2() { // accept opens the main namespace of a v2 client, and must not block
		socket.inbox.Start(admit, p)
		return
	}
	socket.inbox.Do(admit, p, c.session.AllowReadOn)
}

// close ends the session, then the sockets: a polling client may take long to fetch the messages
// that were sent before. err is the client's violation of the protocol, or nil.
func (c *client) close(err error) {
	if err != nil {
		c.mu.Lock()
		c.fault, c.decoded = err, true
		c.mu.Unlock()
		c.server.config.Log.Debug("client closed", "sid", c.session.ID(), "err", err)
	}
	c.session.Close()
	c.endSockets(ForcedServerClose)
}

// endSockets ends every socket.
func (c *client) endSockets(reason Reason) {
	c.mu.Lock()
	c.gone = true
	if c.deadline != nil {
		c.deadline.Stop()
	}
	c.wake()
	c.mu.Unlock()
	for _, socket := range c.all() {
		socket.end(reason)
	}
}

// wake resumes reading. The caller holds mu.
func (c *client) wake() {
	if c.room != nil {
		close(c.room)
		c.room = nil
	}
}

// all returns the sockets in the order of their CONNECT packets.
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
