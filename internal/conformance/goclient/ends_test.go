package goclient

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sioclient"
)

func TestAnswersEveryHeartbeat(t *testing.T) {
	server := startOfficial(t, map[string]any{"pingInterval": 50, "pingTimeout": 5000})
	eachTransport(t, func(t *testing.T, c sioclient.Config) {
		s := dial(t, server.Server, c)
		transportOf(t, s, c)
		id, before := s.ID(), len(server.saw(t, "heartbeat"))
		server.eventually(t, "heartbeat", before+3)
		assert.True(t, s.Connected())
		assert.Equal(t, id, s.ID())
	})
}

func TestSilentServerIsAPingTimeout(t *testing.T) {
	server := startOfficial(t, map[string]any{"pingInterval": 200, "pingTimeout": 1000})
	eachTransport(t, func(t *testing.T, c sioclient.Config) {
		s := dial(t, server.Server, c)
		transportOf(t, s, c)
		why, again := reasons(s), connects(s)
		server.do(t, "mute")
		assert.Equal(t, sioclient.PingTimeout, next(t, why))
		next(t, again)
	})
}

func TestServerDisconnects(t *testing.T) {
	server := startOfficial(t, nil)
	for what, whole := range map[string]bool{"the namespace": false, "the connection": true} {
		t.Run(what, func(t *testing.T) {
			each := eachTransport
			if whole {
				// over WebTransport, the official server may end the session before its last packet
				// is out
				each = func(t *testing.T, f func(*testing.T, sioclient.Config)) {
					overEach(t, overHTTP, f)
				}
			}
			each(t, func(t *testing.T, c sioclient.Config) {
				s := dial(t, server.Server, c)
				// before the function of reasons, which lets this test open it again
				s.OnDisconnect(func(sioclient.Reason, error) { assert.False(t, s.Active()) })
				why, again := reasons(s), connects(s)
				require.NoError(t, s.Emit("kick", whole))
				assert.Equal(t, sioclient.ServerDisconnect, next(t, why))
				s.Open()
				next(t, again)
				_, err := s.EmitWithAck(timeout(t), "echo", 1)
				require.NoError(t, err)
			})
		})
	}
}

func TestConnectAtOnceAfterDisconnect(t *testing.T) {
	server := startOfficial(t, nil)
	eachTransport(t, func(t *testing.T, c sioclient.Config) {
		s := dial(t, server.Server, c)
		why, again := reasons(s), connects(s)
		for range 10 {
			s.Disconnect()
			assert.False(t, s.Connected())
			s.Open()
			assert.Equal(t, sioclient.ClientDisconnect, next(t, why))
			next(t, again)
		}
	})
}

func TestDisconnectBeforeTheAnswerToConnect(t *testing.T) {
	server := startOfficial(t, nil)
	manager, err := sioclient.NewManager(server.Server, fast)
	require.NoError(t, err)
	t.Cleanup(manager.Close)
	require.NoError(t, manager.Socket("/").Connect(timeout(t)))
	for range 20 {
		chat := manager.Socket("/chat")
		require.NoError(t, chat.Emit("n", 1))
		chat.Open()
		chat.Disconnect()
	}
	_, err = manager.Socket("/").EmitWithAck(timeout(t), "echo", 1)
	require.NoError(t, err)
	assert.False(t, manager.Socket("/chat").Connected())
	require.Eventually(t, func() bool {
		in, out := 0, 0
		for _, entry := range server.saw(t, "connection") {
			if entry[0] == "/chat" {
				in++
			}
		}
		for _, entry := range server.saw(t, "disconnect") {
			if entry[0] == "/chat" {
				out++
			}
		}
		return in == out
	}, waitTimeout, 10*time.Millisecond, "the server still has sockets that the client has left")
}

func TestWhatWasSentBeforeCloseArrives(t *testing.T) {
	server := startOfficial(t, nil)
	eachTransport(t, func(t *testing.T, c sioclient.Config) {
		const times = 30
		before, left := len(server.saw(t, "message")), len(server.saw(t, "disconnect"))
		want := []string{}
		for n := range times {
			s, err := sioclient.Dial(timeout(t), server.Server, c)
			require.NoError(t, err)
			// to meet the upgrade at each of its steps
			time.Sleep(time.Duration(n) * time.Millisecond / 5)
			require.NoError(t, s.Emit("n", n))
			s.Close()
			want = append(want, fmt.Sprintf(`2["n",%d]`, n), "1")
		}
		server.eventually(t, "disconnect", left+times)
		got := []string{}
		for _, message := range server.saw(t, "message")[before:] {
			got = append(got, message[0].(string))
		}
		assert.Equal(t, want, got)
	})
}

func TestComesBackAfterARestart(t *testing.T) {
	server := startOfficial(t, nil)
	over(t, func(t *testing.T, c sioclient.Config) {
		manager, err := sioclient.NewManager(server.Server, c)
		require.NoError(t, err)
		attempts, came, failures := make(chan int, 100), make(chan int, 100), make(chan error, 100)
		manager.OnReconnectAttempt(func(n int) { attempts <- n })
		manager.OnReconnect(func(n int) { came <- n })
		manager.OnReconnectError(func(err error) { failures <- err })
		t.Cleanup(manager.Close)
		s := manager.Socket("/")
		require.NoError(t, s.Connect(timeout(t)))
		first := s.ID()
		why := reasons(s)

		server.do(t, "stop")
		assert.Contains(t, []sioclient.Reason{sioclient.TransportClose, sioclient.TransportError},
			next(t, why))
		assert.True(t, s.Active())
		before := len(server.saw(t, "n"))
		for n := range 3 {
			require.NoError(t, s.Emit("n", n))
		}
		require.NoError(t, s.EmitVolatile("n", "volatile"))
		require.Error(t, next(t, failures))
		assert.Equal(t, 1, next(t, attempts))
		server.do(t, "start")
		assert.GreaterOrEqual(t, next(t, came), 2)
		_, err = s.EmitWithAck(timeout(t), "n", 3)
		require.NoError(t, err)
		assert.NotEqual(t, first, s.ID())
		assert.False(t, s.Recovered())
		assert.Equal(t, [][]any{{0.0}, {1.0}, {2.0}, {3.0}}, server.saw(t, "n")[before:])
	})
}

func TestGivesUpAfterItsAttempts(t *testing.T) {
	server := startOfficial(t, nil)
	config := fast
	config.ReconnectionAttempts = 2
	manager, err := sioclient.NewManager(server.Server, config)
	require.NoError(t, err)
	t.Cleanup(manager.Close)
	failed, attempts := make(chan bool, 10), make(chan int, 10)
	manager.OnReconnectAttempt(func(n int) { attempts <- n })
	manager.OnReconnectFailed(func() { failed <- true })
	s := manager.Socket("/")
	require.NoError(t, s.Connect(timeout(t)))
	server.do(t, "stop")
	next(t, failed)
	assert.Len(t, attempts, 2)

	server.do(t, "start")
	again := connects(s)
	s.Open()
	next(t, again)
}

func TestRecoveryThatComesTooLate(t *testing.T) {
	server := startOfficial(t,
		map[string]any{"connectionStateRecovery": map[string]any{"maxDisconnectionDuration": 1}})
	s := dial(t, server.Server, fast)
	again := connects(s)
	id := s.ID()
	server.ask(t, "tell", url.Values{"text": {"x"}}, nil)
	server.do(t, "cut")
	assert.NotEqual(t, id, next(t, again))
	assert.False(t, s.Recovered())
}
