package sioclient

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"realtimelab/lessons/socketio/siopacket"
)

// Errors of Connect and Dial, besides *ConnectError, wrapped *HandshakeErrors, and wrapped errors
// of the network and of TLS.
var (
	// ErrNoAnswer says that the connection ended before the server answered CONNECT, for example
	// because a middleware disconnected the client.
	ErrNoAnswer = errors.New("sioclient: the connection ended before the server answered CONNECT")

	// ErrServerV2 says that the server speaks the protocol of Socket.IO 2.
	ErrServerV2 = errors.New(
		"sioclient: the server seems to be one of Socket.IO 2, which this client cannot reach")
)

// A ConnectError is the server's CONNECT_ERROR: a middleware refused the socket, or the namespace
// does not exist.
type ConnectError struct {
	Message string // the text of the middleware's error, or "Invalid namespace"

	data siopacket.Value
}

// Error returns the message.
func (e *ConnectError) Error() string { return e.Message }

// Data decodes the data of the refusal, such as sio.ConnectError.Data, into v, a pointer. It
// returns an error if the server sent no data, or if the data does not fit into v.
func (e *ConnectError) Data(v any) error {
	if e.data == nil {
		return errors.New("sioclient: the server has sent no data with its CONNECT_ERROR")
	}
	return siopacket.Unmarshal(e.data, nil, v)
}

// Connect makes one attempt to connect. It returns when the server has accepted the socket and the
// functions of OnConnect have run; at once if the socket is connected. From then on, the client
// reconnects by itself.
//
// The error is a *ConnectError; a wrapped *HandshakeError; ErrNoAnswer; ErrServerV2;
// ErrDisconnected after Disconnect or Close; the cause of ctx; or an error of Config.Auth or the
// network. After an error the socket is not active, as after Disconnect, unless another call of
// Connect still waits. To try until the server is available, use Open and OnConnect. A handler of
// the socket must not call Connect, which waits for handlers; it may call Open.
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
		case err = <-outcome: // arrived at the same time
		default:
			err = context.Cause(ctx)
		}
	}
	s.mu.Lock()
	s.connects--
	s.outcomes = slices.DeleteFunc(s.outcomes, func(other chan<- error) bool {
		return other == outcome
	})
	if err == nil || s.connects > 0 {
		s.mu.Unlock()
		return err
	}
	s.disconnect()
	return err
}

// Open starts connecting and returns at once. OnConnect's functions run when the server has
// accepted the socket, OnConnectError's after each failed attempt; Config sets the delays and the
// number of attempts. Open has no effect on a socket that is connected or closed. A handler may
// call it.
func (s *Socket) Open() {
	s.mu.Lock()
	s.active = !s.closed
	s.mu.Unlock()
	if !s.join() {
		s.manager.open(false)
	}
}

// Disconnect leaves the namespace, and closes the connection if no other socket is active on it.
// The socket stays disconnected until Connect or Open is called. Disconnect does not block. Events
// that were already passed to the connection are sent first. Events that still wait for a
// connection are sent over the next one. Waiting calls of EmitWithAck and Connect return
// ErrDisconnected, and their events are no longer sent. A handler may call it.
func (s *Socket) Disconnect() {
	s.mu.Lock()
	s.disconnect()
}

// disconnect is Disconnect for a caller that holds mu, which it unlocks.
func (s *Socket) disconnect() {
	s.active = false
	if s.connected { // otherwise the answer to CONNECT must arrive first
		s.leave()
	}
	s.end(ClientDisconnect, nil)
	outcomes, asks := s.takeOutcomes(), s.takeAsks()
	s.changes.Broadcast()
	s.mu.Unlock()
	outcomes(ErrDisconnected)
	asks(ErrDisconnected)
	s.manager.release()
}

// Close disconnects the socket. For a socket of New or Dial, it also closes the Manager and waits
// for the handlers, so no handler may call it. It may be called more than once.
func (s *Socket) Close() {
	s.Disconnect()
	if s.ownsManager {
		s.manager.Close()
	}
}

// close ends the socket permanently, with its manager. The end of the engine calls OnDisconnect.
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

// takeAsks removes the events of EmitWithAck that wait for a connection or an earlier event, and
// returns a function that ends those calls. It does not block. The caller holds mu.
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
		s.engine.left(s.namespace)
		s.engine.sendPacket(siopacket.Packet{Type: siopacket.Disconnect, Namespace: s.namespace})
		s.engine = nil
	}
}

