package sioclient_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sioclient"
)

// slow is a server that answers CONNECT, then takes one piece of what the client writes per second,
// and nothing while it is stopped.
type slow struct {
	net.Listener
	begun, stopped atomic.Bool
	bytes          atomic.Int64
}

type slowConn struct {
	net.Conn
	server *slow
}

func (s *slow) Accept() (net.Conn, error) {
	conn, err := s.Listener.Accept()
	return slowConn{conn, s}, err
}

func (c slowConn) Read(b []byte) (int, error) {
	if c.server.begun.Load() {
		time.Sleep(time.Second)
	}
	for c.server.stopped.Load() {
		time.Sleep(time.Second)
	}
	return c.Conn.Read(b)
}

func (s *slow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	conn.WriteMessage(websocket.TextMessage,
		[]byte(`0{"sid":"x","upgrades":[],"pingInterval":10000000,"pingTimeout":10000000,"maxPayload":100000}`))
	conn.ReadMessage()
	conn.WriteMessage(websocket.TextMessage, []byte(`40{"sid":"y"}`))
	s.begun.Store(true)
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return
		}
		s.bytes.Add(int64(len(data)))
	}
}

func TestASlowServerIsWaitedForAndAStoppedOneGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := newPipes()
		s := &slow{Listener: listener}
		server := &http.Server{Handler: s}
		go server.Serve(s)
		defer func() { // and wait until the server has noticed
			s.stopped.Store(false)
			server.Close()
			time.Sleep(time.Minute)
		}()
		lost := make(chan error, 1)
		client, err := sioclient.Dial(t.Context(), "http://slow", sioclient.Config{
			Transports: []string{sioclient.WebSocket}, NetDialContext: listener.dial,
			NoReconnect: true, Log: quiet,
			Setup: func(s *sioclient.Socket) {
				s.OnDisconnect(func(reason sioclient.Reason, err error) {
					assert.Equal(t, sioclient.TransportError, reason)
					lost <- err
				})
			},
		})
		require.NoError(t, err)
		defer client.Close()

		began := time.Now()
		for range 2 {
			require.NoError(t, client.Emit("part", strings.Repeat("x", 100<<10)))
		}
		require.NoError(t, client.Flush(t.Context()))
		assert.Greater(t, time.Since(began), 2*time.Minute, "the link is slow")
		synctest.Wait()
		assert.Zero(t, client.Queued())
		time.Sleep(time.Minute)
		assert.Greater(t, s.bytes.Load(), int64(200<<10))
		require.True(t, client.Connected())

		s.stopped.Store(true)
		time.Sleep(time.Minute)
		stopped := time.Now()
		require.NoError(t, client.Emit("part", strings.Repeat("x", 20<<10)))
		assert.ErrorIs(t, client.Flush(t.Context()), sioclient.ErrDisconnected)
		assert.Error(t, <-lost)
		assert.LessOrEqual(t, time.Since(stopped), time.Minute)
	})
}

// reluctant is a server that answers CONNECT, and reads on only when it is released.
func reluctant(released <-chan struct{}) http.HandlerFunc {
	const open = `0{"sid":"x","upgrades":[],"pingInterval":1000000,"pingTimeout":1000000,"maxPayload":100000}`
	var posts, polls atomic.Int64
	connect := make(chan bool, 1)
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Query().Get("transport") == "websocket":
			conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
			if err != nil {
				return
			}
			defer conn.Close()
			conn.WriteMessage(websocket.TextMessage, []byte(open))
			conn.ReadMessage()
			conn.WriteMessage(websocket.TextMessage, []byte(`40{"sid":"y"}`))
			<-released
			for err == nil {
				_, _, err = conn.ReadMessage()
			}
		case r.URL.Query().Get("sid") == "":
			io.WriteString(w, open)
		case r.Method == http.MethodPost:
			if posts.Add(1) == 1 {
				connect <- true
			} else {
				<-released
			}
			io.Copy(io.Discard, r.Body)
			io.WriteString(w, "ok")
		case polls.Add(1) == 1:
			<-connect
			io.WriteString(w, `40{"sid":"y"}`)
		default:
			<-r.Context().Done()
		}
	}
}

func TestEmitIsRefusedWhileTooMuchWaits(t *testing.T) {
	const bound = 1 << 20
	part := strings.Repeat("x", 64<<10)
	fill := func(t *testing.T, s *sioclient.Socket) {
		for range 2 * bound / len(part) {
			if err := s.Emit("part", part); err != nil {
				require.ErrorIs(t, err, sioclient.ErrQueueFull)
				assert.GreaterOrEqual(t, s.Queued(), bound)
				assert.Less(t, s.Queued(), bound+2*len(part))
				_, err = s.EmitWithAck(bounded(t), "part")
				assert.ErrorIs(t, err, sioclient.ErrQueueFull)
				return
			}
		}
		assert.Fail(t, "never full")
	}
	for _, transport := range []string{sioclient.WebSocket, sioclient.Polling} {
		t.Run(transport, func(t *testing.T) {
			listener, released := newPipes(), make(chan struct{})
			release := sync.OnceFunc(func() { close(released) })
			server := &http.Server{Handler: reluctant(released)}
			go server.Serve(listener)
			defer server.Close()
			defer release()
			s := dial(t, "http://reluctant", sioclient.Config{
				Transports: []string{transport}, NetDialContext: listener.dial, MaxQueue: bound,
				NoReconnect: true, Log: quiet,
			})
			fill(t, s)
			full, cancel := context.WithCancel(t.Context())
			cancel()
			assert.ErrorIs(t, s.Flush(full), context.Canceled)
			release()
			require.NoError(t, s.Flush(bounded(t)))
			assert.Zero(t, s.Queued())
			assert.NoError(t, s.Emit("part", part))
		})
	}
	for _, retries := range []int{0, 1} {
		s, err := sioclient.New("http://nowhere",
			sioclient.Config{MaxQueue: bound, Retries: retries, Log: quiet})
		require.NoError(t, err)
		fill(t, s)
		assert.ErrorIs(t, s.Flush(t.Context()), sioclient.ErrDisconnected)
		s.Close()
	}
}
