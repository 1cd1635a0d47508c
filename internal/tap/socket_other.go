//go:build !unix

package tap

import (
	"net"
	"syscall"
)

// socket has no information, because this system has no suitable call.
type socket struct{}

func newSocket(net.Conn) socket { return socket{} }

// fate is always unknown here, so the tap records only the ends that it reads or that the server
// requests.
type fate struct{ known, ended, reset, unread, abort bool }

func (socket) fate() fate { return fate{} }

const wsaECONNRESET = syscall.Errno(10054) // of Windows

func isReset(err syscall.Errno) bool  { return err == wsaECONNRESET }
func isBrokenPipe(syscall.Errno) bool { return false }
