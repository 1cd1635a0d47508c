package sioclient_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
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

// pipes is a listener whose connections stay in the process, so that a test's clock can be
// synctest's.
type pipes struct {
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func newPipes() *pipes { return &pipes{accepted: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.accepted:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.accepted <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// flood is a server that sends ten events at once, then a ping every 25 s until it is muted, and
// notes whether its client has ever sent nothing for as long as a server waits for a pong.
type flood struct {
	connect chan struct{} // closed when CONNECT has come
	muted   chan struct{}
	polls   int
	silent  atomic.Bool
	timeout *time.Timer
}

// heard notes a packet of the client, or that the session begins.
func (f *flood) heard() {
	if f.timeout == nil {
		f.timeout = time.AfterFunc(45*time.Second, func() { f.silent.Store(true) })
	}
	f.timeout.Reset(45 * time.Second)
}

const floodOpen = `0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":100000}`

func floodEvents() []string {
	packets := []string{`40{"sid":"y"}`}
	for n := range 10 {
		packets = append(packets, `42["n",`+strconv.Itoa(n)+`]`)
	}
	return packets
}

// ping waits until the next ping is due. It reports false if the server is muted first.
func (f *flood) ping() bool {
	select {
	case <-time.After(25 * time.Second):
		return true
	case <-f.muted:
		return false
	}
}

func (f *flood) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("transport") == "websocket" {
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		conn.WriteMessage(websocket.TextMessage, []byte(floodOpen))
		conn.ReadMessage()
		f.heard()
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			for {
				if _, _, err := conn.ReadMessage(); err != nil {
					return
				}
				f.heard()
			}
		}()
		for _, packet := range floodEvents() {
			conn.WriteMessage(websocket.TextMessage, []byte(packet))
		}
		for f.ping() {
			conn.WriteMessage(websocket.TextMessage, []byte("2"))
		}
		<-gone
		return
	}
	switch {
	case r.Method == http.MethodPost:
		f.heard()
		if body, _ := io.ReadAll(r.Body); string(body) == "40" {
			close(f.connect)
		}
		io.WriteString(w, "ok")
		return
	case r.URL.Query().Get("sid") == "":
		io.WriteString(w, floodOpen)
		return
	}
	f.polls++
	if f.polls == 1 {
		<-f.connect
		io.WriteString(w, strings.Join(floodEvents(), "\x1e"))
	} else if f.ping() {
		io.WriteString(w, "2")
	} else {
		<-r.Context().Done()
	}
}

func TestThePingTimeoutDoesNotRunWhileReadingIsPaused(t *testing.T) {
	for _, transport := range []string{sioclient.WebSocket, sioclient.Polling} {
		t.Run(transport, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				listener := newPipes()
				f := &flood{connect: make(chan struct{}), muted: make(chan struct{})}
				server := &http.Server{Handler: f}
				go server.Serve(listener)
				defer server.Close()
				mute := sync.OnceFunc(func() { close(f.muted) })
				defer mute()

				began := time.Now()
				got, lost := make(chan int, 10), make(chan sioclient.Reason, 1)
				s, err := sioclient.Dial(t.Context(), "http://flood", sioclient.Config{
					Transports: []string{transport}, NetDialContext: listener.dial, MaxPending: 2,
					NoReconnect: true, Log: quiet,
					Setup: func(s *sioclient.Socket) {
						s.On("n", func(n int) {
							time.Sleep(10 * time.Minute)
							got <- n
						})
						s.OnDisconnect(func(reason sioclient.Reason, _ error) { lost <- reason })
					},
				})
				require.NoError(t, err)
				defer s.Close()
				for n := range 10 {
					select {
					case m := <-got:
						require.Equal(t, n, m)
					case <-time.After(time.Hour):
						require.Fail(t, "the events have stopped", "before %d", n)
					}
				}
				assert.Equal(t, 100*time.Minute, time.Since(began),
					"the handlers have held the reading up")
				time.Sleep(5 * time.Minute)
				assert.True(t, s.Connected(), "the server pings")
				assert.False(t, f.silent.Load(),
					"the server is pinged back, also while nothing is read")

				mute()
				muted := time.Now()
				assert.Equal(t, sioclient.PingTimeout, <-lost)
				assert.LessOrEqual(t, time.Since(muted), 45*time.Second,
					"once it is read from, a silent server is noticed")
			})
		})
	}
}
