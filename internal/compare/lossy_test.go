package compare

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
)

// lossy returns a load over networks that lose one packet in twenty each way.
func lossy(workload string, transports ...string) Config {
	c := small(workload, transports...)
	c.Net = netsim.Link{RTT: 20 * time.Millisecond, Jitter: 4 * time.Millisecond, Loss: 0.05}
	c.Duration = 500 * time.Millisecond
	return c
}

// The transport sends lost packets again.
func TestLanesThatPromiseOrderKeepItOverALossyNetwork(t *testing.T) {
	need.Time(t)
	lanes := []string{"long-polling", "sse", "websocket", "socketio-websocket"}
	for _, workload := range []string{Chat, FanOut, Binary, Rooms, Ticker} {
		t.Run(workload, func(t *testing.T) {
			t.Parallel()
			c := lossy(workload, lanes...)
			switch workload {
			case FanOut:
				c.Clients = 6
			case Rooms:
				c.Clients = roomSize + 2
			case Binary:
				c.Size = 2000 // more than a packet
			}
			w := c.workload()
			c.Transports = nil
			for _, name := range lanes {
				if _, lane, _ := lesson.FindLane(runner.Lessons, name); w.needs() == "" ||
					w.way(lane).Dial != nil {
					c.Transports = append(c.Transports, name)
				}
			}
			require.GreaterOrEqual(t, len(c.Transports), 2)
			report, err := runner.Run(t.Context(), c, quiet)
			require.NoError(t, err)
			require.Len(t, report.Results, len(c.Transports))
			lost := 0
			for _, r := range report.Results {
				assert.Equal(t, c.deliveries(c.schedule(c.Seed, 0)), r.Messages, r.Transport)
				assert.Zero(t, r.Lost+r.Duplicated+r.Reordered+r.Misdirected, r.Transport)
				lost += r.Packets.Lost
			}
			assert.Positive(t, lost, "packets that the networks lost")
		})
	}
}

// A lost datagram is a lost message: no message is sent again, and none arrives twice.
func TestDatagramsOverALossyNetworkAreLostAndCounted(t *testing.T) {
	need.Time(t)
	for _, workload := range []string{Chat, FanOut, Ticker} {
		t.Run(workload, func(t *testing.T) {
			t.Parallel()
			c := lossy(workload, "webtransport-datagrams")
			c.Clients, c.Rate, c.Net.Loss = 4, 100, 0.1
			report, err := runner.Run(t.Context(), c, quiet)
			require.NoError(t, err)
			require.NoError(t, report.Faults())
			r := report.Results[0]
			assert.Equal(t, c.deliveries(c.schedule(c.Seed, 0)), r.Messages+r.Lost)
			assert.Positive(t, r.Lost)
			assert.Positive(t, r.Messages)
			assert.Zero(t, r.Duplicated)
		})
	}
}

// A lossy network does not lose the news that a QUIC connection has ended: a client without it
// would wait for its idle timeout, 30 s.
func TestEveryClientHearsOfTheCut(t *testing.T) {
	need.Time(t)
	c := lossy(Feed, "webtransport-datagrams")
	c.Clients, c.Net.Loss, c.Cut = 10, 0.2, 200*time.Millisecond
	report, err := runner.Run(t.Context(), c, quiet)
	require.NoError(t, err)
	recovery := report.Results[0].Recovery
	require.NotNil(t, recovery)
	assert.Zero(t, recovery.Never)
	assert.Less(t, recovery.Max, 25_000.0, "ms")
}
