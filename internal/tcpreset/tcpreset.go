// Package tcpreset closes a connection with a TCP reset, as when a device on the way gives up on
// it.
package tcpreset

import "net"

// Close closes a connection with a TCP reset, and discards what is not sent yet. It finds the TCP
// connection below wrappers that have a NetConn method. Without one it only closes conn.
func Close(conn net.Conn) {
	for under := conn; under != nil; {
		if tcp, ok := under.(interface{ SetLinger(sec int) error }); ok {
			_ = tcp.SetLinger(0)
			break
		}
		wrapper, ok := under.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		under = wrapper.NetConn()
	}
	_ = conn.Close()
}
