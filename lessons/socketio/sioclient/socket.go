package sioclient

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"realtimelab/lessons/socketio/siopacket"
)

// Socket is the client's side of one namespace. Its handlers run one at a time,
// in the order of the events, and may block, on EmitWithAck, say. Its methods
// may be called from any goroutine.
type Socket struct {
	manager     *Manager
	namespace   string
	ownsManager bool
	inbox       inbox

	mu        sync.Mutex
	connects  sync.Cond // broadcast when connected or stopped change
	active    bool      // wants to be connected
	connected bool
	stopped   bool    // by Manager.Close
	joinedOn  *engine // where CONNECT was sent, and DISCONNECT not yet
	id        string
	recovered bool

	pid, offset string // for connection state recovery

	nextAck    uint64
	acks       map[uint64]chan<- answer
	sendBuffer []siopacket.Packet // until connected
	retried    []retry            // with Config.Retries: what is not acknowledged yet
	draining   bool

	listeners listeners
}

func newSocket(m *Manager, namespace string) *Socket {
	s := &Socket{manager: m, namespace: namespace, acks: map[uint64]chan<- answer{}}
	s.connects.L = &s.mu
	s.inbox.init(m)
	return s
}

// Manager keeps the socket's connection.
func (s *Socket) Manager() *Manager { return s.manager }

// Namespace starts with a slash.
func (s *Socket) Namespace() string { return s.namespace }

// ID is what the server calls the socket; empty while it is not connected.
func (s *Socket) ID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.id
}

// Connected reports whether the server has let the socket in, and neither side
// has left since.
func (s *Socket) Connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connected
}

// Active reports whether the socket is connected, or will try to be.
func (s *Socket) Active() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.active
}

// Recovered reports whether the last connection has brought back the state of
// the one before: the id, the rooms, and the events that were missed.
func (s *Socket) Recovered() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.recovered
}

// Connect asks for the namespace, over a new connection if there is none. It
// does not wait; OnConnect and OnConnectError are told how it went.
func (s *Socket) Connect() {
	s.mu.Lock()
	s.active = true
	s.mu.Unlock()
	if e := s.manager.current(); e != nil {
		s.join(e)
		return
	}
	s.manager.open()
}

// ConnectAndWait is Connect, and waits for the outcome of the first attempt, or
// for ctx, and for the handlers that are told of it. One of the socket's own
// must not call it: it would wait for itself.
func (s *Socket) ConnectAndWait(ctx context.Context) error {
	outcome := make(chan error, 1)
	tell := func(err error) {
		select {
		case outcome <- err:
		default:
		}
	}
	off := []func(){s.OnConnect(func() { tell(nil) }), s.OnConnectError(tell)}
	defer func() {
		for _, f := range off {
			f()
		}
	}()
	if s.Connected() { // only now, so that either this or OnConnect says so
		return nil
	}
	s.Connect()
	select {
	case err := <-outcome:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.manager.ctx.Done():
		return ErrDisconnected
	}
}

// Disconnect leaves the namespace, and ends the connection if no other socket
// uses it. There is no reconnection until Connect is called.
func (s *Socket) Disconnect() {
	s.mu.Lock()
	s.active = false
	if s.connected {
		s.leave()
	} // else welcomed does, when the server lets it in
	s.mu.Unlock()
	s.left(ClientDisconnect, nil, s.manager.start)
	s.manager.release()
}

// leave tells the server. The caller holds mu.
func (s *Socket) leave() {
	if s.joinedOn != nil {
		s.joinedOn.sendPacket(siopacket.Packet{Type: siopacket.Disconnect, Namespace: s.namespace})
		s.joinedOn = nil
	}
}

// Close is Disconnect. The socket of Dial closes its Manager as well, and waits
// for its handlers.
func (s *Socket) Close() {
	s.Disconnect()
	if s.ownsManager {
		s.manager.Close()
	}
}

// stop ends the socket for good.
func (s *Socket) stop() {
	s.mu.Lock()
	s.active, s.stopped = false, true
	for id, wanted := range s.acks {
		wanted <- answer{err: ErrDisconnected}
		delete(s.acks, id)
	}
	s.sendBuffer = nil
	s.connects.Broadcast()
	s.mu.Unlock()
	s.inbox.stop()
}

// join sends CONNECT over a connection, once.
func (s *Socket) join(e *engine) {
	s.mu.Lock()
	if !s.active || s.joinedOn == e {
		s.mu.Unlock()
		return
	}
	s.joinedOn = e
	pid, offset := s.pid, s.offset
	s.mu.Unlock()
	auth, err := s.manager.auth()
	var data []byte
	if err == nil {
		data, err = connectPayload(auth, pid, offset)
	}
	if err != nil {
		s.failed(err)
		return
	}
	e.sendPacket(siopacket.Packet{Type: siopacket.Connect, Namespace: s.namespace, Data: data})
}

// auth asks for the payload of CONNECT. A panic of the user's code is an error.
func (m *Manager) auth() (payload any, err error) {
	if m.config.Auth == nil {
		return nil, nil
	}
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("sioclient: Auth panicked: %v", v)
		}
	}()
	return m.config.Auth(), nil
}

