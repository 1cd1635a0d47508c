// Package browserclient compares our browser client with the official one: the same scenario runs
// with each client in the same browser, against the official server, and all observations must be
// equal. The scenarios are in ../node/scenarios.
package browserclient

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
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

func newLab(t *testing.T, browser *labtest.Browser) *lab {
	t.Helper()
	return &lab{url: node.Start(t, "lab.mjs", node.Client(t)), browser: browser}
}

// A scenario of ../node/scenarios, for the file of the client that bundle names. If our client
// differs from the official one on purpose, Differs holds our client's log, and the official one
// fails.
type scenario struct {
	Name, Bundle string
	Differs      []string
}

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

// observed holds the log of one run of a scenario: a line of JSON for each observation.
type observed struct {
	Client  []string `json:"client"`
	Server  []string `json:"server"`
	Failure string   `json:"failure"` // why the scenario broke off
}

func (l *lab) tab(t *testing.T) *labtest.Tab {
	t.Helper()
	tab := l.browser.Tab(t)
	tab.AllowNetworkErrors()
	tab.Allow("in a listener") // the exception that one scenario throws
	// Chromium's message when the official client sends while its connection is being lost
	tab.Allow("WebSocket is already in CLOSING or CLOSED state")
	// and when its WebTransport does not connect
	tab.Allow("WebTransportError: Opening handshake failed")
	return tab
}

// load opens a page that plays scenarios with the client at that path.
func (l *lab) load(tab *labtest.Tab, client string) {
	tab.Open(l.url + "/page/lab/page.html?" +
		url.Values{"control": {l.url}, "client": {client}}.Encode())
	tab.WaitFor("globalThis.ready")
}

// run plays a scenario in a page that has loaded the client at that path.
func (l *lab) run(t *testing.T, tab *labtest.Tab, scenario, client string) observed {
	t.Helper()
	l.load(tab, client)
	name, err := json.Marshal(scenario)
	require.NoError(t, err)
	return labtest.Eval[observed](tab, "run("+string(name)+")")
}

func TestSameAsTheOfficialClient(t *testing.T) { labtest.InEveryEngine(t, sameAsTheOfficialClient) }

// inEveryEngine names the scenarios that depend on the browser's own network code or values. The
// others run in Chromium only: they would take minutes more.
var inEveryEngine = []string{
	"connect and upgrade", "polling only", "websocket only", "a server that is not there",
	"an answer that refuses",
	"withCredentials", "the page goes away", "the network goes away", "values of every kind",
	"acks with a timeout",
	"binary, nested", "Blob and File", "binary through the upgrade", "forceBase64",
	"the server restarts", "recovery",
	"the server aborts a WebSocket", "engine events", "closing during the upgrade",
	"malformed: no such type",
	"malformed: a placeholder of no attachment", "malformed: an Engine.IO type",
	"msgpack, events and acks", "msgpack, malformed",
}

func sameAsTheOfficialClient(t *testing.T, browser *labtest.Browser) {
	l := newLab(t, browser)
	all := l.scenarios(t)
	for _, name := range inEveryEngine {
		require.True(t, slices.ContainsFunc(all, func(s scenario) bool {
			return s.Name == name
		}), "no scenario is called %q", name)
	}
	for _, scenario := range all {
		if browser.Engine != labtest.Chromium && !slices.Contains(inEveryEngine, scenario.Name) {
			continue
		}
		t.Run(scenario.Name, func(t *testing.T) {
			t.Parallel()
			tab := l.tab(t)
			want := l.run(t, tab, scenario.Name, official+scenario.Bundle)
			if scenario.Differs != nil {
				require.NotEmpty(t, want.Failure, "the official client no longer differs")
				want.Client = scenario.Differs
			} else {
				require.Empty(t, want.Failure, "the official client fails in this scenario: %s",
					strings.Join(want.Client, "\n"))
			}
			require.NotEmpty(t, append(want.Client, want.Server...), "nothing was observed")
			got := l.run(t, tab, scenario.Name, ours+scenario.Bundle)
			require.Empty(t, got.Failure, "%s\n%s", strings.Join(got.Client, "\n"),
				strings.Join(got.Server, "\n"))
			assert.Equal(t, want.Client, got.Client, "on the client")
			if scenario.Differs == nil {
				assert.Equal(t, want.Server, got.Server, "on the server")
			}
		})
	}
}

func TestEveryBundleConnects(t *testing.T) { labtest.InEveryEngine(t, everyBundleConnects) }

func everyBundleConnects(t *testing.T, browser *labtest.Browser) {
	l := newLab(t, browser)
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

// TestDebugLog: localStorage.debug turns on the log of the same namespaces as with the official
// client.
func TestDebugLog(t *testing.T) { labtest.InEveryEngine(t, debugLog) }

func debugLog(t *testing.T, browser *labtest.Browser) {
	l := newLab(t, browser)
	tab := l.tab(t)
	tab.Open(l.url + "/page/lab/page.html")
	// of the lines so far, the namespaces
	const namespaces = `[...new Set(logged.map((args) => args[0].match(/%c([\w.:-]+) /)[1]))].sort()`
	for _, pattern := range []string{"*", "socket.io-client:*",
		"engine.io-client:*, -engine.io-client:polling", "other", ""} {
		labtest.Eval[any](tab, `localStorage.setItem("debug", `+strconv.Quote(pattern)+`)`)
		seen := map[string][]string{}
		for _, client := range []string{official + "socket.io.js", ours + "socket.io.js"} {
			l.load(tab, client)
			labtest.Eval[any](tab,
				`(globalThis.logged = [], console.debug = (...args) => { logged.push(args); }, null)`)
			got := labtest.Eval[observed](tab, `run("connect and upgrade")`)
			require.Empty(t, got.Failure)
			seen[client] = labtest.Eval[[]string](tab, namespaces)
		}
		// the official bundle leaves out the log of the layers below
		assert.Subset(t, seen[ours+"socket.io.js"], seen[official+"socket.io.js"],
			"localStorage.debug = %q", pattern)
		assert.NotContains(t, seen[ours+"socket.io.js"],
			strings.TrimPrefix(pattern, "engine.io-client:*, -"))
		assert.Equal(t, pattern == "other" || pattern == "", len(seen[ours+"socket.io.js"]) == 0,
			"localStorage.debug = %q", pattern)
	}
}

func TestModulesInNode(t *testing.T) {
	node.Client(t)
	node.Test(t, "client-codec.test.mjs", "client-node.test.mjs", "client-package.test.mjs")
}
