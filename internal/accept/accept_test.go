package accept_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/accept"
)

// starved fails with err a number of times, and then returns a connection from each Accept.
type starved struct {
	net.Listener
	err   error
	fails int
	tries atomic.Int64
}

func (s *starved) Accept() (net.Conn, error) {
	if s.tries.Add(1) <= int64(s.fails) {
		return nil, s.err
	}
	c, _ := net.Pipe()
	return c, nil
}

func (s *starved) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 3000} }
func (s *starved) Close() error   { return nil }

func noDescriptors() error {
	return &net.OpError{Op: "accept", Net: "tcp",
		Err: os.NewSyscallError("accept4", syscall.EMFILE)}
}

// TestOutOfDescriptors: two minutes without a descriptor log three lines, and then connections are
// accepted.
func TestOutOfDescriptors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		under := &starved{err: noDescriptors(), fails: 2400 + 10} // one each 50 ms
		l := accept.Retry(under, slog.New(slog.NewTextHandler(&log, nil)))
		began := time.Now()
		c, err := l.Accept()
		require.NoError(t, err)
		c.Close()
		assert.Greater(t, time.Since(began), 2*time.Minute)
		assert.Equal(t, 3, strings.Count(log.String(), "\n"), log.String())
		assert.Contains(t, log.String(), "level=ERROR")
		assert.Contains(t, log.String(), "out of file descriptors")
		assert.Contains(t, log.String(), "ulimit -n")
		assert.Contains(t, log.String(), "attempts=1200")
	})
}

func TestCloseEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := accept.Retry(&starved{err: noDescriptors(), fails: 1 << 30},
			slog.New(slog.DiscardHandler))
		ended := make(chan error)
		go func() {
			_, err := l.Accept()
			ended <- err
		}()
		synctest.Wait()
		require.NoError(t, l.Close())
		require.ErrorIs(t, <-ended, net.ErrClosed)
		require.NoError(t, l.Close())
	})
}

func TestOtherErrorsPass(t *testing.T) {
	broken := errors.New("broken")
	_, err := accept.Retry(&starved{err: broken, fails: 1}, slog.New(slog.DiscardHandler)).Accept()
	require.ErrorIs(t, err, broken)
}
