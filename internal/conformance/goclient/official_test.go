package goclient

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/lessons/socketio/sioclient"
)

// waitTimeout bounds each wait, so that a hanging test is reported.
const waitTimeout = 20 * time.Second

// official is a process with the official server. It carries out commands: see
// ../node/official-server.mjs.
type official struct {
	Control, Server string
}

func startOfficial(t *testing.T, options map[string]any) *official {
	t.Helper()
	text, err := json.Marshal(options)
	require.NoError(t, err)
	o := new(official)
	require.NoError(t, json.Unmarshal([]byte(node.Start(t, "official-server.mjs", string(text))),
		o))
	return o
}

var controller = &http.Client{Transport: &http.Transport{DisableKeepAlives: true},
	Timeout: waitTimeout}

// ask sends the server a command, and decodes its answer into answer if that is not nil.
func (o *official) ask(t *testing.T, action string, query url.Values, answer any) {
	t.Helper()
	res, err := controller.Post(o.Control+"/"+action+"?"+query.Encode(), "", nil)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusOK, res.StatusCode, action)
	if answer != nil {
		require.NoError(t, json.NewDecoder(res.Body).Decode(answer))
	}
}

func (o *official) do(t *testing.T, action string) {
	t.Helper()
	o.ask(t, action, nil, nil)
}

func (o *official) clients(t *testing.T) (n int) {
	t.Helper()
	o.ask(t, "clients", nil, &n)
	return n
}

// saw lists the server's log entries of one kind, without the kind.
func (o *official) saw(t *testing.T, kind string) [][]any {
	t.Helper()
	var log [][]any
	o.ask(t, "log", nil, &log)
	found := [][]any{}
	for _, entry := range log {
		if entry[0] == kind {
			found = append(found, entry[1:])
		}
	}
	return found
}

// eventually waits until the server has logged want entries of a kind.
func (o *official) eventually(t *testing.T, kind string, want int) [][]any {
	t.Helper()
	var found [][]any
	require.Eventually(t, func() bool {
		found = o.saw(t, kind)
		return len(found) >= want
	}, waitTimeout, 10*time.Millisecond, "waiting for %d × %s", want, kind)
	return found
}

func timeout(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), waitTimeout)
	t.Cleanup(cancel)
	return ctx
}

// reasons receives the reasons for which a socket disconnects.
func reasons(s *sioclient.Socket) <-chan sioclient.Reason {
	heard := make(chan sioclient.Reason, 100)
	s.OnDisconnect(func(reason sioclient.Reason, _ error) { heard <- reason })
	return heard
}

// connects receives a value when a socket connects.
func connects(s *sioclient.Socket) <-chan string {
	heard := make(chan string, 100)
	s.OnConnect(func() { heard <- s.ID() })
	return heard
}

// over runs a test with each of the transports alone.
func over(t *testing.T, f func(t *testing.T, c sioclient.Config)) {
	for _, transport := range []string{sioclient.Polling, sioclient.WebSocket} {
		t.Run(transport, func(t *testing.T) {
			c := fast
			c.Transports = []string{transport}
			f(t, c)
		})
	}
}
