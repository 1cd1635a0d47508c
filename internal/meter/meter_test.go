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

// A request that is read while someone counts is in none of the figures, or in all of them.
func TestBytesAndHeadsAreCountedTogether(t *testing.T) {
	const head = "GET / HTTP/1.1\r\nHost: lab\r\n\r\n"
	server, client := net.Pipe()
	defer client.Close()
	meter := New(onePipe{conn: server})
	conn, err := meter.Listener().Accept()
	require.NoError(t, err)
	defer conn.Close()
	counting := &conn.(*meteredConn).mu
	counting.Lock() // the heads are looked for, and for long
	var reading sync.WaitGroup
	reading.Go(func() { _, _ = conn.Read(make([]byte, 100)) })
	_, err = io.WriteString(client, head)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return meter.Tap().Counters().In == int64(len(head))
	}, time.Minute, time.Millisecond, "the bytes are read")
	assert.Zero(t, meter.Count().In)
	counting.Unlock()
	reading.Wait()
	n := meter.Count()
	assert.EqualValues(t, len(head), n.In)
	assert.EqualValues(t, len(head), n.HeadersIn)
	assert.EqualValues(t, 1, n.Requests)
}
