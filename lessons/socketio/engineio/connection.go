package engineio

import (
	"errors"
	"time"

	"realtimelab/lessons/socketio/internal/gather"
)

// A connection is a transport other than polling: a session opens on it, or is upgraded to it.
type connection interface {
	transport
	source

	net() *gather.Conn

	// reject closes a connection without a session. err, which may be nil, says why.
	reject(err error)
}

// A stream is the common part of all connections.
type stream struct {
	conn    *gather.Conn
	session *Session // set once, by attach; nil during an upgrade
}

func (s *stream) ready() bool                    { return true }
func (s *stream) take(q *queue) []*Message       { return q.take(maxWrite) }
func (s *stream) beginClose(*queue) bool         { return false }
func (s *stream) flushAll(progress func()) error { return s.conn.FlushAll(progress) }
func (s *stream) attach(session *Session)        { s.session = session }
func (s *stream) net() *gather.Conn              { return s.conn }

// end implements transport. A client that does not read its queue would not read the close frame
// either.
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
	closeTimeout  = 30 * time.Second // for a connection after its session has ended
	shutdownGrace = 2 * time.Second  // the same for a closing server
)