var errAuth = errors.New("sioclient: Auth must return a JSON object")

// connectPayload is the auth payload, with what a recovery needs.
func connectPayload(auth any, pid, offset string) ([]byte, error) {
	var data []byte
	if auth != nil {
		var err error
		if data, _, err = siopacket.Marshal(auth); err != nil {
			return nil, err
		}
		if len(data) < 2 || data[0] != '{' {
			return nil, errAuth
		}
	}
	if pid == "" {
		return data, nil
	}
	state, _, err := siopacket.Marshal(struct {
		PID    string `json:"pid"`
		Offset string `json:"offset,omitempty"`
	}{pid, offset})
	if err != nil || len(data) <= 2 {
		return state, err
	}
	return append(append(state[:len(state)-1], ','), data[1:]...), nil
}

// receive takes a packet of the namespace, on the reader's goroutine. Those of
// a connection that the socket has left are not for it any more.
func (s *Socket) receive(e *engine, p siopacket.Packet) {
	s.mu.Lock()
	current := s.joinedOn == e
	s.mu.Unlock()
	if !current {
		return
	}
	switch p.Type {
	case siopacket.Connect:
		s.welcomed(e, p)
	case siopacket.ConnectError:
		s.refused(refusalIn(p))
	case siopacket.Event:
		s.heard(e, p)
	case siopacket.Ack:
		s.resolve(p)
	case siopacket.Disconnect:
		s.mu.Lock()
		s.active, s.joinedOn = false, nil
		s.mu.Unlock()
		s.left(ServerDisconnect, nil, s.manager.startInside)
		s.manager.release()
	}
}

var errV2 = errors.New("sioclient: the server seems to be one of Socket.IO 2, which this client cannot reach")

// welcomed takes the answer to CONNECT.
func (s *Socket) welcomed(e *engine, p siopacket.Packet) {
	var session struct {
		SID string `json:"sid"`
		PID string `json:"pid"`
	}
	if siopacket.Unmarshal(p.Data, nil, &session) != nil || session.SID == "" {
		s.failed(errV2)
		return
	}
	s.mu.Lock()
	if !s.active {
		s.leave()
	}
	if s.joinedOn != e {
		s.mu.Unlock()
		return // it has left meanwhile
	}
	s.id, s.recovered = session.SID, session.PID != "" && session.PID == s.pid
	s.pid, s.connected = session.PID, true
	for _, q := range s.sendBuffer { // under mu, so that no later event overtakes them
		e.sendPacket(q)
	}
	s.sendBuffer = nil
	s.connects.Broadcast()
	s.mu.Unlock()
	s.inbox.tell(func() {
		for _, f := range s.snapshot().connect {
			(*f)()
		}
	}, s.manager.startInside)
}

func (s *Socket) refused(err error) {
	s.mu.Lock()
	wanted := s.active
	s.active, s.joinedOn = false, nil
	s.mu.Unlock()
	if wanted {
		s.failed(err)
	}
	s.manager.release()
}

// failed tells OnConnectError.
func (s *Socket) failed(err error) {
	var refusal *Refusal
	if !errors.As(err, &refusal) && !s.Active() {
		return
	}
	s.inbox.tell(func() {
		for _, f := range s.snapshot().connectError {
			(*f)(err)
		}
	}, s.manager.start)
}

// heard queues an event for the handlers. Those that a recovery replays come
// before the answer to CONNECT, and have their turn before OnConnect.
func (s *Socket) heard(e *engine, p siopacket.Packet) {
	s.mu.Lock()
	if offset, ok := offsetIn(p); ok && s.pid != "" {
		s.offset = offset
	}
	s.mu.Unlock()
	s.inbox.put(func() { s.dispatch(e, p) })
}

// offsetIn is the last argument of an event that wants no answer, if that is a
// string: where a server that recovers states puts the event's offset.
func offsetIn(p siopacket.Packet) (offset string, ok bool) {
	args := p.Args()
	if p.HasID || len(args) < 2 || args[len(args)-1].Kind() != '"' {
		return "", false
	}
	return offset, siopacket.Unmarshal(args[len(args)-1], nil, &offset) == nil
}

// lost is told that the connection has ended.
func (s *Socket) lost(e *engine, reason Reason, err error) {
	s.mu.Lock()
	was := s.joinedOn == e
	if was {
		s.joinedOn = nil
	}
	s.mu.Unlock()
	if was {
		s.left(reason, err, s.manager.startInside)
	}
}

// left ends the time in the namespace, once.
func (s *Socket) left(reason Reason, err error, start func(func()) bool) {
	s.mu.Lock()
	was := s.connected
	s.connected, s.id = false, ""
	s.forgetAcks()
	s.mu.Unlock()
	if !was {
		return
	}
	s.inbox.tell(func() {
		for _, f := range s.snapshot().disconnect {
			(*f)(reason, err)
		}
	}, start)
}
