package engineio

import (
	"time"

	"realtimelab/lessons/socketio/eiopacket"
)

// An upgrade is a connection that wants to take over from a session's polls:
//
//	client → server  2probe   over the new connection
//	server → client  3probe   over the new connection
//	server → client  6        ends the poll that waits
//	client → server  5        over the new connection: from here on it carries all
//
// Until the 5, polling goes on, and if the upgrade fails the session stays with it.
type upgrade struct {
	session *Session
	conn    connection
	noop    *time.Timer // ends idle polls, once the probe is answered; guarded by Session.mu
}

// noopDelay is how long an idle poll may wait once a probe has been answered.
const noopDelay = 100 * time.Millisecond

// upgradeTo starts an upgrade. It reports false if the session takes no connection.
func (s *Session) upgradeTo(conn connection) bool {
	conn.net().Expire(s.server.config.UpgradeTimeout)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server.config.NoUpgrades || s.transport.name() != Polling || s.upgrade != nil || !s.isOpen() {
		return false
	}
	s.upgrade = &upgrade{session: s, conn: conn}
	s.server.tasks.Go(s.upgrade.read)
	return true
}

// read reads the client's side of the upgrade, and then the session's packets. It may wait while it
// writes, because nothing else uses the connection. A write error shows at the next read.
func (u *upgrade) read() {
	for {
		u.conn.net().Finish(nil) // the answer to the handshake, later the pong
		p, err := u.conn.read()
		switch {
		case err == nil && p.Type == eiopacket.Ping && string(p.Data) == "probe":
			u.conn.write([]*Message{pongProbe})
			u.endIdlePolls()
			continue
		case err == nil && p.Type == eiopacket.Upgrade && u.complete():
			return
		}
		u.session.mu.Lock()
		if u.session.upgrade == u { // the session stays with polling
			u.stop()
		}
		u.session.mu.Unlock()
		u.conn.reject(err)
		return
	}
}

// endIdlePolls lets the client leave polling: each of its polls must end.
func (u *upgrade) endIdlePolls() {
	s := u.session
	s.mu.Lock()
	defer s.flush()
	defer s.mu.Unlock()
	switch {
	case s.upgrade != u:
		return
	case u.noop == nil:
		u.noop = s.server.tasks.AfterFunc(noopDelay, u.endIdlePolls)
		return
	case s.transport.ready() && len(s.out.messages) == 0:
		s.out.push(noopPacket)
	}
	u.noop.Reset(noopDelay)
}

// complete makes the connection the session's transport, and starts its reader when the packets
// that were posted before the 5 have been taken. It reports false if the session has ended
// meanwhile. It refuses a poll that waits: a client lets its last poll end before it sends the 5.
func (u *upgrade) complete() bool {
	s := u.session
	u.conn.net().Persist()
	s.mu.Lock()
	if s.upgrade != u {
		s.mu.Unlock()
		return false
	}
	old := s.transport.(*polling)
	poll, post := old.poll, old.post
	old.poll = nil
	u.stop()
	s.transport = u.conn
	u.conn.attach(s)
	closed := !s.isOpen() // Close was called meanwhile
	onUpgrade := s.onUpgrade
	s.mu.Unlock()

	defer func() { // also when a function of the program has ended this goroutine
		s.flush()
		if post != nil {
			<-post.taken
		}
		s.read(u.conn)
	}()
	if poll != nil {
		poll <- nil
	}
	s.guard(func() { onUpgrade(u.conn.name()) })
	if closed {
		s.end(s.closeReason, nil)
	}
	return true
}

// stop forgets the upgrade. Session.mu is held.
func (u *upgrade) stop() {
	u.session.upgrade = nil
	if u.noop != nil {
		u.noop.Stop()
	}
}
