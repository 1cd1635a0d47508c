package sioclient

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"realtimelab/lessons/socketio/siopacket"
)

// Errors of Connect and Dial. The others are a *ConnectError, a wrapped *HandshakeError, and wrapped
// errors of the network and of TLS.
var (
	// ErrNoAnswer says that the connection ended before the server answered CONNECT, for example
	// because a middleware has disconnected the client.
	ErrNoAnswer = errors.New("sioclient: the connection ended before the server answered CONNECT")

	// ErrServerV2 says that the server speaks the protocol of Socket.IO 2.
	ErrServerV2 = errors.New("sioclient: the server seems to be one of Socket.IO 2, which this client cannot reach")
)

// A ConnectError is the server's CONNECT_ERROR: a middleware has refused the socket, or the server
// has no such namespace.
type ConnectError struct {
	Message string // the text of the middleware's error, or "Invalid namespace"

	data siopacket.Value
}

// Error returns the message.
func (e *ConnectError) Error() string { return e.Message }

// Data decodes the data of the refusal, such as sio.ConnectError.Data, into v, a pointer. The error
// says that the server has sent none, or why it does not fit.
func (e *ConnectError) Data(v any) error {
	if e.data == nil {
		return errors.New("sioclient: the server has sent no data with its CONNECT_ERROR")
	}
	return siopacket.Unmarshal(e.data, nil, v)
}

// Connect makes one attempt to connect, and returns when the server has let the socket in and the
// functions of OnConnect have run; at once if it is connected already. From then on a lost
// connection is restored by itself.
//
// The error is a *ConnectError; a wrapped *HandshakeError; ErrNoAnswer; ErrServerV2;
// ErrDisconnected after Disconnect or Close; the cause of ctx; or an error of Config.Auth or the
// network. The socket is then no longer active, as after Disconnect, unless another call of Connect
// still waits. To keep trying until the server is there, use Open and OnConnect. A handler of the
// socket must not call Connect, which waits for it; it may call Open.
func (s *Socket) Connect(ctx context.Context) error {
	outcome := make(chan error, 1)
	s.mu.Lock()
	if s.connected || s.closed {
		defer s.mu.Unlock()
		if s.closed {
			return ErrDisconnected
		}
		return nil
	}
	s.outcomes = append(s.outcomes, outcome)
	s.connects++
	s.mu.Unlock()
	s.Open()
	var err error
	select {
	case err = <-outcome:
	case <-ctx.Done():
		select {
		case err = <-outcome: // came at the same time
		default:
			err = context.Cause(ctx)
		}
	}
	s.mu.Lock()
	s.connects--
	s.outcomes = slices.DeleteFunc(s.outcomes, func(other chan<- error) bool { return other == outcome })
	if err == nil || s.connects > 0 {
		s.mu.Unlock()
		return err
	}
	s.disconnect()
	return err
}

// Open starts to connect and returns at once. OnConnect's functions run when the server has let the
// socket in, OnConnectError's after each attempt that fails; Config says how often and when the next
// one follows. Open has no effect on a socket that is connected or closed. A handler may call it.
func (s *Socket) Open() {
	s.mu.Lock()
	s.active = !s.closed
	s.mu.Unlock()
	if !s.join() {
		s.manager.open(false)
	}
}

// Disconnect leaves the namespace, and ends the connection if no other socket is active on it. The
// socket stays disconnected until Connect or Open is called. Disconnect does not wait. Events that
// were written to the connection before it go out first; those of Emit that still wait for one stay
// for the next. Waiting calls of EmitWithAck and Connect return ErrDisconnected, and their events are
// not sent any later. A handler may call it.
func (s *Socket) Disconnect() {
	s.mu.Lock()
	s.disconnect()
}

// disconnect is Disconnect for a caller that holds mu, which it unlocks.
func (s *Socket) disconnect() {
	s.active = false
	if s.connected { // else the answer to CONNECT is awaited first
		s.leave()
	}
	outcomes, asks := s.takeOutcomes(), s.takeAsks()
	s.changes.Broadcast()
	s.mu.Unlock()
	outcomes(ErrDisconnected)
	asks(ErrDisconnected)
	s.end(ClientDisconnect, nil)
	s.manager.release()
}

