package gather

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pair is a Conn and its peer, on TCP.
func pair(t *testing.T, early string) (*Conn, net.Conn) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	peer, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	conn, err := listener.Accept()
	require.NoError(t, err)
	c := NewConn(conn, []byte(early), func() {})
	t.Cleanup(func() { c.Close(); peer.Close() })
	return c, peer
}

func TestFlushDoesNotWaitAndFlushAllDoes(t *testing.T) {
	c, peer := pair(t, "")
	text := strings.Repeat("0123456789", 1<<20) // more than the kernel takes
	io.WriteString(c, text)
	done, err := c.Flush()
	require.NoError(t, err)
	assert.False(t, done)
	io.WriteString(c, "the end")
	var got []byte
	var reading sync.WaitGroup
	reading.Go(func() {
		got = make([]byte, len(text)+len("the end"))
		io.ReadFull(peer, got)
	})
	parts := 0
	require.NoError(t, c.FlushAll(func() { parts++ }))
	reading.Wait()
	assert.Equal(t, text+"the end", string(got))
	assert.Greater(t, parts, 10, "it says that the peer takes something")
	done, err = c.Flush()
	require.NoError(t, err)
	assert.True(t, done)
}

func TestAConnectionThatIsGone(t *testing.T) {
	c, peer := pair(t, "early")
	got := make([]byte, 10)
	n, err := c.Read(got)
	require.NoError(t, err)
	assert.Equal(t, "early", string(got[:n]))
	peer.(*net.TCPConn).SetLinger(0)
	peer.Close()
	_, err = c.Read(got)
	assert.Error(t, err)
	assert.Equal(t, err, c.ReadErr())
	assert.Eventually(t, func() bool {
		io.WriteString(c, "x")
		_, err = c.Flush()
		return err != nil
	}, 10*time.Second, time.Millisecond)
	assert.Equal(t, err, c.WriteErr())
	_, err = io.WriteString(c, "x")
	assert.Error(t, err)
}
