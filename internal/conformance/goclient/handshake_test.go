package goclient

import (
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sioclient"
)

func TestRetriesUntilAcknowledgedInOrder(t *testing.T) {
	server := startOfficial(t, nil)
	s := dial(t, server.Server, sioclient.Config{Retries: 100, AckTimeout: 100 * time.Millisecond})
	for n := range 3 {
		require.NoError(t, s.Emit("third time", n))
	}
	var seen []any
	require.Eventually(t, func() bool {
		seen = nil
		for _, entry := range server.saw(t, "third time") {
			seen = append(seen, entry[0])
		}
		return slices.Contains(seen, any(2.0))
	}, waitTimeout, 10*time.Millisecond)
	require.Greater(t, len(seen), 3)
	assert.Equal(t, []any{0.0, 0.0, 0.0}, seen[:3])
	// an acknowledgement that comes late is one more attempt
	assert.Equal(t, []any{0.0, 1.0, 2.0}, slices.Compact(seen))
}

func TestServerLearnsAuthQueryAndHeaders(t *testing.T) {
	server := startOfficial(t, map[string]any{"path": "/elsewhere/"})
	overEach(t, overHTTP, func(t *testing.T, c sioclient.Config) {
		c.Path, c.Query, c.Header = "/elsewhere/", url.Values{"token": {"a&b"}},
			http.Header{"X-Lab": {"yes"}}
		c.Auth = func() any { return map[string]string{"user": "文"} }
		before := len(server.saw(t, "connection"))
		dial(t, server.Server, c)
		entry := server.eventually(t, "connection", before+1)[before]
		assert.Equal(t, []any{"/", map[string]any{
			"recovered": false, "lab": "yes", "query": map[string]any{"token": "a&b"},
			"auth": map[string]any{"user": "文"},
		}}, entry)
	})
}

func TestQueryOfTheURL(t *testing.T) {
	server := startOfficial(t, nil)
	overEach(t, overHTTP, func(t *testing.T, c sioclient.Config) {
		before := len(server.saw(t, "connection"))
		dial(t, server.Server+"/chat?token=a%26b", c)
		entry := server.eventually(t, "connection", before+1)[before]
		assert.Equal(t, "/chat", entry[0])
		assert.Equal(t, map[string]any{"token": "a&b"}, entry[1].(map[string]any)["query"])
	})
}

func TestNamespacesShareOneConnection(t *testing.T) {
	server := startOfficial(t, nil)
	eachTransport(t, func(t *testing.T, c sioclient.Config) {
		main := dial(t, server.Server, c)
		chat := main.Manager().Socket("/chat")
		require.NoError(t, chat.Connect(timeout(t)))
		assert.NotEqual(t, main.ID(), chat.ID())
		assert.Equal(t, 1, server.clients(t))

		left := len(server.saw(t, "disconnect"))
		chat.Disconnect()
		assert.Equal(t, []any{"/chat", "client namespace disconnect"},
			server.eventually(t, "disconnect", left+1)[left])
		_, err := main.EmitWithAck(timeout(t), "echo", 1)
		require.NoError(t, err)
		main.Close()
		require.Eventually(t, func() bool {
			return server.clients(t) == 0
		}, waitTimeout, 10*time.Millisecond)
	})
}

func TestRefusedHandshake(t *testing.T) {
	server := startOfficial(t, nil)
	server.ask(t, "refuse", url.Values{"on": {"true"}}, nil)
	overEach(t, overHTTP, func(t *testing.T, c sioclient.Config) {
		c.NoReconnect = true
		_, err := sioclient.Dial(timeout(t), server.Server, c)
		assert.ErrorContains(t, err, "not you")
	})
}
