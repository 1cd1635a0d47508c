// Package load tests the load generator with other people's servers, and compares it with the load
// script in the documentation of Socket.IO.
//
//	go test -run SideBySide ./internal/conformance/load -v -clients 2000
package load

import (
	"context"
	"encoding/json"
	"flag"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/internal/labtest"
	"realtimelab/internal/labtest/need"
	"realtimelab/internal/load"
)

func TestMain(m *testing.M) { labtest.Main(m) }

var clients = flag.Int("clients", 200, "clients of the load script and of lab load, side by side")

func run(t *testing.T, c load.Config) *load.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c.Arrivals, c.Grace = 200, 20*time.Second
	r, err := load.Run(ctx, c, nil)
	require.NoError(t, err)
	return r
}

func TestOfficialServer(t *testing.T) {
	url := node.Start(t, "load-server.mjs")
	socketIO := load.Config{URL: url, Clients: 20, Duration: time.Second, Rate: 50}
	for name, change := range map[string]func(*load.Config){
		"publish": func(c *load.Config) { c.Profile = load.Publish },
		"polling": func(c *load.Config) {
			c.Profile, c.As = load.Publish, load.SocketIOPolling
		},
		"upgrade":     func(c *load.Config) { c.Profile, c.Upgrade = load.Publish, true },
		"Engine.IO 3": func(c *load.Config) { c.Profile, c.EIO = load.Publish, 3 },
		"emit":        func(c *load.Config) { c.Profile, c.Event = load.Emit, "question" },
		"rooms":       func(c *load.Config) { c.Profile, c.Event = load.Rooms, "say" },
		"ws": func(c *load.Config) {
			c.Profile, c.URL = load.Publish, "ws"+strings.TrimPrefix(url, "http")+"/ws"
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := socketIO
			change(&c)
			r := run(t, c)
			assert.Equal(t, 20, r.Clients.Held)
			assert.Positive(t, r.Messages.Sent)
			assert.Equal(t, r.Messages.Expected, r.Messages.Delivered)
			assert.Zero(t, r.Messages.Extra)
			assert.Empty(t, r.Failures)
			if name == "publish" || name == "ws" {
				assert.Equal(t, 20*r.Messages.Sent, r.Messages.Delivered)
			}
		})
	}
	t.Run("storm", func(t *testing.T) {
		c := socketIO
		c.Profile, c.Rate, c.Duration = load.Storm, 0, 4*time.Second
		r := run(t, c)
		assert.Equal(t, 20, r.Storm.Cut)
		assert.Equal(t, 20, r.Storm.Back)
	})
}

// Both connect the same number of clients to the official server, and each client sends one event a
// second. The clients' own CPU time is measured while all are connected.
func TestSideBySide(t *testing.T) {
	need.Time(t)
	const stay = 5
	number := func(server *node.Script, line string) float64 {
		v, err := strconv.ParseFloat(server.Ask(line), 64)
		require.NoError(t, err)
		return v
	}

	server, url := node.Talk(t, "load-server.mjs")
	script, line := node.Talk(t, "load-script.mjs", url, strconv.Itoa(*clients), "5", "0", "1000",
		strconv.Itoa(stay))
	var first, last struct {
		Connected int
		CPU, RSS  float64
	}
	require.NoError(t, json.Unmarshal([]byte(line), &first))
	assert.EqualValues(t, first.Connected, number(server, "clients"))
	before := number(server, "cpu")
	require.NoError(t, json.Unmarshal([]byte(script.Line()), &last))
	theirServer := number(server, "cpu") - before
	script.Stop()
	assert.Equal(t, *clients, last.Connected)

	server, url = node.Talk(t, "load-server.mjs")
	before = 0
	r, err := load.Run(t.Context(), load.Config{URL: url, Profile: load.Publish, Clients: *clients,
		Arrivals: 200, Event: "client to server event", Rate: float64(*clients),
		Receivers: load.Sender, Grace: time.Millisecond, Duration: stay * time.Second, Size: 32},
		func(l load.Live) {
			if l.Phase == "measure" && before == 0 {
				before = number(server, "cpu")
			}
		})
	require.NoError(t, err)
	ourServer := number(server, "cpu") - before
	assert.Equal(t, *clients, r.Clients.Held)
	assert.GreaterOrEqual(t, number(server, "peak"), float64(*clients))

	n := float64(*clients)
	t.Logf("load script: %d clients, %.1f µs of CPU per client and second, %.1f KiB per client "+
		"(process %.0f MiB), server %.2f s", last.Connected,
		1e6*(last.CPU-first.CPU)/stay/n, last.RSS/1024/n, last.RSS/(1<<20), theirServer/1e6)
	t.Logf("lab load:    %d clients, %.1f µs of CPU per client and second, %.1f KiB per client "+
		"(process %.0f MiB), server %.2f s", r.Clients.Held,
		1e6*r.Generator.CPUs/n, r.Generator.PerClient, r.Generator.Memory, ourServer/1e6)
}
