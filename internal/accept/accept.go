// Package accept keeps a listener running when the system temporarily cannot accept connections.
package accept

import (
	"errors"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"

	"realtimelab/internal/loglimit"
)

const (
	pause    = 50 * time.Millisecond // between two attempts
	logEvery = time.Minute           // at most one line in this time while attempts fail
)

// Retry returns l with an Accept that pauses and tries again after a temporary error, which is
// usually that the process is out of file descriptors. It logs the first failure at once and later
// ones once a minute. Accept returns net.ErrClosed after Close.
func Retry(l net.Listener, log *slog.Logger) net.Listener {
	return &retryListener{Listener: l, log: log, closed: make(chan struct{})}
}

type retryListener struct {
	net.Listener
	log   *slog.Logger
	limit loglimit.Limit

	once   sync.Once
	closed chan struct{}
}

func (l *retryListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err == nil || !temporary(err) {
			return c, err
		}
		l.note(err)
		select {
		case <-time.After(pause):
		case <-l.closed:
			return nil, net.ErrClosed
		}
	}
}

func (l *retryListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

func temporary(err error) bool {
	var t interface{ Temporary() bool } // deprecated, but net/http also asks it of Accept's errors
	return errors.As(err, &t) && t.Temporary()
}

func (l *retryListener) note(err error) {
	unlogged, ok := l.limit.Allow(1, logEvery)
	if !ok {
		return
	}
	advice := "new connections wait until the system can accept them"
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		advice = "out of file descriptors: new connections wait until others " +
			"close; raise the limit with ulimit -n"
	}
	l.log.Error("cannot accept connections", "address", l.Addr().String(), "attempts", unlogged+1,
		"advice", advice, "err", err)
}
