package sio_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/locked"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

func TestAClientCannotFillTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out locked.Buffer
		io := sio.NewServer(sio.Config{Log: slog.New(slog.NewTextHandler(&out, nil))})
		name := "\x1b[2J" + strings.Repeat("n", 5000)
		io.OnConnection(func(s *sio.Socket) {
			s.On(name, func(int) {})
			s.On("sync", func(ack sio.Ack) { ack() })
		})
		pipes := make(pipeListener)
		web := &http.Server{Handler: io}
		go web.Serve(pipes)

		s, err := sioclient.Dial(t.Context(), "http://in.memory",
			sioclient.Config{NetDialContext: pipes.dial, NoReconnect: true,
				Transports: []string{sioclient.WebSocket}})
		require.NoError(t, err)
		for range 1000 {
			require.NoError(t, s.Emit(name, "\x1b[31mred"))
		}
		_, err = s.EmitWithAck(t.Context(), "sync")
		require.NoError(t, err)
		text := out.String()
		assert.NotContains(t, text, "\x1b")
		assert.LessOrEqual(t, strings.Count(text, "\n"), 10)
		assert.Less(t, len(text), 10_000)
		s.Close()
		time.Sleep(time.Minute)
		assert.Contains(t, out.String(), "dropped=990")

		require.NoError(t, io.Close(t.Context()))
		require.NoError(t, web.Close())
	})
}
