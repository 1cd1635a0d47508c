package engineio

import (
	"errors"
	"time"

	"realtimelab/lessons/socketio/internal/gather"
)

// A connection is a transport other than polling: a session opens on one, or moves to one.
type connection interface {
	transport
	source

	net() *gather.Conn

	// reject closes a connection that is attached to no session. err, which may be nil, says why.
	reject(err error)
}

// A stream is the common part of the connections.
type stream struct {
	conn    *gather.Conn
	session *Session // not changed once it is attached; nil during an upgrade
}

func (s *stream) ready() bool                  { return true }
func (s *stream) take(q *queue) []*Message     { return q.take(maxWrite) }
func (s *stream) beginClose(*queue) bool       { return false }
func (s *stream) finish(progress func()) error { return s.conn.Finish(progress) }
func (s *stream) attach(session *Session)      { s.session = session }
func (s *stream) net() *gather.Conn            { return s.conn }

// end implements transport. A client that does not take what waits would not take the rest either.
func (s *stream) end(reason Reason, err error) {
	switch {
	case errors.Is(err, ErrSlowClient), s.conn.WriteErr() != nil:
		s.conn.Close()
	case reason == ServerClose:
		s.conn.Expire(shutdownGrace)
	default:
		s.conn.Expire(closeTimeout)
	}
}

const (
	closeTimeout  = 30 * time.Second // the rest of a connection's life when its session has ended
	shutdownGrace = 2 * time.Second  // the same while the server closes
)
