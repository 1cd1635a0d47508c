package sioclient

import (
	"sync/atomic"
	"time"

	"realtimelab/lessons/socketio/eiopacket"
	"realtimelab/lessons/socketio/siopacket"
)

// Servers of Socket.IO 1 and 2 speak revision 3 of Engine.IO, and revision 4 of the Socket.IO
// protocol. The differences from revisions 4 and 5:
//
//	client → server  2         the client sends the pings, and the server answers 3
//	server → client  0         joins the main namespace without being asked
//	client → server  0/chat    without a payload; the answer has none either
//	server → client  4/chat,"Invalid namespace"    a refusal is any value

// older is the state of a session with revision 3.
type older struct {
	mainOpen atomic.Bool // the server has joined the main namespace, and the client has not left it
	mainLeft atomic.Bool // the client has left it, and must send CONNECT to rejoin
}

// isV3 reports whether the session uses revision 3.
func (c Config) isV3() bool { return c.EIO == 3 }

// lengthV3 is an upper bound for the length prefix of a packet in a payload, in bytes.
const lengthV3 = 12

// keepAlive returns the type of the packet that the client sends for the heartbeat.
func (c Config) keepAlive() eiopacket.Type {
	if c.isV3() {
		return eiopacket.Ping
	}
	return eiopacket.Pong
}

// ping sends a ping in each interval until the session ends.
func (e *engine) ping() {
	ticker := time.NewTicker(max(e.interval, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			e.send(eiopacket.Packet{Type: eiopacket.Ping})
		case <-e.ctx.Done():
			return
		}
	}
}

// entered records that the server has joined the main namespace. The caller holds the manager's mu,
// so that a join is before it or after it.
func (e *engine) entered(p siopacket.Packet) {
	if p.Type == siopacket.Connect &&
		(p.Namespace == siopacket.MainNamespace || p.Namespace == "") {
		e.mainOpen.Store(true)
	}
}

// left records that the client leaves a namespace.
func (o *older) left(namespace string) {
	if namespace == siopacket.MainNamespace {
		o.mainOpen.Store(false)
		o.mainLeft.Store(true)
	}
}

// idV3 returns the id of a socket, which the server does not send: the session's id, with the
// namespace as a prefix unless it is the main one.
func (e *engine) idV3(namespace string) string {
	if namespace == siopacket.MainNamespace {
		return e.sid
	}
	return namespace + "#" + e.sid
}

// joinV3 joins a namespace. The server joins the main one by itself; its packet may arrive before
// or after joinV3.
func (s *Socket) joinV3(e *engine) {
	switch {
	case s.namespace != siopacket.MainNamespace, e.mainLeft.Load():
		e.sendPacket(siopacket.Packet{Type: siopacket.Connect, Namespace: s.namespace})
	case e.mainOpen.Load():
		s.connect(e, siopacket.Packet{Type: siopacket.Connect})
	}
}
