package sio

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

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
	inbox     inbox
	acks      acks

	rooms []string // owned by the namespace's adapter

	mu              sync.Mutex
	handlers        []registered
	anyHandlers     []func(event string, args Args)
	onDisconnecting []func(Reason)
	onDisconnect    []func(Reason)
	onError         []func(error)
	joined, ended   bool
}

type registered struct {
	event   string
	handler *handler
}

func newSocket(c *client, n *Namespace, auth []byte) *Socket {
	var bits [15]byte
	rand.Read(bits[:]) // never fails
	s := &Socket{id: base64.RawURLEncoding.EncodeToString(bits[:]), client: c, namespace: n, auth: auth}
	s.inbox.init(c.server, func(error) { c.session.Close() })
	return s
}

// ID is the socket's own, not the session's sid.
func (s *Socket) ID() string { return s.id }

// Namespace is where the socket has joined.
func (s *Socket) Namespace() *Namespace { return s.namespace }

// Conn is the session that carries the socket, shared with the client's
// sockets in other namespaces.
func (s *Socket) Conn() *engineio.Session { return s.client.session }

// Handshake is what the client sent when it connected.
type Handshake struct {
	Headers http.Header
	Query   url.Values
	URL     string
	Address string
	Secure  bool
	Time    time.Time

	auth []byte
}

// Auth decodes the payload of CONNECT into v.
func (h Handshake) Auth(v any) error {
	if len(h.auth) == 0 {
		return siopacket.Unmarshal(siopacket.Value("{}"), nil, v)
	}
	return siopacket.Unmarshal(h.auth, nil, v)
}

// Handshake returns what the client sent when it connected.
func (s *Socket) Handshake() Handshake {
	h := s.client.session.Handshake()
	return Handshake{
		Headers: h.Header, Query: h.Query(), URL: h.URL,
		Address: h.RemoteAddr, Secure: h.Secure, Time: h.Time, auth: s.auth,
	}
}

// On adds a handler for an event: a func whose parameters take the event's
// arguments, decoded from JSON ([]byte takes binary data), and whose last
// parameter may be an Ack. A variadic func takes what is left. If the client
// sends other arguments, OnError is told and the handler is not called. On
// panics if handler is not a func.
func (s *Socket) On(event string, handler any) {
	h := newHandler(handler)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handlers = append(s.handlers, registered{event, h})
}

// Off removes every handler of the event.
func (s *Socket) Off(event string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handlers = slices.DeleteFunc(s.handlers, func(r registered) bool { return r.event == event })
}

// OnAny adds what is called with every event, before its handlers.
func (s *Socket) OnAny(f func(event string, args Args)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.anyHandlers = append(s.anyHandlers, f)
}

// OnDisconnecting adds what is called at the end, with the rooms still known.
func (s *Socket) OnDisconnecting(f func(Reason)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onDisconnecting = append(s.onDisconnecting, f)
}

// OnDisconnect adds what is called once at the end.
func (s *Socket) OnDisconnect(f func(Reason)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onDisconnect = append(s.onDisconnect, f)
}

