package server

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
)

// serveAt runs the lecture's server at addr; stop ends it and its connections.
func serveAt(t *testing.T, addr string) (at string, stop func()) {
	listener, err := net.Listen("tcp", addr)
	require.NoError(t, err)
	io := lecture()
	server := &http.Server{Handler: io}
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(listener)
	}()
	return listener.Addr().String(), func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		assert.NoError(t, io.Close(ctx))
		server.Close()
		<-done
	}
}

func TestOfficialClientComesBackAfterARestart(t *testing.T) {
	dir := node.Dir(t)
	addr, stop := serveAt(t, "127.0.0.1:0")
	client := exec.CommandContext(t.Context(), "node", "restart.mjs", "http://"+addr)
	client.Dir = dir
	out, err := client.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, client.Start())
	lines := bufio.NewScanner(out)
	line := func() string {
		require.True(t, lines.Scan())
		return lines.Text()
	}
	assert.Equal(t, "connect", line())
	stop()
	assert.Contains(t, []string{"transport close", "transport error"}, line())
	_, stop = serveAt(t, addr)
	defer stop()
	assert.Equal(t, "connect", line())
	assert.Equal(t, "buffered or not", line())
	assert.NoError(t, client.Wait())
}
