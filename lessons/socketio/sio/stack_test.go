package sio_test

import (
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/locked"
	"realtimelab/lessons/socketio/sio"
)

func priceOf(order map[string]*int) int { return *order["price"] }

func TestThePanicOfAHandlerIsLoggedWithAStackThatCanBeRead(t *testing.T) {
	var out locked.Buffer
	io, url := serve(t, sio.Config{Log: slog.New(slog.NewJSONHandler(&out, nil))})
	io.OnConnection(func(s *sio.Socket) {
		s.On("order", func(order map[string]*int) { priceOf(order) })
	})
	p := join(t, url)
	p.write(`42["order",{"price":null}]`)
	p.isClosed()
	var line struct{ Msg, Panic, Stack string }
	require.NoError(t, json.Unmarshal([]byte(out.String()), &line), out.String())
	assert.Equal(t, "handler panicked", line.Msg)
	assert.Contains(t, line.Panic, "nil pointer dereference")
	assert.Regexp(t,
		`^sio_test\.priceOf \(sio/stack_test\.go:\d+\) < sio_test\.TestThePanic\S+ \(sio/stack_test\.go:\d+\)$`, line.Stack)
}
