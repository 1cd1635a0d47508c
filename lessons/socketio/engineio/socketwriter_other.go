//go:build !unix

package engineio

import "net"

// socketWriter takes nothing: where the system has no such call, a goroutine
// writes.
type socketWriter struct{}

func newSocketWriter(net.Conn) *socketWriter { return &socketWriter{} }

// TryWrite takes nothing.
func (*socketWriter) TryWrite([]byte) (int, error) { return 0, nil }
