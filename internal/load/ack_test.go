package load

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
	"realtimelab/lessons/socketio/sio"
)

// serveSockets serves the sockets of a namespace.
func serveSockets(t *testing.T, namespace string, serve func(*sio.Socket)) (*sio.Namespace,
	string) {
	io := sio.NewServer(sio.Config{Log: slog.New(slog.DiscardHandler)})
	of := io.Of(namespace)
	of.OnConnection(serve)
	server := httptest.NewServer(io)
	t.Cleanup(func() {
		_ = io.Close(context.Background())
		server.Close()
	})
	return of, server.URL
}

// An event with the text of a message does not acknowledge it, over any transport.
func TestAnEchoIsNoAcknowledgement(t *testing.T) {
	_, url := serveSockets(t, "/", func(s *sio.Socket) {
		s.On("question", func(message any) { s.Emit("question", message) })
	})
	for _, as := range []string{SocketIO, SocketIOPolling} {
		c := small(url, Emit)
		c.Event, c.As, c.Grace, c.Fail = "question", as, 100*time.Millisecond,
			[]string{"missing>0", "p99>1h"}
		r := put(t, c)
		assert.Positive(t, r.Messages.Sent)
		assert.Zero(t, r.Messages.Delivered)
		assert.Zero(t, r.Messages.Extra)
		assert.Equal(t, r.Messages.Sent, r.Messages.Missing)
		assert.Len(t, r.Crossed(), 2)
		for _, language := range lang.All {
			var b strings.Builder
			require.NoError(t, r.Print(&b, language))
			assert.Contains(t, b.String(),
				language.Say("No acknowledgement came", "没有收到任何回执"))
			assert.NotContains(t, b.String(), "--receivers")
		}
	}
}

// A server that acknowledges and echoes is counted once for each message.
func TestAnAcknowledgementBesideAnEcho(t *testing.T) {
	_, url := serveSockets(t, "/", func(s *sio.Socket) {
		s.On("question", func(message any, ack sio.Ack) {
			s.Emit("question", message)
			ack(message)
		})
	})
	c := small(url, Emit)
	c.Event = "question"
	r := put(t, c)
	assert.Positive(t, r.Messages.Sent)
	assert.Equal(t, r.Messages.Sent, r.Messages.Delivered)
	assert.Zero(t, r.Messages.Extra)
}

// The echo or acknowledgement of a slow client is counted apart, like all its deliveries.
func TestSlowSendersMissNothing(t *testing.T) {
	_, url := serveSockets(t, "/", func(s *sio.Socket) {
		s.On("echo", func(message any) { s.Emit("echo", message) })
		s.On("question", func(message any, ack sio.Ack) { ack(message) })
	})
	for _, profile := range []string{Publish, Emit} {
		c := small(url, profile)
		c.Receivers, c.Slow, c.Event = Sender, 0.5, "echo"
		if profile == Emit {
			c.Event = "question"
		}
		r := put(t, c)
		assert.Less(t, r.Messages.Expected, r.Messages.Sent)
		assert.Positive(t, r.Messages.Delivered)
		assert.Zero(t, r.Messages.Missing, profile)
	}
}
