//go:build !unix

package engineio

import (
	"errors"
	"net"
)

// waiter can wait for no connection without a buffer here.
type waiter struct{}

var errCannotWait = errors.New("engineio: no plain socket")

func (w *waiter) init(net.Conn) {}

func (w *waiter) read() (*[readBuffer]byte, int, error) { return nil, 0, errCannotWait }
