package meter

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// onePipe is a listener with one connection.
type onePipe struct {
	net.Listener
	conn net.Conn
}

func (l onePipe) Accept() (net.Conn, error) { return l.conn, nil }

// A write that has begun counts as Writing until its bytes are counted, because the peer may have
// them earlier.
func TestAMeterSaysWhatItHasNotCountedYet(t *testing.T) {
	server, client := net.Pipe()
	defer client.Close()
	meter := New(onePipe{conn: server})
	conn, err := meter.Listener().Accept()
	require.NoError(t, err)
	defer conn.Close()
	var writing sync.WaitGroup
	writing.Go(func() { _, _ = conn.Write([]byte("hello")) })
	require.Eventually(t, func() bool {
		return meter.Count().Writing == 1
	}, time.Minute, time.Millisecond)
	_, err = io.ReadFull(client, make([]byte, 5))
	require.NoError(t, err)
	writing.Wait()
	assert.Zero(t, meter.Count().Writing)
	assert.EqualValues(t, 5, meter.Count().Out)
}
