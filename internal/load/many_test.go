//go:build linux && !race

package load

import (
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest"
	"realtimelab/internal/labtest/need"
)

// As many clients as the system permits, up to 20,000, cost at most 6 KiB each, kernel memory
// excluded. All of them send, too.
func TestManyClients(t *testing.T) {
	need.Time(t)
	limit, known := openFiles()
	require.True(t, known)
	n := min(20_000, int(limit)-200)
	target := labtest.StartProgram(t)
	c := Config{URL: target, Profile: Publish, Clients: n, Arrivals: 2000, Rate: 2000,
		Receivers: Sender, Duration: 5 * time.Second, Grace: 30 * time.Second, Timeout: time.Minute}
	r := put(t, c)
	assert.Equal(t, n, r.Clients.Held, "%+v", r.Failures)
	assert.Equal(t, r.Messages.Expected, r.Messages.Delivered)
	if n >= 1000 {
		assert.Positive(t, r.Generator.PerClient)
		assert.LessOrEqual(t, r.Generator.PerClient, 6.0, "KiB")
	}
	t.Logf("%d clients, %.2f KiB each, %.0f MiB; %.2f CPUs; connect p99 %.1f ms; latency "+
		"p50 %.2f, p99 %.2f ms; lag p99 %.2f ms, of arrivals %.2f; %v", n, r.Generator.PerClient,
		r.Generator.Memory,
		r.Generator.CPUs, r.Connect.P99, r.Latency.P50, r.Latency.P99, r.Generator.LagP99,
		r.Generator.ArrivalLag, r.Generator.Bottleneck)
}

// Each 10,000 clients connect from another address, because one has too few ports.
func TestSourceAddresses(t *testing.T) {
	u, err := url.Parse(strings.Replace(serveBytes(t, ""), "http", "tcp", 1))
	require.NoError(t, err)
	c, err := Config{URL: "http://" + u.Host}.complete()
	require.NoError(t, err)
	at, err := c.resolve(t.Context())
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, client := range []int{0, 9_999, 10_000, 25_000} {
		conn, err := c.dialer(at, client).DialContext(t.Context(), "tcp", at.String())
		require.NoError(t, err)
		seen[conn.LocalAddr().(*net.TCPAddr).IP.String()] = true
		require.NoError(t, conn.Close())
	}
	assert.Contains(t, seen, "127.0.0.1")
	assert.Equal(t, map[string]bool{"127.0.0.1": true, "127.0.0.2": true, "127.0.0.3": true}, seen)
}