// OnError adds what is told of events that no handler could take.
func (s *Socket) OnError(f func(error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onError = append(s.onError, f)
}

// dispatch runs an event's handlers.
func (s *Socket) dispatch(p siopacket.Packet) {
	all := Args{values: p.Args(), attachments: p.Attachments}
	event, args := all.event()
	s.mu.Lock()
	anyHandlers, handlers := s.anyHandlers, s.handlers
	s.mu.Unlock()
	for _, f := range anyHandlers {
		f(event, args)
	}
	ack := s.ackFor(p)
	for _, r := range handlers {
		if r.event != event {
			continue
		}
		if err := r.handler.call(args, ack); err != nil {
			s.report(fmt.Errorf("sio: event %q: %w", event, err))
		}
	}
}

func (s *Socket) report(err error) {
	s.client.server.config.Log.Warn("event refused", "socket", s.id, "err", err)
	s.mu.Lock()
	handlers := s.onError
	s.mu.Unlock()
	for _, f := range handlers {
		f(err)
	}
}

// Emit sends an event to this socket's client.
func (s *Socket) Emit(event string, args ...any) error {
	packet, err := eventPacket(s.namespace.name, event, args)
	if err != nil {
		return err
	}
	return s.send(packet)
}

// Send is Emit of the event "message".
func (s *Socket) Send(args ...any) error { return s.Emit("message", args...) }

func (s *Socket) send(p siopacket.Packet) error {
	if !s.Connected() {
		return ErrDisconnected
	}
	return s.client.send(p)
}

// EmitWithAck sends an event and waits for the client's answer, the socket's
// end, or ctx.
func (s *Socket) EmitWithAck(ctx context.Context, event string, args ...any) (Args, error) {
	packet, err := eventPacket(s.namespace.name, event, args)
	if err != nil {
		return Args{}, err
	}
	id, answer := s.acks.expect()
	packet.ID, packet.HasID = id, true
	if err := s.send(packet); err != nil {
		s.acks.forget(id)
		return Args{}, err
	}
	select {
	case args, ok := <-answer:
		if !ok {
			return Args{}, ErrDisconnected
		}
		return args, nil
	case <-ctx.Done():
		s.acks.forget(id)
		return Args{}, ctx.Err()
	}
}

// Broadcast starts a broadcast to everyone in the namespace but this socket.
func (s *Socket) Broadcast() Broadcast { return s.namespace.Except(s.id) }

// To starts a broadcast to the rooms, without this socket.
func (s *Socket) To(rooms ...string) Broadcast { return s.Broadcast().To(rooms...) }

// In is another name for To.
func (s *Socket) In(rooms ...string) Broadcast { return s.To(rooms...) }

// Except starts a broadcast to all but this socket and those in the rooms.
func (s *Socket) Except(rooms ...string) Broadcast { return s.Broadcast().Except(rooms...) }

// Join enters rooms. A socket leaves all of them when it disconnects.
func (s *Socket) Join(rooms ...string) { s.namespace.adapter.join(s, rooms) }

// Leave leaves a room.
func (s *Socket) Leave(room string) { s.namespace.adapter.leave(s, room) }

// Rooms lists the rooms the socket is in, its own id first.
func (s *Socket) Rooms() []string { return s.namespace.adapter.roomsOf(s) }

// Connected reports whether the socket has joined and not ended.
func (s *Socket) Connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.joined && !s.ended
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
	answer := fmt.Appendf(nil, `{"sid":%q}`, s.id)
	s.namespace.adapter.add(s, siopacket.Packet{Type: siopacket.Connect, Namespace: s.namespace.name, Data: answer})
	return true
}

// Disconnect leaves the namespace; with all, it ends the client's whole
// connection.
func (s *Socket) Disconnect(all bool) {
	if all {
		s.client.disconnect()
		return
	}
	s.send(siopacket.Packet{Type: siopacket.Disconnect, Namespace: s.namespace.name})
	s.end(ServerNamespaceDisconnect)
}

// end is the one way out of the namespace. Only the first call has an effect.
// The handlers of the end run after the one that runs now.
func (s *Socket) end(reason Reason) {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return
	}
	s.ended = true
	s.mu.Unlock()
	s.client.forget(s)
	s.acks.close()
	s.inbox.last(func() { s.leave(reason) })
}

func (s *Socket) leave(reason Reason) {
	s.mu.Lock()
	joined, disconnecting, disconnect := s.joined, s.onDisconnecting, s.onDisconnect
	s.mu.Unlock()
	if !joined {
		return
	}
	defer func() {
		s.namespace.adapter.remove(s)
		for _, f := range disconnect {
			f(reason)
		}
	}()
	for _, f := range disconnecting {
		f(reason)
	}
}
