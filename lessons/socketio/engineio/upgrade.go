package engineio

import (
	"time"

	"realtimelab/lessons/socketio/eiopacket"
)

// An upgrade is a connection that replaces a session's polling:
//
//	client → server  2probe   over the new connection
//	server → client  3probe   over the new connection
//	server → client  6        ends the poll that waits
//	client → server  5        over the new connection: from here on it carries all
//
// Polling continues until the 5. If the upgrade fails, the session stays with polling.
type upgrade struct {
	session *Session
	conn    connection
	noop    *time.Timer // ends idle polls after the probe is answered; guarded by Session.mu
}

// noopDelay is how long an idle poll is held after the probe was answered.
const noopDelay = 100 * time.Millisecond

// upgradeTo starts an upgrade. It returns false if the session cannot be upgraded.
func (s *Session) upgradeTo(conn connection) bool {
	conn.net().Expire(s.server.config.UpgradeTimeout)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server.config.NoUpgrades || s.transport.name() != Polling || s.upgrade != nil ||
		!s.isOpen() {
		return false
	}
	s.upgrade = &upgrade{session: s, conn: conn}
	s.server.tasks.Go(s.upgrade.read)
	return true
}

// read reads the client's packets of the upgrade, and then the session's packets. It may block in a
// write, because nothing else uses the connection. A write error appears at the next read.
func (u *upgrade) read() {
	for {
		u.conn.net().FlushAll(nil) // the answer to the handshake, later the pong
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
		if u.session.upgrade == u { // the upgrade has failed: the session stays with polling
			u.stop()
		}
		u.session.mu.Unlock()
		u.conn.reject(err)
		return
	}
}

// endIdlePolls answers the client's polls with noop packets, so that it can leave polling.
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
// that were posted before the 5 have been handled. It returns false if the session has ended
// meanwhile. It refuses a held poll: a client must wait for its last poll before it sends the 5.
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

	defer func() { // also if a function of the program calls runtime.Goexit
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

// stop removes the upgrade from the session. Session.mu is held.
func (u *upgrade) stop() {
	u.session.upgrade = nil
	if u.noop != nil {
		u.noop.Stop()
	}
}
