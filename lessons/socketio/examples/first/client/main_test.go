package main

import (
	"bufio"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest"
	"realtimelab/lessons/socketio/sio"
)

func TestMain(m *testing.M) { labtest.MainOf(m, main) }

func TestClient(t *testing.T) {
	io := sio.NewServer(sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		s.Emit("chat message", "welcome")
		s.On("chat message", func(text string) { io.Emit("chat message", text) })
	})
	web := httptest.NewServer(io)
	defer web.Close()
	defer io.Close(t.Context())

	cmd := labtest.Command(t, "-url", web.URL)
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	fmt.Fprintln(stdin, "hi")
	lines := bufio.NewScanner(stdout)
	for _, want := range []string{"welcome", "hi"} {
		require.True(t, lines.Scan())
		assert.Equal(t, want, lines.Text())
	}
	require.NoError(t, stdin.Close())
	assert.NoError(t, cmd.Wait())
}
