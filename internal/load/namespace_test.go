package load

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
	"realtimelab/lessons/socketio/sio"
)

// The path of the URL is the namespace, as in the official client, and the report names it.
func TestThePathOfTheURLIsTheNamespace(t *testing.T) {
	var connected atomic.Int64
	vip, url := serveSockets(t, "/vip", func(*sio.Socket) { connected.Add(1) })
	vip.Use(func(s *sio.Socket) error {
		var auth struct{ Token string }
		if s.Handshake().Auth(&auth) != nil || auth.Token != "gold" {
			return errors.New("wrong token")
		}
		return nil
	})
	for name, c := range map[string]Config{
		"path":    {URL: url + "/vip"},
		"flag":    {URL: url, Namespace: "/vip"},
		"both":    {URL: url + "/vip", Namespace: "/vip"},
		"polling": {URL: url + "/vip", As: SocketIOPolling},
		"upgrade": {URL: url + "/vip", Upgrade: true},
	} {
		t.Run(name, func(t *testing.T) {
			quick := small(c.URL, Idle)
			quick.Namespace, quick.As, quick.Upgrade, quick.Rate = c.Namespace, c.As, c.Upgrade, 0
			quick.Auth = []byte(`{"tokn":"gold"}`)
			_, err := Run(t.Context(), quick, nil)
			require.ErrorContains(t, err, "namespace refused: /vip")
			assert.ErrorContains(t, err, "wrong token")
			assert.ErrorContains(t, err, "--auth")
			assert.NotContains(t, err.Error(), "does not answer")

			connected.Store(0)
			quick.Auth = []byte(`{"token":"gold"}`)
			r := put(t, quick)
			assert.Equal(t, 10, r.Clients.Held)
			assert.EqualValues(t, 11, connected.Load(), "with the one of the check")
			assert.Equal(t, url+"/vip", r.Config.URL)
			assert.Contains(t, r.Heading(lang.English), url+"/vip (")
		})
	}
	_, err := Run(t.Context(), small(url+"/socket.io/", Idle), nil)
	assert.ErrorContains(t, err, "belongs into --path")
}

// A refusal of the namespace is a failed attempt, also if others are let in.
func TestRefusalsOfTheNamespaceAreCounted(t *testing.T) {
	vip, url := serveSockets(t, "/vip", func(*sio.Socket) {})
	var n atomic.Int64
	vip.Use(func(*sio.Socket) error {
		if n.Add(1)%2 == 0 {
			return errors.New("full")
		}
		return nil
	})
	c := small(url+"/vip", Idle)
	c.Rate, c.NoReconnect, c.Fail = 0, true, []string{"failed>0"}
	r := put(t, c)
	assert.Equal(t, 5, r.Clients.Held)
	assert.Equal(t, 5, r.Clients.Refused)
	require.Len(t, r.Failures, 1)
	assert.Equal(t, CauseRejected, r.Failures[0].Cause)
	assert.Equal(t, phaseConnect, r.Failures[0].Phase)
	assert.Len(t, r.Crossed(), 1)
}

func TestNamespacesThatCannotBe(t *testing.T) {
	for want, c := range map[string]Config{
		"leave one of them out": {URL: "http://127.0.0.1:1/vip", Namespace: "/admin"},
		"has no namespaces":     {URL: "ws://127.0.0.1:1/vip", Namespace: "/vip"},
		"has no handshake":      {URL: "ws://127.0.0.1:1/vip", Auth: []byte("{}")},
	} {
		assert.ErrorContains(t, c.Check(), want)
	}
	for _, fine := range []string{"ws://127.0.0.1:1/vip", "http://127.0.0.1:1/vip?token=7"} {
		c, err := Config{URL: fine}.complete()
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(c.target.RequestURI(), "/vip"), fine)
	}
}
