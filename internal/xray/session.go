package xray

import (
	"container/list"
	"strings"
	"time"

	"realtimelab/internal/tap"
	"realtimelab/lessons/socketio/siopacket"
)

// session is one Engine.IO session, which may reach over several connections.
type session struct {
	sid     string
	version string // of the protocol, as EIO= says it

	socketIO bool // the client opened it with a Socket.IO CONNECT
	asked    bool // its first message was seen, so socketIO is known

	sides [2]pending
	acks  map[ackKey]request
}

// pending is what one direction of a session waits for.
type pending struct {
	packet  siopacket.Packet // whose attachments are coming
	row     *Row
	missing int // attachments to come
	total   int
	bytes   int
}

// ackKey names an event that wants an ack.
type ackKey struct {
	by        tap.Direction // of the event
	namespace string
	id        uint64
}

// request is an event that wants an ack.
type request struct {
	name string
	row  uint64
	time time.Time
}

// maxRequests is how many events of one session may wait for their acks.
const maxRequests = 1000

// sessions are the Engine.IO sessions by their sid; the ones used least recently
// are forgotten.
type sessions struct {
	max   int
	bySid map[string]*list.Element
	order *list.List // of *session, the most recent first
}

func newSessions(max int) sessions {
	return sessions{max, map[string]*list.Element{}, list.New()}
}

// find returns the session with that sid. One without a sid is new: its open
// packet will name it.
func (all *sessions) find(sid, path, version string) *session {
	if e := all.bySid[sid]; e != nil && sid != "" {
		all.order.MoveToFront(e)
		return e.Value.(*session)
	}
	s := &session{sid: sid, version: version}
	if sid != "" { // its beginning was not seen: the path that is Socket.IO's default tells
		s.asked, s.socketIO = true, strings.HasSuffix(path, "/socket.io/")
		all.keep(s)
	}
	return s
}

// name gives a session the sid that the server chose.
func (all *sessions) name(s *session, sid string) {
	if s.sid != "" || sid == "" {
		return
	}
	s.sid = sid
	all.keep(s)
}

func (all *sessions) keep(s *session) {
	all.bySid[s.sid] = all.order.PushFront(s)
	if all.order.Len() > all.max {
		all.forget(all.order.Back().Value.(*session))
	}
}

func (all *sessions) forget(s *session) {
	if e := all.bySid[s.sid]; e != nil {
		all.order.Remove(e)
		delete(all.bySid, s.sid)
	}
}

// await remembers an event that wants an ack.
func (s *session) await(k ackKey, r request) {
	if s.acks == nil {
		s.acks = map[ackKey]request{}
	}
	if len(s.acks) < maxRequests {
		s.acks[k] = r
	}
}

// acked returns the event that an ack answers, and forgets it.
func (s *session) acked(k ackKey) (request, bool) {
	r, ok := s.acks[k]
	delete(s.acks, k)
	return r, ok
}
