package compare

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/feed"
	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
)

// scripted is a server, and the sender beside its clients. The clients receive a message at once.
// The sender's own copies wait until the server is asked for its figures: they cross after it has
// taken them, and before it answers.
type scripted struct {
	tally *tally
	waits time.Time // no copy crosses before

	mu     sync.Mutex
	counts Snapshot
	copies [][]byte
}

func (s *scripted) Send(_ context.Context, message []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.Beside.In += int64(len(message))
	s.copies = append(s.copies, message)
	for client := range s.tally.heard {
		s.counts.Out += int64(len(message))
		s.tally.hear(client, textOf(message))
	}
	return nil
}

func (s *scripted) Close() {}

func (s *scripted) figures() Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.counts
	if time.Now().Before(s.waits) {
		return now
	}
	for _, message := range s.copies {
		s.counts.Beside.Out += int64(len(message))
		s.tally.hearAside(textOf(message))
	}
	s.copies = nil
	return now
}

func textOf(message []byte) string {
	var m feed.Message
	_ = json.Unmarshal(message, &m)
	return m.Text
}

// serve answers the questions of a turn.
func (s *scripted) serve(questions io.Reader, answers io.Writer) {
	for all := bufio.NewScanner(questions); all.Scan(); {
		_ = json.NewEncoder(answers).Encode(s.figures())
	}
}

// The server's figures at the end of a turn include the bytes of each message that is counted, so
// that no framing is below zero.
func TestTheFiguresIncludeWhatTheSenderReceived(t *testing.T) {
	c := small(Feed, "websocket")
	c.Net = netsim.Link{RTT: time.Millisecond}
	c.Interval = 101 * time.Millisecond // no live figures when the wait ends
	sent := len(c.schedule(c.Seed, 0))
	wait := drainTimeout + c.Interval + c.timeout()
	for name, script := range map[string]struct {
		waits time.Duration
		heard int
	}{
		"late":     {0, sent},
		"too late": {c.Duration + wait, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				questions, in := io.Pipe()
				out, answers := io.Pipe()
				s := &scripted{waits: time.Now().Add(script.waits)}
				var serving sync.WaitGroup
				serving.Go(func() { s.serve(questions, answers) })
				server := &server{in: in, answers: bufio.NewReader(out), wait: serving.Wait}
				defer server.close()
				turn := c.turn(server, lesson.Lane{Name: "websocket"}, Step{Transport: "websocket"},
					func(Live) {})
				s.tally = turn.tally
				turn.clients.hears = true
				turn.clients.publisher = &peer{client: s, load: c.Load, shots: turn.tally.shots}
				require.NoError(t, turn.run(t.Context()))
				assert.Equal(t, script.heard, turn.trial.aside)
				r := c.report([]trial{turn.trial}).Results[0]
				assert.Equal(t, sent*c.Clients, r.Messages)
				assert.InDelta(t, 0, r.Bytes.Framing, 1e-9)
			})
		})
	}
}
