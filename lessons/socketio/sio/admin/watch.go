package admin

import (
	"slices"
	"time"

	"realtimelab/lessons/socketio/sio"
)

// A memberID names a socket of this server. A recovered socket has the id of an earlier one.
type memberID struct{ namespace, socket string }

// A member holds what the page knows about a socket of this server.
//
// Room events may come before and after the socket is announced. If a socket is announced with a
// room and then joins it, the page counts it twice. So it is announced with exactly the rooms whose
// events were reported before. The data is encoded once, on the goroutine that called Set, because
// the program may change its values later.
type member struct {
	socket      *sio.Socket // nil until socketConnected
	announced   bool        // from socket_connected to socket_disconnected
	rooms       []string    // reported; without its own, whose name is the socket's id
	description             // without the rooms
}

// describe adds the rooms.
func (m *member) describe() description {
	d := m.description
	d.Rooms = append([]string{d.ID}, m.rooms...)
	return d
}

// watch reports the sockets, rooms and events of a namespace.
func (a *Admin) watch(n *sio.Namespace) {
	n.OnRoom(func(e sio.RoomEvent) { a.roomChanged(n.Name(), e) })
	n.OnData(a.dataChanged)
	n.PrependConnection(func(s *sio.Socket) { a.socketConnected(s, nil) })
	for _, s := range n.Sockets() { // which have joined before
		a.socketConnected(s, s.Rooms())
	}
}

// socketConnected announces a socket that has joined, with rooms that were not reported: nil for a
// socket that is just joining. It runs before the program's functions of OnConnection, so it sees
// all events.
func (a *Admin) socketConnected(s *sio.Socket, rooms []string) {
	n := s.Namespace()
	a.mu.Lock()
	if a.closed {
		a.mu.Unlock()
		return
	}
	m := a.member(n.Name(), s.ID())
	known := m.socket == s
	m.socket = s
	a.mu.Unlock()
	if known {
		return
	}
	a.hook(s)
	a.keepTransport(s)
	s.OnDisconnect(func(reason sio.Reason) {
		a.unhook(s)
		a.socketDisconnected(s, reason)
	})
	d := describe(s)

	a.mu.Lock()
	gone := rooms != nil && !s.Connected() // perhaps before OnDisconnect was called
	if gone {
		delete(a.members, memberID{n.Name(), s.ID()})
	} else {
		a.announce(m, d, rooms)
	}
	a.mu.Unlock()
	if gone {
		a.unhook(s)
	}
}

// announce reports a socket, with the rooms that were reported before and these. The caller holds
// mu.
func (a *Admin) announce(m *member, d description, rooms []string) {
	if m.Transport != "" { // changed meanwhile
		d.Transport = m.Transport
	}
	if m.Data != nil {
		d.Data = m.Data
	}
	for _, room := range rooms {
		if room != d.ID && !slices.Contains(m.rooms, room) {
			m.rooms = append(m.rooms, room)
		}
	}
	m.announced, m.description = true, d
	a.post(report{name: "socket_connected", args: []any{m.describe(), timestamp(time.Now())}})
}

// hook adds the functions that report what a socket does.
func (a *Admin) hook(s *sio.Socket) {
	offs := []func(){s.Conn().OnUpgrade(func(transport string) { a.upgraded(s, transport) })}
	if s.Namespace().Name() != a.config.Namespace {
		offs = append(offs,
			s.OnAny(func(e string, args sio.Args) { a.postEvent("event_received", s, e, args) }),
			s.OnAnyOutgoing(func(e string, args sio.Args) {
				a.postEvent("event_sent", s, e, args)
			}))
	}
	unhook := func() {
		for _, off := range offs {
			off()
		}
	}
	a.mu.Lock()
	closed := a.closed
	if !closed {
		a.hooked[s] = unhook
	}
	a.mu.Unlock()
	if closed {
		unhook()
	}
}

// unhook removes the functions again, unless Close has.
func (a *Admin) unhook(s *sio.Socket) {
	a.mu.Lock()
	unhook := a.hooked[s]
	delete(a.hooked, s)
	a.mu.Unlock()
	if unhook != nil {
		unhook()
	}
}

// keepTransport keeps with the socket what the admins of other servers need to know of it.
func (a *Admin) keepTransport(s *sio.Socket) {
	for kept := ""; kept != s.Conn().Transport(); { // an upgrade may come between
		kept = s.Conn().Transport()
		s.Set(adminKey, adminData{clientID(s.Conn()), kept})
	}
}

// upgraded reports that the client has changed its transport.
func (a *Admin) upgraded(s *sio.Socket, transport string) {
	a.keepTransport(s)
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.members[memberID{s.Namespace().Name(), s.ID()}]
	if m == nil || m.socket != s {
		return
	}
	m.Transport = transport
	if m.announced {
		a.post(report{name: "socket_updated",
			args: []any{update{ID: s.ID(), Namespace: m.Namespace, Transport: transport}}})
	}
}

// dataChanged reports what Set has changed.
func (a *Admin) dataChanged(s *sio.Socket, key string) {
	if key == adminKey || !s.Connected() {
		return
	}
	data := describeData(s)
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.members[memberID{s.Namespace().Name(), s.ID()}]
	if m == nil || m.socket != s {
		return
	}
	m.Data = data
	if m.announced {
		a.post(report{name: "socket_updated",
			args: []any{update{ID: s.ID(), Namespace: m.Namespace, Data: data}}})
	}
}

// socketDisconnected reports the end of a socket, unless its successor was announced under the same
// id.
func (a *Admin) socketDisconnected(s *sio.Socket, reason sio.Reason) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if m := a.members[memberID{s.Namespace().Name(), s.ID()}]; m != nil {
		if m.socket != s {
			return
		}
		m.announced = false
	}
	a.post(report{name: "socket_disconnected",
		args: []any{s.Namespace().Name(), s.ID(), reason, timestamp(time.Now())}})
}

// roomChanged reports that a socket has joined or left a room. The room that contains only the
// socket is part of its announcement.
func (a *Admin) roomChanged(namespace string, e sio.RoomEvent) {
	if e.Kind != sio.RoomJoined && e.Kind != sio.RoomLeft {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return
	}
	m, own := a.member(namespace, e.Socket), e.Room == e.Socket
	name := "room_joined"
	switch {
	case e.Kind == sio.RoomJoined && own:
		if m.announced {
			return
		}
	case e.Kind == sio.RoomJoined:
		m.rooms = append(m.rooms, e.Room)
	default:
		name = "room_left"
		m.rooms = slices.DeleteFunc(m.rooms, func(room string) bool { return room == e.Room })
		if own && (m.socket == nil || !m.socket.Connected()) { // the last room that a socket leaves
			delete(a.members, memberID{namespace, e.Socket})
		}
	}
	a.post(report{name: name, args: []any{namespace, e.Room, e.Socket, timestamp(time.Now())}})
}

// member returns what the page knows of a socket. The caller holds mu.
func (a *Admin) member(namespace, socket string) *member {
	id := memberID{namespace, socket}
	m := a.members[id]
	if m == nil {
		m = &member{}
		a.members[id] = m
	}
	return m
}