// Close is Disconnect. The socket of New or Dial closes its Manager as well, and waits for its
// handlers, so none of them may call it. It may be called more than once.
func (s *Socket) Close() {
	s.Disconnect()
	if s.ownsManager {
		s.manager.Close()
	}
}

// close ends the socket for good, with its manager. OnDisconnect is called by the engine's end.
func (s *Socket) close() {
	s.mu.Lock()
	s.active, s.closed = false, true
	outcomes, asks := s.takeOutcomes(), s.takeAsks()
	s.buffer = nil
	s.changes.Broadcast()
	s.mu.Unlock()
	outcomes(ErrDisconnected)
	s.acks.Close(ErrDisconnected)
	asks(ErrDisconnected)
}

// takeAsks removes the events of EmitWithAck that wait for a connection or for their turn, and returns
// a function that ends those calls. It does not block. The caller holds mu.
func (s *Socket) takeAsks() func(error) {
	var asks []func(Args, error)
	s.buffer = slices.DeleteFunc(s.buffer, func(o outgoing) bool {
		if o.answer != nil {
			asks = append(asks, o.answer)
			s.waiting -= eventCost(o.packet)
		}
		return o.answer != nil
	})
	s.retries = slices.DeleteFunc(s.retries, func(r *retry) bool {
		if r.outcome != nil {
			r.dropped = true
			asks = append(asks, func(args Args, err error) { r.outcome <- answer{args, err} })
			s.waiting -= eventCost(r.packet)
		}
		return r.outcome != nil
	})
	return func(err error) {
		for _, ask := range asks {
			ask(Args{}, err)
		}
	}
}

// takeOutcomes returns a function that ends the calls of Connect that wait now. It does not block.
// The caller holds mu.
func (s *Socket) takeOutcomes() func(error) {
	outcomes := s.outcomes
	s.outcomes = nil
	return func(err error) {
		for _, outcome := range outcomes {
			outcome <- err
		}
	}
}

// leave sends DISCONNECT. The caller holds mu.
func (s *Socket) leave() {
	if s.engine != nil {
		s.engine.sendPacket(siopacket.Packet{Type: siopacket.Disconnect, Namespace: s.namespace})
		s.engine = nil
	}
}

// join sends CONNECT over the connection, once if the socket is active. It reports whether there is
// a connection. With both locks held, the end of a connection is after join, and calls lost, or
// before it: the socket never waits for the answer of a connection that is gone.
func (s *Socket) join() bool {
	s.manager.mu.Lock()
	e := s.manager.engine
	s.mu.Lock()
	if e == nil || !s.active || s.engine == e {
		s.mu.Unlock()
		s.manager.mu.Unlock()
		return e != nil
	}
	s.engine = e
	pid, offset := s.pid, s.offset
	s.mu.Unlock()
	s.manager.mu.Unlock()
	data, err := s.manager.connectPayload(pid, offset)
	if err != nil {
		s.forget(e)
		s.fail(err)
		return true
	}
	e.sendPacket(siopacket.Packet{Type: siopacket.Connect, Namespace: s.namespace, Data: data})
	return true
}

// forget makes the next Connect send CONNECT again, over the same connection too.
func (s *Socket) forget(e *engine) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.engine == e {
		s.engine = nil
	}
}

