package sio_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/locked"
	"realtimelab/lessons/socketio/sio"
)

func TestAClientCannotFillTheLog(t *testing.T) {
	var out locked.Buffer
	io, url := serve(t, sio.Config{Log: slog.New(slog.NewTextHandler(&out, nil))})
	io.OnConnection(func(s *sio.Socket) {
		s.On("\x1b[2J"+strings.Repeat("n", 5000), func(int) {})
		s.On("sync", func(ack sio.Ack) { ack() })
	})
	p := join(t, url)
	for range 1000 {
		p.write(`42["\u001b[2J` + strings.Repeat("n", 5000) + `","\u001b[31mred"]`)
	}
	p.write(`421["sync"]`)
	require.Equal(t, `431[]`, p.read())
	text := out.String()
	assert.NotContains(t, text, "\x1b")
	assert.LessOrEqual(t, strings.Count(text, "\n"), 10)
	assert.Less(t, len(text), 10_000)
	p.Conn.Close()
	assert.Eventually(t, func() bool {
		return strings.Contains(out.String(), "dropped=990")
	}, time.Minute, time.Millisecond)
}
