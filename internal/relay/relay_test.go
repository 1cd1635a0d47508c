package relay_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/relay"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start puts a relay in front of a server, and returns its address.
func start(t *testing.T, server string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := relay.Start(relay.Config{Listener: l, Dial: relay.To(server),
		Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return l.Addr().String()
}

// echoServer sends everything back once its client has ended its half.
func echoServer(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				all, _ := io.ReadAll(c)
				c.Write(all)
			}()
		}
	}()
	return l.Addr().String()
}

func TestBytesPassUnchangedAndHalvesCloseAlone(t *testing.T) {
	conn, err := net.Dial("tcp", start(t, echoServer(t)))
	require.NoError(t, err)
	defer conn.Close()
	sent := make([]byte, 3<<20)
	rand.Read(sent)
	_, err = conn.Write(sent)
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	got, err := io.ReadAll(conn)
	require.NoError(t, err)
	assert.Equal(t, sent, got)
}

// TestClientThatNeverEnds: a server ends a silent client's connection, as its deadlines say, and
// the client keeps its half open.
func TestClientThatNeverEnds(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer server.Close()
	go func() {
		if c, err := server.Accept(); err == nil {
			io.WriteString(c, "408")
			c.Close()
		}
	}()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan struct{})
	r := relay.Start(relay.Config{Listener: closeListener{l, ended},
		Dial: relay.To(server.Addr().String()), Linger: 100 * time.Millisecond,
		Log: slog.New(slog.DiscardHandler)})
	defer r.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	assert.Equal(t, "408", string(answer))
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("the relay keeps the connection")
	}
}

// closeListener signals when its first connection is closed.
type closeListener struct {
	net.Listener
	closed chan struct{}
}

func (l closeListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &closeConn{c.(*net.TCPConn), sync.OnceFunc(func() { close(l.closed) })}, nil
}

type closeConn struct {
	*net.TCPConn
	tell func()
}

func (c *closeConn) Close() error {
	c.tell()
	return c.TCPConn.Close()
}

// TestManyClientsWithoutAServer: a client that tries again and again is closed each time, and the
// log has one line.
func TestManyClientsWithoutAServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var log bytes.Buffer
	r := relay.Start(relay.Config{Listener: l, Dial: relay.To("127.0.0.1:1"),
		Log: slog.New(slog.NewTextHandler(&log, nil))})
	for range 20 {
		conn, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		_, err = conn.Read(make([]byte, 1))
		assert.ErrorIs(t, err, io.EOF)
		conn.Close()
	}
	require.NoError(t, r.Close())
	assert.Equal(t, 1, strings.Count(log.String(), "cannot reach the server"), log.String())
}

// TestResetEndsOpenConnections: the relay still accepts new connections.
func TestResetEndsOpenConnections(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := relay.Start(relay.Config{Listener: l, Dial: relay.To(echoServer(t)),
		Log: slog.New(slog.DiscardHandler)})
	defer r.Close()
	for range 2 {
		conn, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		_, err = conn.Write([]byte("x"))
		require.NoError(t, err)
		conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		ended := make(chan error)
		go func() {
			_, err := conn.Read(make([]byte, 1))
			ended <- err
		}()
		for end := false; !end; { // the relay may not have accepted it yet
			r.Reset()
			select {
			case err := <-ended:
				assert.Error(t, err)
				assert.NotErrorIs(t, err, os.ErrDeadlineExceeded)
				end = true
			case <-time.After(5 * time.Millisecond):
			}
		}
		conn.Close()
	}
}

func TestCloseEndsWhatIsOpen(t *testing.T) {
	server := echoServer(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := relay.Start(relay.Config{Listener: l, Dial: relay.To(server),
		Log: slog.New(slog.DiscardHandler)})
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	io.WriteString(conn, "never ended")
	require.NoError(t, r.Close())
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	_, err = conn.Read(make([]byte, 1))
	assert.Error(t, err)
}
