//go:build unix

package gather

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// counted counts the writes that reach the connection.
type counted struct {
	net.Conn
	writes int
}

func (c *counted) Write(p []byte) (int, error) { c.writes++; return c.Conn.Write(p) }
func (c *counted) NetConn() net.Conn           { return c.Conn }

func TestFlushGathersWhatWasWritten(t *testing.T) {
	plain, peer := pair(t, "")
	conn := &counted{Conn: plain.Conn}
	c := NewConn(conn, nil, func() {})
	for range 100 {
		io.WriteString(c, "0123456789")
	}
	done, err := c.Flush()
	require.NoError(t, err)
	assert.True(t, done)
	assert.Equal(t, 1, conn.writes)
	got := make([]byte, 1000)
	_, err = io.ReadFull(peer, got)
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat("0123456789", 100), string(got))
}

// Through a wire tap a small piece leaves at once as long as the peer reads, and Flush does not
// wait when it does not.
func TestFlushThroughAWrappedSocket(t *testing.T) {
	plain, peer := pair(t, "")
	conn := &counted{Conn: plain.Conn}
	c := NewConn(conn, nil, func() {})
	require.NoError(t, conn.Conn.SetDeadline(time.Now().Add(time.Minute)))
	line := strings.Repeat("x", 999) + "\n"
	sent, done := 0, true
	for done && sent < 64<<20 {
		n, err := io.WriteString(c, line)
		require.NoError(t, err)
		sent += n
		done, err = c.Flush()
		require.NoError(t, err)
	}
	assert.False(t, done, "the kernel takes no more")
	assert.Greater(t, conn.writes, 10)
	assert.Equal(t, sent-len(line), conn.writes*len(line), "the last piece is not begun")
	var reading sync.WaitGroup
	reading.Go(func() {
		got, err := io.ReadAll(peer)
		assert.NoError(t, err)
		assert.Equal(t, strings.Repeat(line, sent/len(line)), string(got))
	})
	require.NoError(t, c.FlushAll(nil))
	require.NoError(t, conn.Conn.(*net.TCPConn).CloseWrite())
	reading.Wait()
}

func TestALongPieceThroughAWrappedSocketIsNotBegun(t *testing.T) {
	plain, _ := pair(t, "")
	conn := &counted{Conn: plain.Conn}
	c := NewConn(conn, nil, func() {})
	io.WriteString(c, strings.Repeat("x", pollRoom-pieceRoom+1))
	done, err := c.Flush()
	require.NoError(t, err)
	assert.False(t, done)
	assert.Zero(t, conn.writes)
	require.NoError(t, c.FlushAll(nil))
	assert.Equal(t, 1, conn.writes)
}

func TestTLSTakesNothingAtOnce(t *testing.T) {
	plain, _ := pair(t, "")
	c := NewConn(tls.Server(plain.Conn, &tls.Config{}), nil, func() {})
	io.WriteString(c, "x")
	done, err := c.Flush()
	require.NoError(t, err)
	assert.False(t, done)
}
