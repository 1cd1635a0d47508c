package xray

import (
	"cmp"
	"container/list"
	"slices"
	"strings"
	"time"

	"realtimelab/internal/tap"
	"realtimelab/lessons/socketio/siopacket"
)

// session is one Engine.IO session, which may span several connections.
type session struct {
	sid     string
	side    tap.Side // of a proxy: each side carries the whole session
	version string   // protocol version, from the query's EIO

	socketIO bool // the client opened it with a Socket.IO CONNECT
	asked    bool // its first message was read, so socketIO is known

	carrier *connDecoder // the connection of its WebSocket; nil on polling, also during a probe

	sides [2]pending
	acks  map[ackKey]request
}

// pending tracks one direction's packet that still lacks attachments.
type pending struct {
	packet  siopacket.Packet // the packet that announced the attachments
	row     *Row
	parts   []uint64 // the attachments' rows
	missing int      // attachments still missing
	total   int
	bytes   int
}

// ackKey identifies an event that expects an acknowledgement.
type ackKey struct {
	by        tap.Direction // of the event
	namespace string
	id        uint64
}

// request is an event that expects an acknowledgement.
type request struct {
	name string
	row  uint64
	time time.Time
}

// maxRequests bounds the unacknowledged events of one session.
const maxRequests = 1000

// sessions holds the Engine.IO sessions by sid, separately for each side of a proxy. When it is
// full, it drops the least recently used.
type sessions struct {
	max   int
	bySid map[sessionKey]*list.Element
	order *list.List // of *session, most recently used first
}

type sessionKey struct {
	side tap.Side
	sid  string
}

func newSessions(max int) sessions {
	return sessions{max, map[sessionKey]*list.Element{}, list.New()}
}

// find returns the session with that sid. Without a sid it returns a new session, whose open packet
// will name it.
func (all *sessions) find(side tap.Side, sid, path, version string) *session {
	if e := all.bySid[sessionKey{side, sid}]; e != nil && sid != "" {
		all.order.MoveToFront(e)
		return e.Value.(*session)
	}
	s := &session{sid: sid, side: side, version: version}
	if sid != "" { // its beginning was not recorded: Socket.IO's default path decides
		s.asked, s.socketIO = true, strings.HasSuffix(path, "/socket.io/")
		all.keep(s)
	}
	return s
}

// name sets a session's sid, which the server chose.
func (all *sessions) name(s *session, sid string) {
	if s.sid != "" || sid == "" {
		return
	}
	s.sid = sid
	all.keep(s)
}

func (all *sessions) keep(s *session) {
	all.bySid[s.key()] = all.order.PushFront(s)
	if all.order.Len() > all.max {
		all.forget(all.order.Back().Value.(*session))
	}
}

func (all *sessions) forget(s *session) {
	if e := all.bySid[s.key()]; e != nil {
		all.order.Remove(e)
		delete(all.bySid, s.key())
	}
}

func (s *session) key() sessionKey { return sessionKey{s.side, s.sid} }

// await stores an event that expects an acknowledgement.
func (s *session) await(k ackKey, r request) {
	if s.acks == nil {
		s.acks = map[ackKey]request{}
	}
	if len(s.acks) < maxRequests {
		s.acks[k] = r
	}
}

// acked returns the event that an acknowledgement belongs to, and removes it.
func (s *session) acked(k ackKey) (request, bool) {
	r, ok := s.acks[k]
	delete(s.acks, k)
	return r, ok
}

// giveUpAcks removes and returns the events that were not acknowledged, by their direction and in
// their order.
func (s *session) giveUpAcks() (events [2][]request) {
	for k, r := range s.acks {
		events[k.by] = append(events[k.by], r)
	}
	s.acks = nil
	for _, of := range events {
		slices.SortFunc(of, func(a, b request) int { return cmp.Compare(a.row, b.row) })
	}
	return events
}
