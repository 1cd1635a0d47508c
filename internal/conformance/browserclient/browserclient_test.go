// Package browserclient holds our browser client against the official one: the same scenario runs with each in the
// same Chromium, against the official server, and what can be observed must be equal. The scenarios are in ../node/scenarios.
package browserclient

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/internal/labtest"
)

const (
	ours     = "/page/ours/dist/"
	official = "/page/official/"
)

// A lab is the Node process that serves the scenarios, and the browser that plays them.
type lab struct {
	url     string
	browser *labtest.Browser
}

func newLab(t *testing.T) *lab {
	t.Helper()
	browser := labtest.NewBrowser(t)
	return &lab{url: node.Start(t, "lab.mjs", node.Client(t)), browser: browser}
}

// A scenario of ../node/scenarios, for the file of the client that bundle names.
type scenario struct{ Name, Bundle string }

func (l *lab) scenarios(t *testing.T) []scenario {
	t.Helper()
	res, err := http.Post(l.url+"/list", "", nil)
	require.NoError(t, err)
	defer http.DefaultClient.CloseIdleConnections()
	defer func() { _ = res.Body.Close() }()
	var list []scenario
	require.NoError(t, json.NewDecoder(res.Body).Decode(&list))
	return list
}

// observed is what one run of a scenario showed: a line of JSON for each thing seen.
type observed struct {
	Client  []string `json:"client"`
	Server  []string `json:"server"`
	Failure string   `json:"failure"` // why the scenario broke off
}

func (l *lab) tab(t *testing.T) *labtest.Tab {
	t.Helper()
	tab := l.browser.Tab(t)
	tab.AllowNetworkErrors()
	tab.Allow("in a listener") // the exception of one scenario
	// what Chromium says where the official client sends while its connection is being lost
	tab.Allow("WebSocket is already in CLOSING or CLOSED state")
	tab.Allow("WebTransportError: Opening handshake failed") // and where its WebTransport does not connect
	return tab
}

// run plays a scenario in a page that has loaded the client at that path.
func (l *lab) run(t *testing.T, tab *labtest.Tab, scenario, client string) observed {
	t.Helper()
	tab.Open(l.url + "/page/lab/page.html?" + url.Values{"control": {l.url}, "client": {client}}.Encode())
	tab.WaitFor("globalThis.ready")
	name, err := json.Marshal(scenario)
	require.NoError(t, err)
	return labtest.Eval[observed](tab, "run("+string(name)+")")
}

func TestSameAsTheOfficialClient(t *testing.T) {
	l := newLab(t)
	for _, scenario := range l.scenarios(t) {
		t.Run(scenario.Name, func(t *testing.T) {
			t.Parallel()
			tab := l.tab(t)
			want := l.run(t, tab, scenario.Name, official+scenario.Bundle)
			require.Empty(t, want.Failure, "the official client fails in this scenario: %s", strings.Join(want.Client, "\n"))
			require.NotEmpty(t, append(want.Client, want.Server...), "nothing was observed")
			got := l.run(t, tab, scenario.Name, ours+scenario.Bundle)
			require.Empty(t, got.Failure, "%s\n%s", strings.Join(got.Client, "\n"), strings.Join(got.Server, "\n"))
			assert.Equal(t, want.Client, got.Client, "on the client")
			assert.Equal(t, want.Server, got.Server, "on the server")
		})
	}
}

func TestEveryBundleConnects(t *testing.T) {
	l := newLab(t)
	for _, client := range []string{
		ours + "socket.io.js",
		ours + "socket.io.min.js",
		ours + "socket.io.esm.min.js",
		"/page/ours/index.js", // the modules as they are
	} {
		t.Run(client, func(t *testing.T) {
			got := l.run(t, l.tab(t), "connect and upgrade", client)
			require.Empty(t, got.Failure)
			require.Len(t, got.Server, 2)
		})
	}
}

func TestModulesInNode(t *testing.T) {
	node.Client(t)
	node.Test(t, "client-codec.test.mjs", "client-node.test.mjs")
}
