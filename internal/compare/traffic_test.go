package compare

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
	"realtimelab/internal/meter"
	"realtimelab/internal/netsim"
)

// A sender beside the server costs what a client costs that sends, so that a network changes no
// byte of a lane that polls nothing.
func TestBytesOverANetworkIncludeTheUpload(t *testing.T) {
	need.Time(t)
	c := small(Feed, "hanging", "sse", "sse-h2", "websocket", "socketio-websocket")
	c = measuring(c, own(t, "sse", "sse"), own(t, "ws-chat", "websocket"))
	for _, tls := range []bool{false, true} {
		if c.TLS = tls; tls {
			c.Transports, c.Servers = c.Transports[:5], nil
		}
		near, err := runner.Run(t.Context(), c, quiet)
		require.NoError(t, err)
		over := c
		over.Net = netsim.Link{RTT: 10 * time.Millisecond}
		far, err := runner.Run(t.Context(), over, quiet)
		require.NoError(t, err)
		for i, r := range near.Results {
			x := far.Results[i]
			require.Equal(t, r.Messages, x.Messages, r.Transport)
			assert.InDelta(t, r.Bytes.Payload, x.Bytes.Payload, 1e-9, r.Transport)
			assert.InEpsilon(t, r.BytesPerMessage, x.BytesPerMessage, 0.02, r.Transport)
			assert.InDelta(t, r.Bytes.Headers, x.Bytes.Headers, 0.02*r.BytesPerMessage, r.Transport)
			assert.InDelta(t, r.RequestsPerMessage, x.RequestsPerMessage, 1e-9, r.Transport)
		}
	}
}

func TestTheSendersOwnDeliveriesAreLeftOut(t *testing.T) {
	before := Snapshot{Counts: meter.Counts{In: 5, Out: 100}, Beside: meter.Counts{In: 7}}
	after := Snapshot{
		Counts: meter.Counts{In: 5, Out: 1100, HeadersOut: 200, Requests: 4}, // ten deliveries
		Beside: meter.Counts{In: 307, Out: 500, HeadersOut: 130, Requests: 3},
	}
	assert.Equal(t, traffic{bytes: 1000 + 800 - 500, headers: 200 + 130 - 100, requests: 4 + 3 - 2},
		whole(before, after, 10, 5))
	assert.Equal(t, traffic{bytes: 1000 + 800, headers: 200 + 130, requests: 4 + 3},
		whole(before, after, 10, 0), "a sender that hears nothing")
	after.Beside = before.Beside
	assert.Equal(t, traffic{bytes: 1000, headers: 200, requests: 4}, whole(before, after, 10, 0),
		"no sender beside the clients")
	assert.Equal(t, traffic{bytes: 1000, headers: 200, requests: 4}, whole(before, after, 10, 10),
		"never less than the clients' own")

	after = Snapshot{
		// as of a client that upgrades late
		Counts: meter.Counts{In: 5, Out: 1100, HeadersOut: 800},
		Beside: meter.Counts{In: 707},
	}
	assert.Equal(t, traffic{bytes: 800 + 200 + 700 - 100, headers: 800},
		whole(before, after, 10, 5), "headers of the clients are not subtracted from a payload")
}
