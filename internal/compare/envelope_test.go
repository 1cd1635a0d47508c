package compare

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/feed"
	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lesson"
)

var messages = regexp.MustCompile(`\{"(?:id|at)":[^{}]*\}`)

// Every lane carries the same JSON messages to each client, byte for byte as long, and counts them
// as the same payload. Only framing and headers differ.
func TestEveryLaneCarriesTheSameMessages(t *testing.T) {
	need.Time(t)
	want := map[string]int{} // by text: the bytes of its message
	c := small(Feed, "websocket")
	shots := c.schedule(c.Seed, 0)
	for n := range shots {
		want[label{number: n}.text(c.Size)] = len(label{number: n}.message(c.Size, c.Clients))
	}
	payloads := map[string]float64{}
	for _, name := range namesOf(func(l lesson.Lane) bool { return !l.UDP && !l.Deflates }) {
		t.Run(name, func(t *testing.T) {
			turn, between := behindRelay(t, name, false)
			require.NoError(t, turn.connect(t.Context()))
			require.NoError(t, turn.run(t.Context()))
			turn.clients.close()

			between.mu.Lock()
			defer between.mu.Unlock()
			came := map[string]int{} // by text: how often
			for _, conn := range between.all {
				conn.mu.Lock()
				for _, found := range messages.FindAll(conn.out.Bytes(), -1) {
					var m feed.Message
					require.NoError(t, json.Unmarshal(found, &m), "%s", found)
					if size, scheduled := want[m.Text]; scheduled {
						assert.Len(t, found, size)
						came[m.Text]++
					}
				}
				conn.mu.Unlock()
			}
			for text := range want {
				assert.GreaterOrEqual(t, came[text], c.Clients,
					"to each client, and as the answer to a POST")
			}
			payloads[name] = float64(turn.trial.payload) / float64(turn.trial.delivered)
		})
	}
	for name, payload := range payloads {
		assert.InDelta(t, payloads["websocket"], payload, 1e-9, name)
	}
}

// Over a WebSocket the framing is known to the byte: a masked frame up, and for each delivery one
// without a mask down; Socket.IO adds 42["chat message",] to each.
func TestFramingOfWebSocketAndSocketIO(t *testing.T) {
	c := small(Feed, "websocket", "socketio-websocket")
	report, err := runner.Run(t.Context(), c, quiet)
	require.NoError(t, err)
	each := func(up, down float64) float64 { return down + up/float64(c.Clients) }
	event := float64(len(`42["chat message",]`))
	assert.InDelta(t, each(6, 2), report.Results[0].Bytes.Framing, 1e-9)
	assert.InDelta(t, each(6+event, 2+event), report.Results[1].Bytes.Framing, 1e-9)
	assert.InDelta(t, report.Results[0].Bytes.Payload, report.Results[1].Bytes.Payload, 1e-9)
}

// A question and its answer are the same message on every lane too.
func TestQuestionAndAnswerAreTheSameMessage(t *testing.T) {
	need.Time(t)
	report, err := runner.Run(t.Context(), small(Ack, everyLane()...), quiet)
	require.NoError(t, err)
	for _, r := range report.Results {
		assert.InDelta(t, report.Results[0].Bytes.Payload, r.Bytes.Payload, 1e-9, r.Transport)
		assert.Equal(t, r.Transport != "websocket-deflate", r.Bytes.Framing > 0,
			"%s: only compression takes bytes away", r.Transport)
	}
	// from #10 on a digit more
	question, acknowledgement := float64(len(`420["question",]`)), float64(len(`430[]`))
	framing := report.Results[len(report.Results)-1].Bytes.Framing
	assert.InDelta(t, 6+2+question+acknowledgement, framing, 2)
}