// connectPayload is the payload of CONNECT: Config.Auth's, with what a recovery needs.
func (m *Manager) connectPayload(pid, offset string) (data []byte, err error) {
	if m.config.Auth != nil {
		err = errors.New("sioclient: Auth has ended its goroutine")
		contain(func() { data, _, err = siopacket.Marshal(m.config.Auth()) }, func(v any) {
			err = fmt.Errorf("sioclient: Auth panicked: %v", v)
		})
		switch {
		case err != nil:
			return nil, err
		case string(data) == "null": // nil, or a map or pointer that is
			data = nil
		case len(data) < 2 || data[0] != '{':
			return nil, errors.New("sioclient: Auth must return a JSON object")
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

// receive takes a packet of the namespace, on the reader. It drops packets of a connection that the
// socket has left.
func (s *Socket) receive(e *engine, p siopacket.Packet) {
	s.mu.Lock()
	if s.engine != e && p.Type != siopacket.Connect {
		s.mu.Unlock()
		return
	}
	active, connected := s.active, s.connected
	switch p.Type {
	case siopacket.ConnectError, siopacket.Disconnect:
		s.active, s.engine = false, nil
	case siopacket.Event:
		// The last argument of an event that wants no answer, if it is a string, is the event's
		// offset where a server keeps states for recovery.
		if args := p.Args(); s.pid != "" && !p.HasID && len(args) > 1 && args[len(args)-1].Kind() == '"' {
			_ = siopacket.Unmarshal(args[len(args)-1], nil, &s.offset) // a string
		}
	}
	s.mu.Unlock()
	switch p.Type {
	case siopacket.Connect:
		s.connect(e, p)
	case siopacket.ConnectError:
		if active {
			s.fail(connectErrorIn(p))
		}
		s.manager.release()
	case siopacket.Disconnect:
		if active && !connected {
			s.fail(fmt.Errorf("%w: %s", ErrNoAnswer, ServerDisconnect))
		}
		s.end(ServerDisconnect, nil)
		s.manager.release()
	case siopacket.Event: // a recovery replays events before it answers CONNECT
		if room := s.inbox.Start(func(p siopacket.Packet) { s.dispatch(e, p) }, p); room != nil {
			e.pause(s.manager.ctx, room)
		}
	case siopacket.Ack:
		if p.HasID {
			s.acks.Resolve(p)
		}
	}
}

// connect takes the answer to CONNECT, and sends what was kept until then.
func (s *Socket) connect(e *engine, p siopacket.Packet) {
	var session struct {
		SID string `json:"sid"`
		PID string `json:"pid"`
	}
	if siopacket.Unmarshal(p.Data, nil, &session) != nil || session.SID == "" { // it may come before join
		s.forget(e)
		if s.Active() {
			s.fail(ErrServerV2)
		}
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.engine != e {
		return // it has left meanwhile
	}
	if !s.active {
		s.leave()
		return
	}
	s.id, s.recovered = session.SID, session.PID != "" && session.PID == s.pid
	if !s.recovered {
		s.offset = "" // of a session that is over, and the server may still know it
	}
	s.pid, s.connected = session.PID, true
	buffer := s.buffer
	s.buffer = nil
	for _, o := range buffer { // with mu held, so that no later event overtakes them
		s.waiting -= eventCost(o.packet)
		s.write(o)
	}
	s.changes.Broadcast()
	outcomes := s.takeOutcomes()
	call(s, &s.onConnect, func(f func()) { f() }, func() { outcomes(nil) })
}

// fail tells OnConnectError, and then Connect, why the socket is not connected.
func (s *Socket) fail(err error) {
	s.mu.Lock()
	outcomes := s.takeOutcomes()
	s.mu.Unlock()
	call(s, &s.onConnectError, func(f func(error)) { f(err) }, func() { outcomes(err) })
}

// connectErrorIn reads a CONNECT_ERROR.
func connectErrorIn(p siopacket.Packet) *ConnectError {
	var payload struct {
		Message string          `json:"message"`
		Data    siopacket.Value `json:"data"`
	}
	if siopacket.Unmarshal(p.Data, nil, &payload) != nil {
		return &ConnectError{Message: string(p.Data)}
	}
	return &ConnectError{Message: payload.Message, data: payload.Data}
}

// lost takes the end of a connection.
func (s *Socket) lost(e *engine, reason Reason, err error) {
	s.mu.Lock()
	if s.engine != e {
		s.mu.Unlock()
		return
	}
	s.engine = nil
	unanswered := s.active && !s.connected
	s.mu.Unlock()
	if unanswered {
		if err != nil {
			err = fmt.Errorf("%w: %s: %w", ErrNoAnswer, reason, err)
		} else {
			err = fmt.Errorf("%w: %s", ErrNoAnswer, reason)
		}
		s.fail(err)
	}
	s.end(reason, err)
}

// end ends the time in the namespace, if there was one, and fails the acknowledgements that can no
// longer come.
func (s *Socket) end(reason Reason, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acks.Fail(ErrDisconnected)
	if s.connected {
		s.connected, s.id = false, ""
		call(s, &s.onDisconnect, func(f func(Reason, error)) { f(reason, err) }, func() {})
	}
}