// join sends CONNECT over the connection if the socket is active, once. It reports whether there is
// a connection. Because it holds both locks, a connection ends either before join, or after it with
// a call of lost: the socket never waits for an answer on a closed connection.
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
	pid, offset, auth := s.pid, s.offset, s.auth
	s.mu.Unlock()
	s.manager.mu.Unlock()
	if e.endpoint.config.isV3() {
		s.joinV3(e)
		return true
	}
	if auth == nil {
		auth = s.manager.config.Auth
	}
	data, err := connectPayload(auth, pid, offset)
	if err != nil {
		s.forget(e)
		s.fail(err)
		return true
	}
	e.sendPacket(siopacket.Packet{Type: siopacket.Connect, Namespace: s.namespace, Data: data})
	return true
}

// forget makes the next Connect send CONNECT again, even over the same connection.
func (s *Socket) forget(e *engine) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.engine == e {
		s.engine = nil
	}
}

// connectPayload returns the payload of CONNECT: the result of auth, with the pid and offset for a
// recovery.
func connectPayload(auth func() any, pid, offset string) (data []byte, err error) {
	if auth != nil {
		err = errors.New("sioclient: Auth called runtime.Goexit")
		contain(func() { data, _, err = siopacket.Marshal(auth()) }, func(v any) {
			err = fmt.Errorf("sioclient: Auth panicked: %v", v)
		})
		switch {
		case err != nil:
			return nil, err
		case string(data) == "null": // nil, or a nil map or pointer
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

// receive handles a packet of the namespace, on the reader. It drops packets of a connection that
// the socket has left.
func (s *Socket) receive(e *engine, p siopacket.Packet) {
	s.mu.Lock()
	if s.engine != e && p.Type != siopacket.Connect {
		s.mu.Unlock()
		return
	}
	active, connected := s.active, s.connected
	switch p.Type {
	case siopacket.ConnectError:
		s.active, s.engine = false, nil
	case siopacket.Disconnect:
		s.active, s.engine = false, nil
		s.end(ServerDisconnect, nil)
	case siopacket.Event:
		// With connection state recovery, the last argument of an event without an acknowledgement
		// is the event's offset, if it is a string.
		if args := p.Args(); s.pid != "" && !p.HasID && len(args) > 1 &&
			args[len(args)-1].Kind() == '"' {
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

// connect handles the answer to CONNECT, and sends the events that waited for it.
func (s *Socket) connect(e *engine, p siopacket.Packet) {
	var session struct {
		SID string `json:"sid"`
		PID string `json:"pid"`
	}
	if e.endpoint.config.isV3() {
		session.SID = e.idV3(s.namespace)
	} else if siopacket.Unmarshal(p.Data, nil, &session) != nil || session.SID == "" {
		// it may arrive before join
		s.forget(e)
		if s.Active() {
			s.fail(ErrServerV2)
		}
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.engine != e || s.connected && e.endpoint.config.isV3() {
		return // the socket has left meanwhile, or joinV3 was first
	}
	if !s.active {
		s.leave()
		return
	}
	s.id, s.recovered = session.SID, session.PID != "" && session.PID == s.pid
	if !s.recovered {
		s.offset = "" // it belongs to the old session, which the server may still have stored
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

// fail passes the error to OnConnectError, and then to Connect.
func (s *Socket) fail(err error) {
	s.mu.Lock()
	outcomes := s.takeOutcomes()
	s.mu.Unlock()
	call(s, &s.onConnectError, func(f func(error)) { f(err) }, func() { outcomes(err) })
}

// connectErrorIn decodes a CONNECT_ERROR.
func connectErrorIn(p siopacket.Packet) *ConnectError {
	var payload struct {
		Message string          `json:"message"`
		Data    siopacket.Value `json:"data"`
	}
	if siopacket.Unmarshal(p.Data, nil, &payload) != nil {
		var text string // from a server of Socket.IO 2
		if siopacket.Unmarshal(p.Data, nil, &text) != nil {
			text = string(p.Data)
		}
		return &ConnectError{Message: text}
	}
	return &ConnectError{Message: payload.Message, data: payload.Data}
}

// lost handles the end of a connection.
func (s *Socket) lost(e *engine, reason Reason, err error) {
	s.mu.Lock()
	if s.engine != e {
		s.mu.Unlock()
		return
	}
	s.engine = nil
	unanswered := s.active && !s.connected
	s.end(reason, err)
	s.mu.Unlock()
	if unanswered {
		if err != nil {
			err = fmt.Errorf("%w: %s: %w", ErrNoAnswer, reason, err)
		} else {
			err = fmt.Errorf("%w: %s", ErrNoAnswer, reason)
		}
		s.fail(err)
	}
}

// end reports a disconnection if the socket was connected, and fails the acknowledgements that can
// no longer arrive. The caller holds mu since it has set engine to nil: another goroutine may join
// at once, and the answer to its CONNECT must find the socket disconnected.
func (s *Socket) end(reason Reason, err error) {
	s.acks.Fail(ErrDisconnected)
	if s.connected {
		s.connected, s.id = false, ""
		call(s, &s.onDisconnect, func(f func(Reason, error)) { f(reason, err) }, func() {})
	}
}
