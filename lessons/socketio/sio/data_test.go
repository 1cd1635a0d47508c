package sio_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
)

func TestData(t *testing.T) {
	type data struct {
		Name string `json:"name"`
		N    int64  `json:"n"`
		Bin  []byte `json:"bin"`
		Not  string `json:"not"`
	}
	const big = 1<<62 + 1 // no float64
	io, url := serve(t, sio.Config{})
	joined := make(chan *sio.Socket, 1)
	io.OnConnection(func(s *sio.Socket) { joined <- s })
	join(t, url)
	s := <-joined
	empty, err := sio.Data[data](s)
	assert.NoError(t, err)
	assert.Zero(t, empty)
	s.Set("name", "ann")
	s.Set("n", int64(big))
	s.Set("bin", []byte{1, 2})
	sockets, err := io.FetchSockets(t.Context())
	require.NoError(t, err)
	require.Len(t, sockets, 1)
	remote := sockets[0] // as if of another server
	remote.Data, remote.RawData = map[string]any{"n": float64(big)},
		[]byte(`{"bin":"AQI=","n":4611686018427387905,"name":"ann"}`)
	want := data{"ann", big, []byte{1, 2}, ""}
	got, err := sio.Data[data](s)
	assert.NoError(t, err)
	assert.Equal(t, want, got)
	for name, s := range map[string]sio.RemoteSocket{"local": sockets[0], "remote": remote} {
		got, err := sio.Data[data](s)
		assert.NoError(t, err, name)
		assert.Equal(t, want, got, name)
		var n int64
		assert.NoError(t, s.Decode("n", &n), name)
		assert.EqualValues(t, big, n, name)
		assert.ErrorIs(t, s.Decode("nothing", &n), sio.ErrNoData, name)
		assert.ErrorContains(t, s.Decode("name", &n), `data "name"`, name)
		_, err = sio.Data[struct{ Name int }](s)
		assert.ErrorContains(t, err, "sio: data: ", name)
	}
	s.Set("func", func() {})
	_, err = sio.Data[data](s)
	assert.Error(t, err)
	assert.False(t, errors.Is(err, sio.ErrNoData))
}

func TestOnDataHearsEachSet(t *testing.T) {
	io, url := serve(t, sio.Config{})
	heard := make(chan string, 10)
	io.OnData(func(s *sio.Socket, key string) {
		heard <- fmt.Sprint(key, "=", s.Get(key), " ", s.Connected())
	})
	io.Of("/other").OnData(func(*sio.Socket, string) { heard <- "of another namespace" })
	io.Use(func(s *sio.Socket) error { s.Set("a", 1); return nil })
	io.OnConnection(func(s *sio.Socket) {
		s.Set("b", 2)
		s.OnDisconnect(func(sio.Reason) { s.Set("c", 3) })
		s.Disconnect(false)
	})
	join(t, url)
	for _, want := range []string{"a=1 false", "b=2 true", "c=3 false"} {
		assert.Equal(t, want, <-heard)
	}
}
